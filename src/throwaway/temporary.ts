import { basename } from 'node:path';
import { type Client, type ClientConfig, escapeIdentifier, escapeLiteral } from 'pg';
import { type ResolvedConfig } from '../config/resolve.js';
import { connect } from '../database/connect.js';
import { Claim } from './claim.js';
import { withDatabase } from './connection.js';
import { whileBusy } from './in-use.js';
import { dropLeftOvers, ownersComment } from './left-overs.js';
import { createStatement, localeOf } from './locale.js';
import { databaseNamed } from './maintenance.js';

/** A database made for the moment. */
export interface Temporary {
  connection: ClientConfig;
  drop: () => Promise<void>;
}

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
  const claim = await Claim.open(connection, config);
  if (claim === null) return null;
  const name = claim.name('shadow', basename(config.projectRoot));
  const inside = withDatabase(connection, name);
  const drop = (): Promise<void> => claim.busy(() => claim.drop(name).finally(() => claim.close()));
  try {
    await claim.busy(async () => {
      await dropLeftOvers(claim.client);
      const locale = await localeOf(claim.client, databaseNamed(connection));
      await createOwned(claim, name, createStatement(name, locale));
      const client = await connect(inside, config);
      await createSchemas(client, schemas).finally(() => client.end());
    });
  } catch (error) {
    // Whatever becomes of the database, what went wrong first is what has to be told.
    await drop().catch(() => undefined);
    throw error;
  }
  return { connection: inside, drop };
}

/** Creates a database, and writes on it whose it is. */
export async function createOwned(claim: Claim, name: string, statement: string): Promise<void> {
  const { client, owner } = claim;
  await whileBusy(() => client.query(statement));
  // In one message, which is one transaction: nobody waits for this to reach the disk.
  await client.query(
    `select set_config('synchronous_commit', 'off', true);
     comment on database ${escapeIdentifier(name)} is ${escapeLiteral(ownersComment(owner))}`,
  );
}

/** Makes those schemas that are not there. */
export async function createSchemas(client: Client, schemas: readonly string[]): Promise<void> {
  for (const schema of schemas) {
    await client.query(`create schema if not exists ${escapeIdentifier(schema)}`);
  }
}
