import { createDatabase, type TestDatabase } from '../support/database';
import { createProject, type Project } from '../support/project';

/*
 * Migrations that look into db-migrate's history, where that history is Knex's by now.
 */

let database: TestDatabase;
let project: Project | undefined;

beforeEach(async () => {
  database = await createDatabase();
});

afterEach(async () => {
  project?.remove();
  await database.drop();
});

function up(settings: { migrations?: object; knexward?: object }, files: Record<string, string>) {
  const { migrations, ...rest } = settings;
  const environment = { client: 'pg', migrations: { directory: './migrations', ...migrations } };
  project = createProject({
    'knexfile.js': `module.exports = {
      ...${JSON.stringify({ ...environment, ...rest })},
      connection: process.env.TEST_DATABASE_URL,
    };`,
    ...files,
  });
  return project.knexward(['up'], { TEST_DATABASE_URL: database.url });
}

/** The second migration keeps what it finds of the first. */
const filesThatLookInto = (table: string) => ({
  'migrations/20150101000000-pets.js': `
    exports.up = (db) => db.createTable('pets', { id: 'int' });
    exports.down = (db) => db.dropTable('pets');`,
  'migrations/20160101000000-looks.js': `
    exports.up = (db) => db.runSql('CREATE TABLE found AS SELECT name FROM ${table}')
      .then(() => db.runSql('DELETE FROM ${table}'));
    exports.down = (db) => db.dropTable('found');`,
});

const found = [{ name: '/20150101000000-pets' }];

it.each([
  ['the usual names', {}, 'migrations', 'public.found', 'public.knex_migrations'],
  [
    'another table for Knex',
    { migrations: { tableName: 'changes' } },
    'migrations',
    'public.found',
    'public.changes',
  ],
  [
    'another table and another schema',
    { migrations: { tableName: 'Changes', schemaName: 'Ops' } },
    'migrations',
    '"Ops".found',
    '"Ops"."Changes"',
  ],
  [
    "the migrations' schema and Knex's apart",
    { migrations: { schemaName: 'Ops' }, knexward: { dbMigrate: { schema: 'app' } } },
    'migrations',
    'app.found',
    '"Ops".knex_migrations',
  ],
  [
    'another name in the days of db-migrate',
    { knexward: { dbMigrate: { table: 'done' } } },
    '"done"',
    'public.found',
    'public.knex_migrations',
  ],
])('a migration finds the one before it, with %s', async (_, settings, old, kept, history) => {
  await database.query('CREATE SCHEMA "Ops"; CREATE SCHEMA app');
  const { code, stderr } = await up(settings, filesThatLookInto(old));
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(await database.query(`SELECT name FROM ${kept}`)).toEqual(found);
  // What the migration deleted was the stand-in's.
  expect(await database.query(`SELECT name FROM ${history} ORDER BY id`)).toEqual([
    { name: '20150101000000-pets.js' },
    { name: '20160101000000-looks.js' },
  ]);
  expect(await database.query("SELECT to_regclass('migrations') AS left")).toEqual([
    { left: null },
  ]);
});

it('a migration changes the true table of that name, where there is one', async () => {
  const files = {
    'migrations/20160101000000-forgets.js': `
      exports.up = (db) => db.runSql("DELETE FROM migrations WHERE name LIKE '%birds%'");
      exports.down = () => null;`,
  };
  await database.query(`CREATE TABLE migrations (name text);
    INSERT INTO migrations VALUES ('birds of passage'), ('trees')`);
  const { code, stderr } = await up({ knexward: { dbMigrate: { table: 'done' } } }, files);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(await database.query('SELECT * FROM migrations')).toEqual([{ name: 'trees' }]);
});
