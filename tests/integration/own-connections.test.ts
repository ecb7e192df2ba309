import { createDatabase, type TestDatabase } from '../support/database';
import { createProject, KNEXFILE, type Outcome, type Project } from '../support/project';

const BUSY = "knexward: { lockTimeout: '100ms', retries: 2 }, migrations:";

/** Commits a row on a client that it makes itself, then does what waits for a lock. */
const WITH_CLIENT = (make: string, send: string): string => `
exports.up = async (knex) => {
  ${make}
  ${send}
  await knex.raw('alter table busy add column n int');
};
exports.down = async () => {};`;
const CLIENTS: Record<string, string> = {
  'a client of pg': WITH_CLIENT(
    `const { Client } = require('pg');
     const own = new Client({ connectionString: process.env.TEST_DATABASE_URL });
     await own.connect();`,
    `await own.query('insert into done values (1)'); await own.end();`,
  ),
  'an instance of Knex': WITH_CLIENT(
    `const own = require('knex')({ client: 'pg', connection: process.env.TEST_DATABASE_URL });`,
    `await own('done').insert({ id: 1 }); await own.destroy();`,
  ),
};

describe('a change that may be tried again (US7, FR-009)', () => {
  let database: TestDatabase;
  let project: Project;
  const up = (...args: string[]): Promise<Outcome> =>
    project.knexward(['up', ...args], { TEST_DATABASE_URL: database.url });
  const done = async (): Promise<number> =>
    (await database.query('select from done where id = 1')).length;

  beforeEach(async () => {
    database = await createDatabase();
    await database.query('create table busy (id int); create table done (id int)');
    await database.query('begin; lock table busy');
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  it.each(Object.entries(CLIENTS))(
    'what it commits on a connection of its own is done once: %s',
    async (_, migration) => {
      project = createProject({
        'knexfile.js': KNEXFILE.replace('migrations:', BUSY),
        'migrations/20260101000000_a.js': migration,
      });
      const outcome = await up();
      await database.query('rollback');
      expect(outcome.code).toBe(1);
      expect(outcome.stderr).toContain('it was not tried again');
      expect(outcome.stderr).toContain('NOT_RETRIED.md');
      expect(await done()).toBe(1);
    },
  );

  it('a SQL file after it has no code, and is tried again', async () => {
    project = createProject({
      'knexfile.js': KNEXFILE.replace('migrations:', BUSY),
      'migrations/20260101000000_a.js': (CLIENTS['a client of pg'] as string).replace(
        'busy',
        'done',
      ),
      'migrations/20260101000001_b.up.sql': 'alter table busy add column n int;',
    });
    const outcome = await up();
    await database.query('rollback');
    expect(outcome.stderr).toContain('attempt 2');
    expect(outcome.stderr).not.toContain('it was not tried again');
  });
});
