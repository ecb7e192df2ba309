import { createDatabase, type TestDatabase } from '../support/database';
import { createProject, KNEXFILE, type Outcome, type Project } from '../support/project';

const A = '20260101000000_a.js';
const B = '20260101000001_b.js';

/** Each command that changes what is recorded, and not the schema. */
const COMMANDS: Record<string, string[]> = {
  'resolve --applied': ['resolve', B, '--applied'],
  'resolve --reverted': ['resolve', A, '--reverted'],
  'resolve --accept-checksum': ['resolve', A, '--accept-checksum'],
  'resolve --renamed': ['resolve', A, '--renamed-to', '20260101000002_c.js'],
};

describe('while plain Knex holds its lock, what is recorded is not changed (US7, FR-009)', () => {
  let database: TestDatabase;
  let project: Project;
  const knexward = (...args: string[]): Promise<Outcome> =>
    project.knexward(args, { TEST_DATABASE_URL: database.url });
  const recorded = () =>
    Promise.all([
      database.query('select name from knex_migrations order by id'),
      database.query('select event, migration from knexward_journal order by id').catch(() => []),
    ]);

  beforeEach(async () => {
    database = await createDatabase();
    project = createProject({
      'knexfile.js': KNEXFILE,
      [`migrations/${A}`]:
        'exports.up = (knex) => knex.raw("select 1"); exports.down = () => null;',
    });
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  it.each(Object.entries(COMMANDS))('%s', async (command, args) => {
    await knexward('up');
    project.write({ [`migrations/${B}`]: 'exports.up = (knex) => knex.raw("select 2");' });
    if (command === 'resolve --accept-checksum')
      project.write({ [`migrations/${A}`]: 'exports.up = () => null;' });
    if (command === 'resolve --renamed') {
      project.write({ 'migrations/20260101000002_c.js': project.read(`migrations/${A}`) });
      project.delete(`migrations/${A}`);
    }
    const before = await recorded();
    await database.query('update knex_migrations_lock set is_locked = 1');
    const refused = await knexward(...args, '--json');
    expect(refused.json()).toMatchObject({ error: { code: 'LOCKED' } });
    expect(refused.code).toBe(4);
    expect(await recorded()).toEqual(before);
    await database.query('update knex_migrations_lock set is_locked = 0');
    expect((await knexward(...args, '--json')).json()).toMatchObject({
      resolved: { changed: true },
    });
  });

  it('nor where there is no journal yet', async () => {
    await project.node(['node_modules/knex/bin/cli.js', 'migrate:latest'], {
      TEST_DATABASE_URL: database.url,
    });
    await database.query('update knex_migrations_lock set is_locked = 1');
    expect((await knexward('resolve', A, '--reverted')).code).toBe(4);
    expect(await recorded()).toEqual([[{ name: A }], []]);
  });
});
