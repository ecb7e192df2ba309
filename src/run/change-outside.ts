import { type Knex } from 'knex';
import { type Client, type QueryResult } from 'pg';
import { enableProcessing } from '../database/knex-client.js';
import { closeInTime } from '../database/raw-connection.js';
import { inKnexForm } from '../files/knex-form.js';
import { type LoadedMigration } from '../files/load.js';
import { isOnlyComments } from '../files/sql.js';
import { writeJournal } from '../history/journal.js';
import { redact } from '../secrets.js';
import { isLostConnection } from '../server-error.js';
import { functionOf, isNeeded } from './change.js';
import { Confirmation } from '../transaction/confirmation.js';
import { confined, type RunContext } from './context.js';
import { type Ended } from './ended.js';
import { untilInterrupted } from '../transaction/interruption.js';
import { BEGIN, openingBeside, type Seen } from '../transaction/opening.js';
import { endOf, lockLost, type RunLock } from '../transaction/runners-lock.js';
import { isNotWritten, rowNotWritten } from '../history/not-written.js';
import { recordOf } from './record.js';

/**
 * Carries out a change that opts out of its transaction. The fence, the look at the history and the
 * record are in a transaction beside it, which is open, idle and without a snapshot meanwhile, so that
 * no other run can be at the same change and no concurrent index build has to wait for it. That the
 * change has begun is in the journal before its first statement, so that a crash in it is seen.
 */
export async function changeOutsideTransaction(
  run: RunContext,
  migration: LoadedMigration,
  lock: RunLock,
): Promise<Ended> {
  let begun = false;
  let ran = false;
  let beside: Beside | undefined;
  try {
    beside = await open(run, migration);
    if (!isNeeded(run, beside.seen)) return { state: 'not needed' };
    // On connections that no migration before it has set anything on.
    run.connections.renew();
    await announce(run, migration);
    begun = true;
    const started = performance.now();
    const ownWork = confined(run, null, () => work(run, migration));
    const statements = await Promise.race([ownWork, unguarded(lock, beside.client)]);
    ran = true;
    const done = { durationMs: performance.now() - started, empty: statements === 0 };
    run.connections.renew();
    const confirmation = await recordBeside(run, migration, beside, done);
    return { state: 'committed', confirmation, ...done };
  } catch (error) {
    if (!begun) return { state: 'rolled back', error };
    const isAnswered = run.connections.isAnswered();
    run.connections.sever();
    // What is on its way to the server must not arrive once the run has told of its end.
    const keep = beside ? [lock.pid, beside.seen.pid] : [lock.pid];
    const isOver = await run.control.endSessions(keep, isAnswered);
    // Done, with only its record missing, or perhaps still to be done: to run it again would be wrong.
    return { state: ran || !isOver ? 'unknown' : 'left behind', error };
  } finally {
    // What is open on it goes with the connection.
    if (beside) await closeInTime(beside.client);
  }
}

/**
 * With the runners' lock and the fence both lost, as where the server was restarted, nothing keeps
 * another run out: the change must not go on.
 */
async function unguarded(lock: RunLock, beside: Client): Promise<never> {
  await Promise.all([lock.gone, endOf(beside)]);
  throw lockLost();
}

/** The transaction beside a change. */
interface Beside {
  client: Client;
  seen: Seen;
}

async function open(run: RunContext, { name }: LoadedMigration): Promise<Beside> {
  const { sql } = openingBeside(run.opening, name);
  const client = await run.control.another();
  try {
    const answer = run.control.wait(client.query(`${BEGIN}; ${sql}`));
    const results = (await answer) as unknown as QueryResult<Seen>[];
    return { client, seen: results.at(-1)?.rows[0] as Seen };
  } catch (error) {
    await closeInTime(client);
    throw error;
  }
}

/** Within the fence, so that no other run can come between the look and this. */
async function announce(run: RunContext, migration: LoadedMigration): Promise<void> {
  await run.control.use((client) => writeStarted(run, migration, client));
}

async function writeStarted(
  { recording }: RunContext,
  { name, checksum }: LoadedMigration,
  client: Client,
  statement?: string,
): Promise<void> {
  const { tables, runId, batch, direction } = recording;
  await writeJournal(client, tables, {
    ...{ runId, event: 'started', migration: name, batch, checksum },
    details: { direction, ...(statement !== undefined && { statement: redact(statement) }) },
  });
}

/** @returns how many statements the migration has sent */
async function work(run: RunContext, migration: LoadedMigration): Promise<number> {
  const { config, connections, recording, reporting } = run;
  const knex = connections.knex as Knex;
  const { beforeEach, afterEach } = config.migrations.hooks;
  const change = functionOf(migration, recording.direction);
  const finishNotes = noteStatements(run, knex, migration);
  let statements = 0;
  const count = ({ sql }: { sql: string }): void =>
    void (statements += isOnlyComments(sql) ? 0 : 1);
  try {
    await untilInterrupted(async () => {
      enableProcessing(knex);
      const migrations = [inKnexForm(migration, config)];
      reporting.observer?.begins(migration);
      await beforeEach?.(knex, migrations);
      knex.on('query', count);
      await change(knex);
      knex.removeListener('query', count);
      await afterEach?.(knex, migrations);
      reporting.observer?.ends();
    }, reporting.signal);
    return statements;
  } catch (error) {
    // Whatever the migration's code still sends, it finds no connection any more.
    connections.sever();
    throw error;
  } finally {
    // What comes next in the journal, the end or the failure, has to be its last row.
    await finishNotes();
  }
}

/**
 * Keeps a note in the journal of the statement that the change is at, for the person who has to find
 * out one day how far a killed one came. A note leaves together with its statement and does not hold
 * it up; of statements that follow each other faster than notes can be written, the latest counts.
 * A note that cannot be written is no reason to stop the change.
 *
 * @returns a function that ends the notes, and waits until the last of them is written
 */
function noteStatements(run: RunContext, knex: Knex, migration: LoadedMigration) {
  let latest: string | undefined;
  let noted: string | undefined;
  let writing: Promise<void> | undefined;
  const write = async (client: Client): Promise<void> => {
    while (latest !== undefined && latest !== noted) {
      noted = latest;
      await writeStarted(run, migration, client, noted);
    }
  };
  const listener = ({ sql }: { sql: string }): void => {
    latest = sql;
    writing ??= run.control
      .use(write)
      .catch(() => undefined)
      .finally(() => (writing = undefined));
  };
  knex.on('query', listener);
  return async (): Promise<void> => {
    knex.removeListener('query', listener);
    await writing;
  };
}

/** Records the change in the transaction beside it; where that was lost, in another one. */
async function recordBeside(
  run: RunContext,
  migration: LoadedMigration,
  { client, seen }: Beside,
  done: { durationMs: number; empty: boolean },
): Promise<Confirmation> {
  const { confirmed } = recordOf(run.recording, migration, done);
  const record = async (on: Client): Promise<Confirmation> => {
    const answer = await run.control.wait(on.query(`${confirmed}; commit`));
    return Confirmation.ofAnswer([answer as QueryResult | QueryResult[]].flat());
  };
  try {
    return await record(client);
  } catch (error) {
    if (!isLostConnection(error)) throw isNotWritten(error) ? rowNotWritten() : error;
  }
  // Where only this side has lost it, the server would keep the fence for nobody.
  await run.control.terminate(seen);
  const anew = await open(run, migration);
  try {
    const isRecorded = anew.seen.applied === (run.recording.direction === 'up');
    if (!isRecorded) return await record(anew.client);
    // The commit had arrived before the connection was lost.
    return Confirmation.ofAnswer([await anew.client.query('commit')]);
  } finally {
    await closeInTime(anew.client);
  }
}
