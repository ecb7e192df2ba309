import { type Knex } from 'knex';
import { type Client } from 'pg';
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
 * person who has to find out one day how far a killed one came. On a connection of its own, opened
 * beforehand, so that a note leaves together with its statement and does not hold it up; of
 * statements that follow each other faster than notes can be written, the latest counts. A note
 * that cannot be written is no reason to stop the change.
 */
export async function noteStatements(
  context: RunContext,
  knex: Knex,
  migration: LoadedMigration,
): Promise<StatementNotes> {
  const client = await context.connect().catch(() => null);
  if (client === null) return { finish: () => Promise.resolve() };
  let latest: string | undefined;
  let noted: string | undefined;
  let writing: Promise<void> | undefined;
  const write = async (): Promise<void> => {
    while (latest !== undefined && latest !== noted) {
      noted = latest;
      await note(client, context, migration, noted).catch(() => undefined);
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
      await client.end().catch(() => undefined);
    },
  };
}

async function note(
  client: Client,
  { tables, runId, batch, direction }: RunContext,
  { name, checksum }: LoadedMigration,
  statement: string,
): Promise<void> {
  await writeJournal(client, tables, {
    ...{ runId, event: 'started', migration: name, batch, checksum },
    details: { direction, statement: redact(statement) },
  });
}
