import { createDatabase, type TestDatabase } from '../support/database';
import { createProject, KNEXFILE, type Outcome, type Project } from '../support/project';

/*
 * A migration that never says that it is done. Only a process of its own can show what becomes of
 * it: there nothing else keeps the event loop busy.
 */

const NAME = '20200101000000-waits.js';

let database: TestDatabase;
let project: Project | undefined;

beforeEach(async () => {
  database = await createDatabase();
});

afterEach(async () => {
  project?.remove();
  await database.drop();
});

function run(up: string, ...args: string[]): Promise<Outcome> {
  project = createProject({
    'knexfile.js': KNEXFILE,
    // By which the file is known for one of db-migrate's.
    'database.json.bak': '{}',
    [`migrations/${NAME}`]: `
      exports.up = ${up};
      exports.down = function (db, callback) {};`,
  });
  return project.knexwardProcess(['up', ...args], { TEST_DATABASE_URL: database.url });
}

async function tables(): Promise<string[]> {
  const rows = await database.query<{ name: string }>(
    "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'knex%'",
  );
  return rows.map(({ name }) => name);
}

describe('a migration that nothing can finish any more', () => {
  it.each([
    ['never calls back', "function (db, callback) { db.createTable('pets', { id: 'int' }); }"],
    [
      'forgets to in one branch',
      `function (db, callback) {
        db.all('SELECT 1 AS n', function (error, rows) { if (rows.length > 1) callback(); });
      }`,
    ],
    ['never settles its promise', 'function () { return new Promise(function () {}); }'],
    [
      'waits for a callback that a query of its own swallowed',
      "function (db, callback) { db.connection.query('SELECT pg_sleep(1)', function () {}); }",
    ],
  ])('fails with its name when it %s', async (_, up) => {
    const { code, stderr, stdout } = await run(up, '--json');
    expect({ code, stderr }).toMatchObject({ code: 1 });
    expect(JSON.parse(stdout)).toMatchObject({
      done: [],
      failed: {
        name: NAME,
        code: 'INVALID_MIGRATION',
        message: expect.stringContaining('has not said that it is done') as string,
        hint: expect.stringContaining(NAME) as string,
      },
    });
    expect(await tables()).toEqual([]);
  });

  it('is told on the way down, too', async () => {
    expect(await run('function () { return null; }')).toMatchObject({ code: 0 });
    const down = await (project as Project).knexwardProcess(['down', '--json'], {
      TEST_DATABASE_URL: database.url,
    });
    expect(down.code).toBe(1);
    expect(down.json()).toMatchObject({ failed: { name: NAME, code: 'INVALID_MIGRATION' } });
  });
});

describe('a migration that takes its time', () => {
  it.each([
    [
      'with a timer',
      `function (db, callback) {
        setTimeout(function () { db.createTable('pets', { id: 'int' }, callback); }, 3000);
      }`,
    ],
    [
      'with a statement',
      `function (db, callback) {
        db.runSql('SELECT pg_sleep(2)', function () { db.createTable('pets', { id: 'int' }, callback); });
      }`,
    ],
    [
      'with a statement that goes past the driver',
      `function (db, callback) {
        db.connection.query('SELECT pg_sleep(2)', function () {
          db.connection.query('CREATE TABLE pets (id int)', callback);
        });
      }`,
    ],
    [
      'with work on another thread',
      `function (db, callback) {
        require('crypto').pbkdf2('secret', 'salt', 3e6, 64, 'sha512', function (error) {
          db.createTable('pets', { id: 'int' }, callback);
        });
      }`,
    ],
    [
      'with another process',
      `function (db, callback) {
        require('child_process').exec('sleep 2', function () {
          db.createTable('pets', { id: 'int' }, callback);
        });
      }`,
    ],
  ])('is waited for: %s', async (_, up) => {
    expect(await run(up)).toMatchObject({ code: 0 });
    expect(await tables()).toEqual(['pets']);
  });
});
