import { withRawConnection } from '../database/raw-connection.js';
import { type LoadedMigration } from '../files/load.js';
import { writeJournal } from '../history/journal.js';
import { redact } from '../secrets.js';
import { type RunContext } from './apply.js';

/** The notes about one change; `finish` waits until the last of them is written. */
export interface StatementNotes {
  finish(): Promise<void>;
}

/**
 * Keeps a note in the journal of the statement that a change outside a transaction is at, for the
 * person who has to find out one day how far a killed one came. On a connection of its own and
 * without holding the change up; of statements that follow each other faster than notes can be
 * written, the latest counts.
 */
export function noteStatements(context: RunContext, migration: LoadedMigration): StatementNotes {
  const { knex } = context;
  let latest: string | undefined;
  let noted: string | undefined;
  let writing: Promise<void> | undefined;
  const write = async (): Promise<void> => {
    while (latest !== undefined && latest !== noted) {
      noted = latest;
      await note(context, migration, noted).catch(() => undefined);
    }
    writing = undefined;
  };
  const listener = ({ sql }: { sql: string }): void => {
    latest = sql;
    writing ??= write();
  };
  knex.on('query', listener);
  return {
    finish: async () => {
      knex.removeListener('query', listener);
      await writing;
    },
  };
}

async function note(
  { knex, tables, runId, batch, direction }: RunContext,
  { name, checksum }: LoadedMigration,
  statement: string,
): Promise<void> {
  const details = { direction, statement: redact(statement) };
  await withRawConnection(knex, (connection) =>
    writeJournal(connection, tables, {
      ...{ runId, event: 'started', migration: name, batch, checksum, details },
    }),
  );
}
