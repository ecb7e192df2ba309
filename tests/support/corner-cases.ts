import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { type Catalog } from '../../src/schema/catalog/model.js';
import { readCatalog } from '../../src/schema/catalog/read.js';
import { type TestDatabase } from './database.js';

const FOLDER = join(__dirname, '../fixtures/catalog');

/** Which later versions can hold something that PostgreSQL 14 cannot. */
const LATER = [15, 16, 17, 18];

/** The history tables by their usual names. */
export const HISTORY = {
  names: ['knex_migrations', 'knex_migrations_lock', 'knexward_journal'],
  dbMigrate: 'migrations',
};

/** The major version of a server. */
export async function majorOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ major: number }>(
    "select current_setting('server_version_num')::int / 10000 as major",
  );
  return rows[0]?.major ?? 0;
}

/** Fills a database with one of everything that its server's version knows. */
export async function makeCornerCases(client: Client): Promise<void> {
  const major = await majorOf(client);
  const names = [
    'corner-cases.sql',
    ...LATER.filter((v) => v <= major).map((v) => `corner-cases-${v}.sql`),
  ];
  for (const name of names) await client.query(readFileSync(join(FOLDER, name), 'utf8'));
}

/** One connection to a test's database. */
export async function clientOf(database: TestDatabase): Promise<Client> {
  const client = new Client(database.config);
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** The catalog of a database, without the history of its migrations. */
export function catalogOf(
  client: Client,
  options: { inTransaction?: boolean } = {},
): Promise<Catalog> {
  return readCatalog(client, { history: HISTORY, ...options });
}

/**
 * A line of the judge without brackets and casts: the server words some expressions differently
 * when it reads them a second time, and a dump is such a second time.
 */
export function inPlainWords(line: string): string {
  return line.replace(/::(character varying|text|numeric|bigint)\b/g, '').replace(/[()[\]]/g, '');
}
