import { countOf } from '../../count.js';
import { commandLine } from '../../command-line.js';
import { randomUUID } from 'node:crypto';
import { type Client } from 'pg';
import { type ResolvedConfig } from '../../config/resolve.js';
import { type Session } from '../../database/session.js';
import { KnexwardError } from '../../errors.js';
import { oldNameOf } from '../../files/old-name.js';
import { writeJournal } from '../../history/journal.js';
import { freeName, readPhase, renameTable, UNDONE_SUFFIX } from '../../history/phase.js';
import { type History, type HistoryRow, readHistory } from '../../history/read.js';
import { type HistoryTables, qualified } from '../../history/tables.js';
import { applyActions, type FileAction, refuseEdited } from '../file-plan.js';
import { type Warning, withoutSecrets } from '../plan.js';
import { findTakeover, type TakeoverRequest, withEachHistory } from '../takeover.js';
import { type TableMove } from './finish.js';
import { planFilesBack } from './files-back.js';
import {
  type RowsBack,
  planRowsBack,
  readOldRows,
  restoreTable,
  writeRowsBack,
} from './rows-back.js';
import { refuseWhileDbMigrateRuns, takeTable, changeUnderLock } from './under-lock.js';

/** A way back to db-migrate: what it would do, or what it did. */
export interface Undo {
  action: 'undo';
  environment: string;
  dryRun: boolean;
  tables: TableMove[];
  /** db-migrate's names of the rows that its table gets, and of those that it loses. */
  rows: { added: string[]; removed: string[] };
  files: FileAction[];
  warnings: Warning[];
}

/** How to go back. */
export interface UndoRequest extends TakeoverRequest {
  /** Asked with the plan before anything is changed; throws to stop. */
  confirm?: (plan: Undo) => Promise<void>;
}

/**
 * Takes a project back to db-migrate, before a takeover is finished and after: db-migrate's table is
 * in its place, with all that is applied by now; Knex's tables are set aside; the files are what
 * they were. Repeating it does nothing, and `adopt` can be run again.
 *
 * @throws KnexwardError `UNDO_BLOCKED` where migrations are applied that db-migrate cannot know,
 * `LOCKED` where db-migrate seems to be running; nothing has been changed then.
 */
export async function undoTakeover(request: UndoRequest): Promise<Undo> {
  const takeover = await findTakeover(request);
  const files = request.databaseOnly ? { actions: [], warnings: [] } : planFilesBack(takeover);
  const planned: Undo = {
    action: 'undo',
    environment: takeover.config.environment,
    dryRun: request.dryRun ?? false,
    ...sumUp(
      await withEachHistory(takeover, async ({ client }, config) =>
        planHistoryBack(client, await readHistory(client, config)),
      ),
    ),
    files: files.actions,
    warnings: withoutSecrets(files.warnings),
  };
  const changes = planned.tables.length > 0 || files.actions.some(({ apply }) => apply);
  if (planned.dryRun || !changes) return planned;
  await request.confirm?.(planned);
  refuseEdited(files.actions);
  const done = await withEachHistory(takeover, (session, config) =>
    undoHistory(session, config, request),
  );
  await applyActions(files.actions);
  return { ...planned, ...sumUp(done) };
}

/** What becomes of one history. */
interface HistoryBack {
  tables: TableMove[];
  rows: RowsBack;
}

const NOTHING: HistoryBack = { tables: [], rows: { add: [], remove: [] } };

function sumUp(plans: readonly HistoryBack[]): Pick<Undo, 'tables' | 'rows'> {
  return {
    tables: plans.flatMap(({ tables }) => tables),
    rows: {
      added: plans.flatMap(({ rows }) => rows.add.map(({ oldName }) => oldName)),
      removed: plans.flatMap(({ rows }) => rows.remove.map(({ name }) => name)),
    },
  };
}

/** Reads only. */
async function planHistoryBack(client: Client, history: History): Promise<HistoryBack> {
  const { tables } = history;
  const phase = await readPhase(client, tables);
  if (!history.complete || !(phase.adopted || phase.notice)) return NOTHING;
  refuseUnknown(history);
  const { schema, table } = tables.dbMigrate;
  const source = history.dbMigrate === null ? phase.setAside : table;
  const old = source === null ? [] : await readOldRows(client, tables, source);
  const moves: TableMove[] = [];
  if (history.dbMigrate === null && phase.setAside !== null) {
    moves.push({ from: qualified(schema, phase.setAside), to: qualified(schema, table) });
  }
  for (const each of [tables.history, tables.lock]) {
    const name = await freeName(client, tables.schema, each, UNDONE_SUFFIX);
    moves.push({ from: qualified(tables.schema, each), to: qualified(tables.schema, name) });
  }
  return { tables: moves, rows: planRowsBack(appliedIn(history), old) };
}

/** What db-migrate itself has reverted since is not brought back. */
function appliedIn({ rows, dbMigrate }: History): HistoryRow[] {
  const reverted = new Set(dbMigrate?.reverted);
  return rows.filter(({ name }) => !reverted.has(name));
}

/** db-migrate could neither see these nor revert them. */
function refuseUnknown({ rows }: History): void {
  const unknown = rows.filter(({ name }) => oldNameOf(name) === undefined).map(({ name }) => name);
  if (unknown.length === 0) return;
  throw new KnexwardError('UNDO_BLOCKED', {
    message: `${countOf(unknown.length, 'migration is', 'migrations are')} applied that db-migrate cannot know: ${unknown.join(', ')}. Nothing was changed.`,
    fix: `Revert them first (where they are the last: "${commandLine('down', '-c', String(unknown.length))}"), then undo; or stay with knexward.`,
  });
}

async function undoHistory(
  session: Session,
  config: ResolvedConfig,
  request: UndoRequest,
): Promise<HistoryBack> {
  const { client } = session;
  return changeUnderLock(
    session,
    config,
    request,
    async ({ tables, dbMigrate, knexLock, complete }) => {
      if (!complete) return NOTHING;
      if (knexLock === 'knex') throw knexIsRunning(tables);
      await refuseWhileDbMigrateRuns(client, tables);
      for (const each of [tables.history, tables.lock])
        await takeTable(client, tables.schema, each);
      if (dbMigrate) await takeTable(client, tables.dbMigrate.schema, tables.dbMigrate.table);
      const before = await readHistory(client, config);
      const plan = await planHistoryBack(client, before);
      if (plan.tables.length === 0) return NOTHING;
      await restoreTable(client, tables, await readPhase(client, tables));
      const history = await readHistory(client, config);
      await writeRowsBack(client, { ...history, rows: appliedIn(before) }, plan.rows);
      await setKnexTablesAside(client, tables, plan.tables);
      await writeJournal(client, tables, {
        ...{ runId: request.runId ?? randomUUID(), event: 'undone', migration: null },
        details: { tables: plan.tables, ...sumUp([plan]).rows },
      });
      return plan;
    },
  );
}

async function setKnexTablesAside(
  client: Client,
  tables: HistoryTables,
  moves: readonly TableMove[],
): Promise<void> {
  for (const each of [tables.history, tables.lock]) {
    const name = await freeName(client, tables.schema, each, UNDONE_SUFFIX);
    if (!moves.some(({ to }) => to === qualified(tables.schema, name))) continue;
    await client.query(renameTable(tables.schema, each, name));
  }
}

function knexIsRunning(tables: HistoryTables): KnexwardError {
  return new KnexwardError('LOCKED', {
    message: `Knex's own lock (${tables.lock}) is held: a "knex migrate" command is running, or was killed. Nothing was changed.`,
    fix: `Wait until it has finished. If none runs: ${commandLine('unlock')}`,
  });
}
