import { type EventEmitter } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type Knex } from 'knex';
import { withRawConnection } from '../database/raw-connection.js';
import { rememberStatement } from '../statement.js';

const NO_TRANSACTION = /^--\s*knexward:\s*no-transaction\s*$/m;

/** Whether a SQL file opts out of its transaction, with the line `-- knexward: no-transaction`. */
export function optsOutOfTransaction(sql: string): boolean {
  return NO_TRANSACTION.test(sql);
}

/** The file that takes back what `NAME.up.sql` does. */
export function downFileOf(upFile: string): string {
  return upFile.replace(/\.up\.sql$/, '.down.sql');
}

/**
 * Sends a SQL file to the server as it is. `knex.raw` would take every `?` in it for a binding,
 * so the text goes to the transaction's own connection.
 */
export async function runSqlFile(knex: Knex, path: string): Promise<void> {
  const sql = await readFile(path, 'utf8');
  await withRawConnection(knex, async (connection) => {
    // Knex tells its listeners of every statement; this one passes it by.
    (knex.client as EventEmitter).emit('query', { sql, bindings: [] });
    try {
      await connection.query(sql);
    } catch (error) {
      rememberStatement(error, { sql, bindings: [], file: path });
      throw error;
    }
  });
}
