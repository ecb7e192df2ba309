import { type EventEmitter } from 'node:events';
import { type Client, type QueryResult } from 'pg';
import { type ResolvedConfig } from '../config/resolve.js';
import { fence } from '../history/fence.js';
import { knexLockTaken } from '../history/knex-lock.js';
import { recordManySql } from '../history/many.js';
import {
  createTablesSql,
  type HistoryTables,
  LEAST_RUN_NUMBER,
  qualified,
} from '../history/tables.js';
import { serverErrorIn } from '../server-error.js';
import { splitStatements } from '../sql/split.js';
import { rememberStatement } from '../statement.js';
import { type Question } from '../transaction/confirmation.js';
import { BEGIN, limitsOf } from '../transaction/opening.js';
import { inspectionOf, inspectionQuery } from './empty.js';
import { type FittingBaseline } from './fitness.js';

/** The batch of a run that begins on an empty history. */
export const FIRST_BATCH = 1;

/**
 * Begins the transaction and checks again that the database is empty, now that no other runner can change it.
 *
 * @returns the server process and the transaction; `null` if the database is no longer empty
 */
export async function beginLoading(
  connection: Client,
  config: ResolvedConfig,
  tables: HistoryTables,
): Promise<Question['seen'] | null> {
  const results = (await connection.query(
    `${BEGIN}; ${limitsOf({ config, searchPath: null })}; ${fence(tables)};
     ${inspectionQuery(tables)}; ${createTablesSql(tables)};
     select is_locked from ${qualified(tables.schema, tables.lock)} for update;
     select from ${qualified(tables.schema, tables.history)} limit 1;
     select pg_backend_pid() as pid, txid_current()::text as xid`,
  )) as unknown as QueryResult[];
  const selects = results.filter(({ command }) => command === 'SELECT');
  const [, , inspection, locks, rows, process] = selects;
  const taken = (locks?.rows as { is_locked: number }[]).some(
    ({ is_locked: value }) => value !== 0 && value < LEAST_RUN_NUMBER,
  );
  if (taken) throw knexLockTaken(tables.lock);
  const { empty } = inspectionOf(inspection?.rows[0] as Parameters<typeof inspectionOf>[0]);
  return empty && rows?.rowCount === 0 ? (process?.rows[0] as Question['seen']) : null;
}

/**
 * Loads the baseline, records its migrations and commits, in one message.
 *
 * @throws the server's error, with the place in the file
 */
export async function loadBaseline(
  connection: Client,
  { tables, runId }: { tables: HistoryTables; runId: string },
  { place, baseline, checksums }: FittingBaseline,
): Promise<void> {
  const protocol = (connection as unknown as { connection: EventEmitter }).connection;
  let completed = 0;
  const count = (): void => void completed++;
  protocol.on('commandComplete', count);
  const migrations = baseline.migrations.map(({ name }, index) => ({
    name,
    checksum: checksums[index] ?? '',
  }));
  const details = { baseline: place.name };
  const lock = qualified(tables.schema, tables.lock);
  try {
    await connection.query(
      `${baseline.body}
       ${recordManySql(tables, { runId, batch: FIRST_BATCH, migrations, details })};
       update ${lock} set is_locked = 0 where is_locked >= ${LEAST_RUN_NUMBER};
       commit`,
    );
  } catch (error) {
    placeIn(error, { place, baseline }, completed);
    throw error;
  } finally {
    protocol.off('commandComplete', count);
  }
}

const lines = new WeakMap<object, number>();

/** The line of the baseline at which the failed statement begins, if it is known. */
export function lineOf(error: unknown): number | undefined {
  return lines.get(serverErrorIn(error) ?? {});
}

/** The server counts characters from the beginning of the message; a person reads one statement. */
function placeIn(
  error: unknown,
  { place, baseline }: Pick<FittingBaseline, 'place' | 'baseline'>,
  completed: number,
): void {
  const server = serverErrorIn(error) as { position?: string } | undefined;
  const failed = splitStatements(baseline.body)[completed];
  if (!server || !failed) return;
  const before = baseline.body.slice(0, failed.start);
  const position = Number(server.position) - [...before].length;
  if (server.position !== undefined) server.position = String(position);
  lines.set(server, baseline.linesBefore + before.split('\n').length);
  rememberStatement(error, { sql: failed.sql, bindings: [], file: place.path });
}
