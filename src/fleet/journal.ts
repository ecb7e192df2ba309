import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, type ClientBase, escapeLiteral, type QueryResult } from 'pg';
import { closeAtOnce, closeInTime } from '../database/raw-connection.js';
import { KnexwardError } from '../errors.js';
import { asKnexwardError } from '../failure/known-error.js';
import { fence } from '../history/fence.js';
import { actor, jsonOf } from '../history/journal.js';
import { fleetJournalOf, qualified } from '../history/tables.js';
import { type FleetFailure } from './events.js';

/** So many runs are remembered. */
const RUNS_KEPT = 20;

/** A table that somebody has locked holds nothing up for long: settings for one message alone. */
const LIMIT = "select set_config('lock_timeout', '2s', true)";

/** For how long an answer is waited for, or a connection: longer than for a lock. */
const ANSWER_MS = 5000;

/** How long nothing is written after it could not be. */
const PAUSE_MS = 5000;

/** How often the end is tried to be written: the first try may only find out that the connection is lost. */
const TRIES_AT_END = 3;

/** A run that has begun and in which something is left to do. */
export interface RunToResume {
  runId: string;
  /** The targets that it was about; `null`: all. */
  selection: string[] | null;
  done: string[];
}

/**
 * The journal of fleet runs, in the database of the knexfile: who ran what when, and how each target
 * ended. It decides nothing about a target: whether that is up to date is for its own history to say.
 */
export class FleetJournal {
  private readonly table: string;
  private client: Promise<Client> | null = null;
  /** What is not written yet; it stays so where it could not be. */
  private waiting: string[] = [];
  private writing: Promise<void> = Promise.resolve();
  private failure: { error: unknown; at: number } | null = null;

  /** @param connect opens a connection to the knexfile's database: a run outlives what it was opened with */
  constructor(
    private readonly connect: () => Promise<Client>,
    private readonly place: { schema: string; history: string },
    readonly runId: string,
    private readonly onError: (error: unknown) => void,
  ) {
    this.table = qualified(place.schema, fleetJournalOf(place.history));
  }

  /**
   * Makes the table where it is missing, forgets old runs, and records that this one begins.
   *
   * @throws KnexwardError where it cannot be written
   */
  async begin(details: { targets: number; selection: readonly string[] | null }): Promise<void> {
    await this.beforeAll(async () => {
      // To make it if it does not exist takes the privilege to make it, even where it does.
      if (!(await this.ask((client) => isThere(client, this.table)))) await this.make();
      await this.send(
        `delete from ${this.table} where run_id in (
           select run_id from ${this.table} where event = 'begun' order by id desc offset ${RUNS_KEPT});
         ${this.insert([this.row('begun', null, null, details)])}`,
      );
    });
  }

  /** One run at a time: `if not exists` is not safe for two at once. The fence is that of the schema's other tables. */
  private async make(): Promise<void> {
    await this.send(
      `${fence({ ...this.place, history: '' })};
       create table if not exists ${this.table} (
         id bigint generated always as identity primary key,
         run_id uuid not null,
         at timestamptz not null default clock_timestamp(),
         event text not null check (event in ('begun', 'resumed', 'done', 'failed', 'ended')),
         wave integer,
         target text,
         actor text not null,
         details jsonb not null default '{}'
       )`,
    );
  }

  /**
   * Records that somebody goes on with this run.
   *
   * @throws KnexwardError where it cannot be written
   */
  async resume(): Promise<void> {
    await this.beforeAll(() => this.send(this.insert([this.row('resumed', null, null, {})])));
  }

  private async beforeAll(write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      const { code, message, fix } = asKnexwardError(error);
      throw new KnexwardError(code, {
        message: `The fleet run cannot be written to its journal, ${this.table}. ${message} Nothing was changed in any target.`,
        fix,
        cause: error,
      });
    }
  }

  /** Records how a target ended. It is written with others, as soon as those before it are. */
  record(wave: number | null, target: string, ended: { runId?: string } | FleetFailure): void {
    const failed = 'code' in ended;
    const { code, message } = failed ? ended : { code: undefined, message: undefined };
    const details = failed ? { code, message } : ended;
    this.waiting.push(this.row(failed ? 'failed' : 'done', wave, target, details));
    this.writing = this.writing.then(() => this.write());
  }

  /** Records the end of the run, and all that could not be written before; tells where it cannot be now. */
  async end(details: Record<string, unknown>): Promise<void> {
    await this.writing;
    this.waiting.push(this.row('ended', null, null, details));
    for (let tries = 0; tries < TRIES_AT_END && this.waiting.length > 0; tries++) {
      if (tries > 1) await sleep(1000);
      this.failure = null;
      await this.write();
    }
    if (this.waiting.length > 0) this.onError(this.failure?.error);
  }

  /** A row that was written although the answer was lost may be there twice, which tells nothing else. */
  private async write(): Promise<void> {
    const rows = this.waiting;
    if (rows.length === 0 || (this.failure && Date.now() - this.failure.at < PAUSE_MS)) return;
    this.waiting = [];
    try {
      await this.send(this.insert(rows));
      this.failure = null;
    } catch (error) {
      this.waiting = [...rows, ...this.waiting];
      this.failure = { error, at: Date.now() };
    }
  }

  private async send(sql: string): Promise<void> {
    await this.ask((client) => client.query(`${LIMIT}; ${sql}`));
  }

  /** Asks on a connection that the next question has, too; on a new one if this gets no answer, or a refusal. */
  private async ask<T>(question: (client: Client) => Promise<T>): Promise<T> {
    const opened = (this.client ??= this.connect());
    const isOver = new AbortController();
    const late = sleep(ANSWER_MS, undefined, { signal: isOver.signal }).then(() => {
      throw new Error(`The server has not answered for ${ANSWER_MS / 1000} seconds.`);
    });
    try {
      return await Promise.race([opened.then(question), late]);
    } catch (error) {
      this.client = null;
      void opened.then(closeAtOnce).catch(() => undefined);
      throw error;
    } finally {
      isOver.abort();
      late.catch(() => undefined);
    }
  }

  /** Closes its connection, whatever became of the run. */
  async close(): Promise<void> {
    await this.client?.then(closeInTime).catch(() => undefined);
  }

  private insert(rows: readonly string[]): string {
    return `insert into ${this.table} (run_id, event, wave, target, details, actor) values ${rows.join(', ')}`;
  }

  private row(event: string, wave: number | null, target: string | null, details: object): string {
    const values = [
      `${escapeLiteral(this.runId)}::uuid`,
      escapeLiteral(event),
      wave === null ? 'null::integer' : String(wave),
      target === null ? 'null' : escapeLiteral(target),
      `${escapeLiteral(jsonOf({ ...details }))}::jsonb`,
      `${escapeLiteral(actor())} || ', ' || current_user`,
    ];
    return `(${values.join(', ')})`;
  }
}

interface LatestRun {
  run: string;
  selection: string[] | null;
  done: string[];
  complete: boolean | null;
}

/**
 * The run that was begun last, as far as it is not done.
 *
 * @throws KnexwardError `USAGE` where there is none
 */
export async function runToResume(
  client: ClientBase,
  place: { schema: string; history: string },
): Promise<RunToResume> {
  const table = qualified(place.schema, fleetJournalOf(place.history));
  if (!(await isThere(client, table))) throw nothingToResume('No fleet run was begun yet.');
  const results = (await client.query(
    `${LIMIT}; with latest as (select run_id, details from ${table} where event = 'begun' order by id desc limit 1)
     select l.run_id as run, nullif(l.details -> 'selection', 'null') as selection,
       (select coalesce(json_agg(distinct target), '[]') from ${table} j
         where j.run_id = l.run_id and j.event = 'done') as done,
       (select (details ->> 'complete')::boolean from ${table} j
         where j.run_id = l.run_id and j.event in ('ended', 'resumed') order by id desc limit 1) as complete
      from latest l`,
  )) as unknown as QueryResult<LatestRun>[];
  const run = results.at(-1)?.rows[0];
  if (!run) throw nothingToResume('No fleet run was begun yet.');
  if (run.complete) throw nothingToResume('The last fleet run has reached every target.');
  return { runId: run.run, selection: run.selection, done: run.done };
}

async function isThere(client: ClientBase, table: string): Promise<boolean> {
  const { rows } = await client.query<{ there: boolean }>(
    'select to_regclass($1) is not null as there',
    [table],
  );
  return rows[0]?.there === true;
}

function nothingToResume(reason: string): KnexwardError {
  return new KnexwardError('USAGE', {
    message: `There is nothing to resume. ${reason} Nothing was changed.`,
    fix: 'Leave --resume out: a new run looks at every target, and passes over those that are up to date.',
  });
}
