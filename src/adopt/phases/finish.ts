import { commandLine } from '../../command-line.js';
import { randomUUID } from 'node:crypto';
import { type Client } from 'pg';
import { type ResolvedConfig } from '../../config/resolve.js';
import { type Session } from '../../database/session.js';
import { KnexwardError } from '../../errors.js';
import { writeJournal } from '../../history/journal.js';
import {
  ADOPTED_SUFFIX,
  createNotice,
  freeName,
  readPhase,
  renameTable,
} from '../../history/phase.js';
import { type History, readHistory } from '../../history/read.js';
import { qualified } from '../../history/tables.js';
import { createTables } from '../../history/write.js';
import { refuseUnadopted } from '../../plan/plan.js';
import { findTakeover, type TakeoverRequest, withEachHistory } from '../takeover.js';
import { refuseWhileDbMigrateRuns, takeTable, changeUnderLock } from './under-lock.js';

/** A table that gets another name, both with their schema. */
export interface TableMove {
  from: string;
  to: string;
}

/** The end of a takeover: what it would do, or what it did. */
export interface Finish {
  action: 'finish';
  environment: string;
  dryRun: boolean;
  tables: TableMove[];
}

/** How to finish. */
export interface FinishRequest extends TakeoverRequest {
  /** Asked with the plan before anything is changed; throws to stop. */
  confirm?: (plan: Finish) => Promise<void>;
}

/**
 * Ends a takeover: db-migrate's table gets another name, and a notice stands in its place, at which
 * db-migrate stops. Old releases cannot start from then on. Repeating it does nothing.
 *
 * @throws KnexwardError `NOT_ADOPTED` where rows are not copied, `LOCKED` where db-migrate
 * seems to be running; nothing has been changed then.
 */
export async function finishTakeover(request: FinishRequest): Promise<Finish> {
  const takeover = await findTakeover(request);
  const planned: Finish = {
    action: 'finish',
    environment: takeover.config.environment,
    dryRun: request.dryRun ?? false,
    tables: (
      await withEachHistory(takeover, async ({ client }, config) =>
        planFinish(client, await readHistory(client, config)),
      )
    ).flatMap((move) => move ?? []),
  };
  if (planned.dryRun || planned.tables.length === 0) return planned;
  await request.confirm?.(planned);
  const moves = await withEachHistory(takeover, (session, config) =>
    finishHistory(session, config, request),
  );
  return { ...planned, tables: moves.flatMap((move) => move ?? []) };
}

/** `null` where db-migrate's table is not there, or not under its name any more. */
async function planFinish(client: Client, history: History): Promise<TableMove | null> {
  if (history.dbMigrate === null) return null;
  refuseUnadopted(history);
  const { schema, table } = history.tables.dbMigrate;
  if (!history.complete && history.dbMigrate.rows === 0) throw nothingAdopted(schema, table);
  const name = await freeName(client, schema, table, ADOPTED_SUFFIX);
  return { from: qualified(schema, table), to: qualified(schema, name) };
}

function nothingAdopted(schema: string, table: string): KnexwardError {
  return new KnexwardError('NOT_ADOPTED', {
    message: `This database was never taken over: ${schema}.${table} is empty, and knexward has run nothing.`,
    fix: `First run "${commandLine('adopt')}", then "${commandLine('up')}".`,
  });
}

async function finishHistory(
  session: Session,
  config: ResolvedConfig,
  request: FinishRequest,
): Promise<TableMove | null> {
  const { client } = session;
  const found = await readHistory(client, config);
  if (found.dbMigrate === null) return null;
  return changeUnderLock(session, config, request, async ({ tables }) => {
    const { schema, table } = tables.dbMigrate;
    await refuseWhileDbMigrateRuns(client, tables);
    await takeTable(client, schema, table);
    await createTables(client, tables);
    const history = await readHistory(client, config);
    const move = await planFinish(client, history);
    if (move === null) return null;
    const setAside = await freeName(client, schema, table, ADOPTED_SUFFIX);
    await client.query(
      `${renameTable(schema, table, setAside)}; ${createNotice(tables, setAside)}`,
    );
    await writeJournal(client, tables, {
      ...{ runId: request.runId ?? randomUUID(), event: 'finished', migration: null },
      details: { tables: [move], setAside },
    });
    await check(client, history, setAside);
    return move;
  });
}

/** What is committed is what was meant: no row is lost, and db-migrate finds the notice. */
async function check(client: Client, history: History, setAside: string): Promise<void> {
  const { schema } = history.tables.dbMigrate;
  const phase = await readPhase(client, history.tables);
  const { rows } = await client.query<{ count: number }>(
    `select count(*)::int as count from ${qualified(schema, setAside)}`,
  );
  const kept = rows[0]?.count === history.dbMigrate?.rows;
  if (kept && phase.notice && phase.setAside === setAside) return;
  throw new KnexwardError('ADOPT_MISMATCH', {
    message: `db-migrate's table was to become ${setAside} with ${history.dbMigrate?.rows} rows, but the database has ${rows[0]?.count}. Everything was rolled back.`,
    fix: 'An event trigger may have changed it. Please report this with the table definitions.',
  });
}
