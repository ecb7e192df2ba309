import { createProject, type Outcome, type Project } from '../support/project';
import {
  ALL_TENANTS,
  counting,
  createTenants,
  fleetKnexfile,
  type Tenants,
} from '../support/tenants';

const A = '20260101000000_a.js';
const B = '20260102000000_b.js';
const C = '20260103000000_c.js';

interface Target {
  target: string;
  applied: number | null;
  pending: number | null;
  problems: { code: string; message: string }[];
}

/** What each schema is brought into, once A and B are applied in all but the first three. */
const STATES: Record<string, string> = {
  fresh: '',
  'without a journal': 'drop table :s.knexward_journal',
  'nothing but the history': 'drop table :s.knexward_journal, :s.knex_migrations_lock',
  'in order': '',
  'in order too': '',
  'one behind': `delete from :s.knex_migrations where name = '${B}'`,
  'out of order': `delete from :s.knex_migrations where name = '${A}'`,
  ahead: `insert into :s.knex_migrations (name, batch) values ('20270101000000_z.js', 3)`,
  'without a file': `insert into :s.knex_migrations (name, batch) values ('20250101000000_z.js', 1)`,
  'a row twice': `insert into :s.knex_migrations (name, batch) values ('${B}', 9)`,
  nameless: 'insert into :s.knex_migrations (batch) values (1)',
  "Knex's lock": 'update :s.knex_migrations_lock set is_locked = 1',
  'a lock left behind': 'update :s.knex_migrations_lock set is_locked = 4711',
  'no row of a lock': 'delete from :s.knex_migrations_lock',
  unfinished: `insert into :s.knexward_journal (run_id, event, migration, actor) values (gen_random_uuid(), 'started', '${C}', 'me')`,
  'finished since': `update :s.knexward_journal set event = 'started' where migration = '${B}';
    insert into :s.knexward_journal (run_id, event, migration, checksum, actor)
      select run_id, 'applied', migration, checksum, 'me' from :s.knexward_journal where event = 'started'`,
  failed: `delete from :s.knex_migrations where name = '${B}';
    update :s.knexward_journal set event = 'failed', details = '{"direction": "up", "message": "no", "leftovers": false}' where migration = '${B}'`,
  edited: `update :s.knexward_journal set checksum = repeat('0', 64) where migration = '${A}'`,
  'edited, and applied by Knex since': `update :s.knexward_journal set checksum = repeat('0', 64) where migration = '${A}';
    update :s.knex_migrations set migration_time = now() + interval '1 hour' where name = '${A}'`,
  'not in the journal': `delete from :s.knexward_journal`,
  "with db-migrate's table": `create table :s.migrations (id serial, name text, run_on timestamp); insert into :s.migrations (name, run_on) values ('/old', now())`,
  'with a table of that name': `create table :s.migrations (id serial, title text)`,
  'of another shape': 'alter table :s.knex_migrations drop column batch',
  dropped: 'drop schema :s cascade',
};

describe('fleet status (US13, FR-003)', () => {
  let tenants: Tenants;
  let project: Project;
  const states = Object.entries(STATES);
  const knexward = (args: string[], more: Record<string, string> = {}): Promise<Outcome> =>
    project.knexward(args, { TEST_DATABASE_URL: tenants.database.url, ...more });

  beforeAll(async () => {
    tenants = await createTenants(states.length);
    project = createProject({
      'knexfile.js': fleetKnexfile(ALL_TENANTS),
      // The same target as a project of its own.
      'one.js': `module.exports = { client: 'pg', connection: process.env.TEST_DATABASE_URL,
        searchPath: [process.env.ONE], migrations: { directory: './migrations', schemaName: process.env.ONE } };`,
      [`migrations/${A}`]: counting('a'),
      [`migrations/${B}`]: counting('b'),
    });
    const rest = tenants.names.slice(1).flatMap((name) => ['--target', name]);
    expect(await knexward(['fleet', 'up', ...rest])).toMatchObject({ code: 0 });
    project.write({ [`migrations/${C}`]: counting('c') });
    for (const [place, [, sql]] of states.entries())
      await tenants.database.query(sql.replaceAll(':s', tenants.names[place]!));
  });
  afterAll(async () => {
    project.remove();
    await tenants.drop();
  });

  it('says of each target what status says of it', async () => {
    const { targets } = (await knexward(['fleet', 'status', '--json'])).json<{
      targets: Target[];
    }>();
    expect(targets.map(({ target }) => target)).toEqual(tenants.names);
    for (const [place, [state]] of states.entries()) {
      const alone = await knexward(['status', '--json', '--knexfile', 'one.js'], {
        ONE: tenants.names[place]!,
      });
      const { applied, pending, problems, error } = alone.json<{
        applied: unknown[];
        pending: unknown[];
        problems: { message: string }[];
        error?: { code: string };
      }>();
      const { target: _, ...found } = targets[place]!;
      if (error) {
        expect({ state, found }).toMatchObject({
          state,
          found: { applied: null, pending: null, problems: [{ code: error.code }] },
        });
      } else {
        const withoutOptions = JSON.parse(
          JSON.stringify(problems).replaceAll(' --knexfile one.js', ''),
        ) as object;
        expect({ state, ...found }).toEqual({
          ...{ state, applied: applied.length, pending: pending.length },
          problems: withoutOptions,
        });
      }
    }
  });

  it('groups what people read, and checks', async () => {
    const { stdout } = await knexward(['fleet', 'status']);
    expect(stdout).toMatch(/^24 targets: \d+ have 1 pending; .*2 cannot be looked at/m);
    expect(await knexward(['fleet', 'status', '--check'])).toMatchObject({ code: 6 });
    project.delete(`migrations/${C}`);
    const one = await knexward([
      'fleet',
      'status',
      '--check',
      '--target',
      't_03',
      '--target',
      't_04',
    ]);
    expect(one).toMatchObject({ code: 0 });
    expect(one.stdout).toContain('2 targets: 2 up to date\n');
  });
});
