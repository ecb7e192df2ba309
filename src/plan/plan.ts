import { countOf } from '../count.js';
import { commandLine } from '../command-line.js';
import { KnexwardError } from '../errors.js';
import { type Migration } from '../files/find.js';
import { type History, type HistoryRow } from '../history/read.js';
import { asRecorded } from '../files/recorded.js';
import { inScopeOfRun } from './scope.js';
import { selectName } from './select.js';

/** How far to go. Nothing given: all pending when going up, the last batch when going down. */
export interface Extent {
  /** At most so many. */
  count?: number | undefined;
  /** Up to, or down to, and including this migration. */
  name?: string | undefined;
  /** That one migration alone, and none of those before or after it. */
  alone?: boolean | undefined;
  /** Going down: everything. */
  all?: boolean | undefined;
  /** These and no others; going up, in this order. */
  only?: readonly string[] | undefined;
}

/** What is to be done, in order. A value: nothing has been done yet. */
export interface Plan {
  direction: 'up' | 'down';
  /** The batch that will be written, or that is taken back; `null` where there is nothing to do. */
  batch: number | null;
  steps: Migration[];
}

/** What is asked for. */
export interface PlanRequest {
  direction: 'up' | 'down';
  extent?: Extent;
}

/**
 * The plan that a request comes to.
 *
 * @throws KnexwardError `NOT_ADOPTED`, and what `planUp` and `planDown` throw.
 */
export function planFor(request: PlanRequest, files: readonly Migration[], history: History): Plan {
  const { direction, extent = {} } = request;
  refuseUnadopted(history);
  return direction === 'up' ? planUp(files, history, extent) : planDown(files, history, extent);
}

/** @throws KnexwardError `NOT_ADOPTED` where db-migrate's history is not copied in full. */
export function refuseUnadopted({ dbMigrate, tables }: History): void {
  if (!dbMigrate || dbMigrate.unadopted + dbMigrate.reverted.length === 0) return;
  const { schema, table } = tables.dbMigrate;
  if (dbMigrate.unadopted === 0) {
    throw new KnexwardError('NOT_ADOPTED', {
      message: `db-migrate reverted ${dbMigrate.reverted.join(', ')} after its history (${schema}.${table}) was copied.`,
      fix: `Record this in Knex's history: "${commandLine('adopt', '--database-only')}".`,
    });
  }
  throw new KnexwardError('NOT_ADOPTED', {
    message: `${dbMigrate.unadopted} of ${countOf(dbMigrate.rows, 'row')} of db-migrate's history (${schema}.${table}) ${dbMigrate.unadopted === 1 ? 'is' : 'are'} not copied yet; running now could apply them a second time.`,
    fix: `Run "${commandLine('adopt')}"; if the project's files are already taken over, run "${commandLine('adopt', '--database-only')}".`,
  });
}

/** The migrations that are not applied, in the order in which they would run. */
export function pendingMigrations(files: readonly Migration[], history: History): Migration[] {
  const applied = new Set(history.rows.map(({ name }) => name));
  return asRecorded(files, history.rows).filter(({ name }) => !applied.has(name));
}

/**
 * What `up` has to do.
 *
 * @throws KnexwardError `UNKNOWN_MIGRATION`, `AMBIGUOUS_MIGRATION`
 */
export function planUp(found: readonly Migration[], history: History, extent: Extent): Plan {
  const files = asRecorded(found, history.rows);
  let steps = pendingMigrations(files, history);
  if (extent.name !== undefined) {
    const last = selectName(
      files.map(({ name }) => name),
      extent.name,
    );
    const position = new Map(files.map(({ name }, index) => [name, index]));
    const end = position.get(last) ?? -1;
    steps = extent.alone
      ? steps.filter(({ name }) => name === last)
      : steps.filter(({ name }) => (position.get(name) ?? Infinity) <= end);
  }
  if (extent.only !== undefined) {
    const place = new Map(extent.only.map((name, index) => [name, index]));
    const at = ({ name }: Migration): number => place.get(name) ?? -1;
    steps = steps.filter((step) => at(step) >= 0).sort((a, b) => at(a) - at(b));
  }
  if (extent.count !== undefined) steps = steps.slice(0, extent.count);
  return { direction: 'up', batch: steps.length > 0 ? nextBatch(history.rows) : null, steps };
}

/** The batch that comes after all that are in the history. */
export function nextBatch(rows: readonly HistoryRow[]): number {
  return rows.reduce((highest, row) => Math.max(highest, row.batch), 0) + 1;
}

/**
 * What `down` has to do: newest first.
 *
 * @throws KnexwardError `UNKNOWN_MIGRATION`, `AMBIGUOUS_MIGRATION`, or `MISSING_FILE` where a row
 * that would be reverted has no file to revert it with.
 */
export function planDown(found: readonly Migration[], history: History, extent: Extent): Plan {
  const files = asRecorded(found, history.rows);
  const rows = rowsToRevert(inScopeOfRun(files, history.rows).reverse(), extent);
  const byName = new Map(files.map((file) => [file.name, file]));
  // Two rows of one name are one migration: reverting it takes both away.
  const names = [...new Set(rows.map(({ name }) => name))];
  const steps = names.map((name) => {
    const file = byName.get(name);
    if (!file) throw missingFile(name);
    return file;
  });
  return { direction: 'down', batch: rows[0]?.batch ?? null, steps };
}

function rowsToRevert(newestFirst: readonly HistoryRow[], extent: Extent): HistoryRow[] {
  if (extent.all) return [...newestFirst];
  if (extent.only !== undefined) {
    const wanted = new Set(extent.only);
    return newestFirst.filter(({ name }) => wanted.has(name));
  }
  if (extent.count !== undefined) return newestFirst.slice(0, extent.count);
  if (extent.name !== undefined) {
    const last = selectName(
      newestFirst.map(({ name }) => name),
      extent.name,
    );
    if (extent.alone) return newestFirst.filter(({ name }) => name === last);
    return newestFirst.slice(0, newestFirst.findIndex(({ name }) => name === last) + 1);
  }
  const batch = newestFirst.reduce((highest, row) => Math.max(highest, row.batch), 0);
  // As in Knex, rows without a batch are no batch.
  if (batch === 0) return [];
  return newestFirst.filter((row) => row.batch === batch);
}

function missingFile(name: string): KnexwardError {
  return new KnexwardError('MISSING_FILE', {
    message: `${name} cannot be reverted: the history has it, but there is no such file.`,
    fix: `Bring the file back (from version control), then run the command again. If it was renamed, record its new name first: "${commandLine('resolve', name, '--renamed-to', 'NEW')}".`,
  });
}
