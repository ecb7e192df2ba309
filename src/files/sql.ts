import { type EventEmitter } from 'node:events';
import { type Knex } from 'knex';
import { type RawConnection, withRawConnection } from '../database/raw-connection.js';
import { isSignificant, tokensIn } from '../sql/tokens.js';
import { rememberStatement } from '../statement.js';

/** A SQL file, as it was read. */
export interface SqlFile {
  path: string;
  sql: string;
}

const NO_TRANSACTION = /^--\s*knexward:\s*no-transaction\s*$/m;

/** Whether a SQL file opts out of its transaction, with the line `-- knexward: no-transaction`. */
export function optsOutOfTransaction(sql: string): boolean {
  return NO_TRANSACTION.test(sql);
}

/** Whether a SQL text holds no statement. */
export function isOnlyComments(sql: string): boolean {
  for (const token of tokensIn(sql)) if (isSignificant(token) && token.text !== ';') return false;
  return true;
}

/** The text of a SQL file. The byte order mark that some editors begin a file with is no SQL. */
export function sqlOf(content: Buffer): string {
  return content.toString('utf8').replace(/^\uFEFF/, '');
}

/** The file that takes back what `NAME.up.sql` does. */
export function downFileOf(upFile: string): string {
  return upFile.replace(/\.up\.sql$/, '.down.sql');
}

/**
 * Sends a SQL file to the server as it is. `knex.raw` would take every `?` in it for a binding,
 * so the text goes to the transaction's own connection.
 */
export async function runSqlFile(knex: Knex, { path, sql }: SqlFile): Promise<void> {
  await withRawConnection(knex, async (connection) => {
    // Knex tells its listeners of every statement; this one passes it by.
    (knex.client as EventEmitter).emit('query', { sql, bindings: [] });
    await sendSqlFile(connection, { path, sql });
  });
}

/** Sends a SQL file over a connection, and remembers which file an error belongs to. */
export async function sendSqlFile(
  connection: RawConnection,
  { path, sql }: SqlFile,
): Promise<void> {
  try {
    await connection.query(sql);
  } catch (error) {
    rememberStatement(error, { sql, bindings: [], file: path });
    throw error;
  }
}
