import { createProject, type Project } from '../support/project';
import { counting, createTenants, fleetKnexfile, type Tenants } from '../support/tenants';

const SCHEMA = `a"b'c $$ %s`;
const PROGRAM = `
const { createFleet } = require('knexward');
(async () => {
  const fleet = createFleet();
  const events = [];
  const drain = new AbortController();
  const first = await fleet.up({ targets: ['0\\n1'], listener: (event) => { events.push(event.type); throw new Error('no'); } });
  drain.abort();
  const drained = await fleet.up({ drain: drain.signal });
  const { targets } = await fleet.status();
  const refused = await Promise.resolve().then(() => createFleet({ scope: 'x' })).catch((error) => error.code);
  console.log(JSON.stringify({ first, drained, events, targets, refused }));
})();`;

describe('createFleet (US13)', () => {
  let tenants: Tenants;
  let project: Project;

  beforeAll(async () => {
    tenants = await createTenants(2);
    await tenants.database.query(`create schema "${SCHEMA.replace('"', '""')}"`);
    const targets = [
      { id: '0\n1', schema: SCHEMA },
      { id: 't', schema: 't_00' },
      { id: 'u', schema: 't_01' },
    ];
    project = createProject({
      'knexfile.js': fleetKnexfile(`targets: async () => ${JSON.stringify(targets)}`),
      'migrations/20260101000000_a.js': counting('a', "await knex.raw('create table users ()');"),
      'run.js': PROGRAM,
    });
  });
  afterAll(async () => {
    project.remove();
    await tenants.drop();
  });

  it('runs on the targets that it is given, whatever they are called; tells; drains', async () => {
    const { stdout, stderr } = await project.node(['run.js'], {
      TEST_DATABASE_URL: tenants.database.url,
    });
    expect(stderr).toContain('A listener threw');
    const { first, drained, events, targets, refused } = JSON.parse(stdout) as Record<
      string,
      unknown
    >;
    expect(first).toMatchObject({ targets: 1, done: 1, failed: [], interrupted: false });
    expect(drained).toMatchObject({ done: 0, failed: [], interrupted: true });
    expect(events).toEqual(expect.arrayContaining(['swept', 'wave', 'begun', 'migrated']));
    expect(targets).toMatchObject([
      { target: '0\n1', applied: 1, pending: 0, problems: [] },
      { target: 't', applied: 0, pending: 1 },
      { target: 'u', applied: 0, pending: 1 },
    ]);
    expect(refused).toBe('USAGE');
    expect(await tenants.applied()).toEqual({ [`${SCHEMA} a`]: 1 });
  });

  it('a line break in an id adds no line to what people read', async () => {
    const { stdout, stderr } = await project.knexward(['fleet', 'status', '--verbose'], {
      TEST_DATABASE_URL: tenants.database.url,
    });
    expect(stderr).toBe('');
    expect(stdout).toContain(String.raw`✓ 0\n1 1 applied, 0 pending`);
  });
});
