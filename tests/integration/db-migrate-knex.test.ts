import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Knex, knex } from 'knex';
import { toKnexMigration } from '../../src/db-migrate/migration.js';
import { createDatabase, type TestDatabase } from '../support/database.js';

/*
 * db-migrate's files under Knex's own migrator, which knows nothing of knexward but the source.
 */

const FILES = {
  '20150101000000-pets.js': `
    exports.up = (db, callback) => db.createTable('pets', { id: 'int' }, callback);
    exports.down = (db, callback) => db.dropTable('pets', callback);`,
  '20160101000000-history.js': `
    exports.up = (db) => db.runSql('CREATE TABLE names AS SELECT name FROM migrations');
    exports.down = (db) => db.dropTable('names');`,
};

const FAILING = {
  '20170101000000-fails.js': `
    exports.up = (db) => db.createTable('half', { id: 'int' }).then(() => db.removeIndex('none'));
    exports.down = () => null;`,
};

let database: TestDatabase;
let folder: string;
let client: Knex;

beforeEach(async () => {
  database = await createDatabase();
  folder = await mkdtemp(join(tmpdir(), 'knexward-knex-'));
  client = knex({
    client: 'pg',
    connection: database.url,
    pool: { min: 0, max: 1 },
    log: { warn: () => undefined },
  });
});

afterEach(async () => {
  await client.destroy();
  await rm(folder, { recursive: true });
  await database.drop();
});

async function write(files: Record<string, string>): Promise<void> {
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
}

function config(more: Knex.MigratorConfig = {}): Knex.MigratorConfig {
  const migrationSource: Knex.MigrationSource<string> = {
    getMigrations: async () => (await readdir(folder)).sort(),
    getMigrationName: (name) => name,
    getMigration: (name) => Promise.resolve(toKnexMigration(join(folder, name))),
  };
  return { migrationSource, ...more };
}

async function tables(): Promise<string[]> {
  const rows = await database.query<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables
     WHERE schemaname = 'public' AND tablename NOT LIKE 'knex%' ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}

describe.each([
  ['in a transaction', {}],
  ['with transactions disabled', { disableTransactions: true }],
])('%s', (_, more: Knex.MigratorConfig) => {
  it('goes up and down', async () => {
    await write(FILES);
    await client.migrate.latest(config(more));
    expect(await tables()).toEqual(['names', 'pets']);
    await client.migrate.rollback(config(more));
    expect(await tables()).toEqual([]);
  });

  it('leaves nothing of a migration that fails', async () => {
    await write(FAILING);
    await expect(client.migrate.latest(config(more))).rejects.toMatchObject({ code: '42704' });
    expect(await tables()).toEqual([]);
  });
});

it("shows Knex's history to a migration that asks for db-migrate's", async () => {
  await write(FILES);
  await client.migrate.latest(config({ disableTransactions: true }));
  expect(await database.query('SELECT name FROM names')).toEqual([
    { name: '/20150101000000-pets' },
  ]);
});

it('leaves the search path of the connection as it was', async () => {
  await database.query('CREATE SCHEMA app');
  await write({ ...FILES, ...FAILING });
  for (const name of Object.keys({ ...FILES, ...FAILING })) {
    const { up } = toKnexMigration(join(folder, name), { schema: 'app' });
    await up(client).catch(() => undefined);
    const { rows } = await client.raw<{ rows: unknown[] }>('SHOW search_path');
    expect(rows).toEqual([{ search_path: '"$user", public' }]);
  }
  const inApp = await database.query(
    "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'app' ORDER BY 1",
  );
  expect(inApp).toEqual([{ name: 'names' }, { name: 'pets' }]);
});
