import { createDatabase, type TestDatabase } from '../support/database';
import { closeGate, waitingSessions } from '../support/gate';
import { createProject, KNEXFILE, type Project } from '../support/project';
import { waitFor } from '../support/wait-for';

const NAME = '20260101000000_outside.js';

describe('the server ends the session of a change outside a transaction', () => {
  let database: TestDatabase;
  let project: Project;
  const knexward = (...args: string[]) =>
    project.knexward(args, { TEST_DATABASE_URL: database.url });

  beforeEach(async () => {
    database = await createDatabase();
    project = createProject({ 'knexfile.js': KNEXFILE });
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  it('as a shutdown does: how far it came is open, and up does not run it again by itself (FR-006)', async () => {
    await database.query('create table ran (name text)');
    const gate = await closeGate(database, 1);
    project.write({
      [`migrations/${NAME}`]: `exports.config = { transaction: false };
        exports.up = async (knex) => {
          await knex.raw("insert into ran values ('outside')");
          const back = () => knex.raw('select 1').then(() => true, () => false);
          await knex.raw(\`${gate.statement}\`).catch(async (error) => {
            // As the server is again, so that the failure can be recorded.
            while (!(await back()));
            throw error;
          });
        };`,
    });
    const up = knexward('up', '--json');
    await waitFor(async () => (await waitingSessions(database)) === 1);
    await database.query(
      `select pg_terminate_backend(pid) from pg_locks
        where locktype = 'advisory' and not granted
          and database = (select oid from pg_database where datname = current_database())`,
    );
    await gate.open();
    expect((await up).json()).toMatchObject({
      done: [],
      failed: { name: NAME, sqlstate: '57P01' },
    });
    expect((await knexward('status', '--json')).json()).toMatchObject({
      upToDate: false,
      problems: [{ code: 'UNFINISHED', migration: NAME }],
    });
    const next = await knexward('up', '--json');
    expect(next.json()).toMatchObject({ error: { code: 'UNFINISHED' } });
    expect(next.code).toBe(5);
    expect(await database.query('select name from ran')).toEqual([{ name: 'outside' }]);
    expect((await knexward('resolve', NAME, '--applied')).code).toBe(0);
    expect((await knexward('up')).stdout).toContain('Already up to date');
  });
});
