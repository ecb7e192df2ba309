import { randomBytes } from 'node:crypto';
import { type Client, type ClientConfig, escapeIdentifier, escapeLiteral } from 'pg';
import { type ResolvedConfig } from '../config/resolve.js';
import { connect } from '../database/connect.js';
import { withDatabase } from './connection.js';

/** A database made for the moment. */
export interface Temporary {
  connection: ClientConfig;
  drop: () => Promise<void>;
}

const PREFIX = 'knexward_shadow_';

/** As long as that, a shadow that nobody is connected to may be one that is only being made. */
const YOUNG_MS = 60_000;

/**
 * Makes an empty database beside the one that a connection leads to, with these schemas in
 * it. Those databases that killed runs left behind are dropped first.
 *
 * @returns `null` where the role may not create databases
 */
export async function createTemporary(
  connection: ClientConfig,
  config: ResolvedConfig,
  schemas: readonly string[],
): Promise<Temporary | null> {
  const maintenance = await connect(connection, config);
  const name = `${PREFIX}${Date.now().toString(36)}_${randomBytes(4).toString('hex')}`;
  try {
    if (!(await mayCreate(maintenance))) return null;
    await dropLeftovers(maintenance);
    await maintenance.query(createStatement(name, await localeOf(maintenance)));
  } finally {
    await maintenance.end();
  }
  const inside = withDatabase(connection, name);
  // As long as this connection is open, nobody takes the shadow for one that was left behind.
  const keeper = await connect(inside, config);
  const drop = async (): Promise<void> => {
    await keeper.end();
    const client = await connect(connection, config);
    await client
      .query(`drop database if exists ${escapeIdentifier(name)} with (force)`)
      .finally(() => client.end());
  };
  try {
    await createSchemas(keeper, schemas);
  } catch (error) {
    await drop();
    throw error;
  }
  return { connection: inside, drop };
}

/** Whether the role may create databases, and the server is one that takes any. */
export async function mayCreate(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ may: boolean }>(
    `select (rolcreatedb or rolsuper) and not pg_is_in_recovery()
              and current_setting('default_transaction_read_only') = 'off' as may
       from pg_roles where rolname = current_user`,
  );
  return rows[0]?.may ?? false;
}

/** What a database's texts are in, and how they sort. */
export interface Locale {
  encoding: string;
  collate: string;
  ctype: string;
}

/**
 * Of the project's database, so that what it sorts and compares, the new one does too: the one of
 * that name where the server has it, or the one that is connected to.
 */
export async function localeOf(client: Client, database?: string): Promise<Locale> {
  const { rows } = await client.query<Locale>(
    `select pg_encoding_to_char(encoding) as encoding, datcollate as collate, datctype as ctype
       from pg_database where datname in ($1, current_database()) order by datname = $1 desc limit 1`,
    [database ?? null],
  );
  return rows[0] as Locale;
}

/** `template0` has nothing of anybody's in it, and takes every encoding. */
export function createStatement(name: string, { encoding, collate, ctype }: Locale): string {
  return `create database ${escapeIdentifier(name)} template template0
    encoding ${escapeLiteral(encoding)} lc_collate ${escapeLiteral(collate)} lc_ctype ${escapeLiteral(ctype)}`;
}

/** A shadow in use has a connection; one without, and no longer young, is nobody's. */
async function dropLeftovers(client: Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select datname as name from pg_database d
      where datname like $1 and pg_has_role(datdba, 'usage')
        and not exists (select from pg_stat_activity a where a.datname = d.datname)`,
    [`${PREFIX.replaceAll('_', '\\_')}%`],
  );
  for (const { name } of rows) {
    const [madeAt = ''] = name.slice(PREFIX.length).split('_');
    if (Date.now() - parseInt(madeAt, 36) < YOUNG_MS) continue;
    // Somebody else may be at the same: that one drops it then.
    await client.query(`drop database if exists ${escapeIdentifier(name)}`).catch(() => undefined);
  }
}

/** Makes those schemas that are not there. */
export async function createSchemas(client: Client, schemas: readonly string[]): Promise<void> {
  for (const schema of schemas) {
    await client.query(`create schema if not exists ${escapeIdentifier(schema)}`);
  }
}
