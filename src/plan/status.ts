import { type ProblemCode } from '../errors.js';
import { type Migration } from '../files/find.js';
import { formatOfName } from '../files/name.js';
import { scopeOf } from '../files/scope.js';
import { type History, type HistoryRow } from '../history/read.js';
import { pendingMigrations } from './plan.js';
import { inScopeOfRun, scopeOfRun } from './scope.js';

/** Which tool a migration was written for. */
export type Origin = 'db-migrate' | 'knex';

/** Something that is wrong, or that a person should know. */
export interface Problem {
  code: ProblemCode;
  /** The migration that it is about, or `null` where it is about the whole. */
  migration: string | null;
  message: string;
  fix: string;
}

/** A database's migrations, seen against the files. */
export interface Status {
  environment: string;
  /** Whether nothing is pending and nothing stands in the way. */
  upToDate: boolean;
  applied: { name: string; batch: number; appliedAt: string | null; origin: Origin }[];
  pending: { name: string; origin: Origin }[];
  problems: Problem[];
}

/** Problems that leave the database usable as it is: they are shown, and do not stop `up`. */
const HARMLESS: ReadonlySet<ProblemCode> = new Set([
  'MISSING_FILE',
  'DUPLICATE_ROW',
  'FAILED',
  'LEFT_LOCK',
]);

/**
 * Compares files and history. Pure: the same values give the same status. With the files of a
 * scope it is about that scope; else about everything that is applied, scopes included, and about
 * what is pending outside of them.
 */
export function statusOf(
  environment: string,
  files: readonly Migration[],
  history: History,
): Status {
  const byName = new Map(files.map((file) => [file.name, file]));
  const origin = (name: string): Origin => {
    const format = byName.get(name)?.format ?? formatOfName(name);
    return format === 'db-migrate' ? 'db-migrate' : 'knex';
  };
  const pending = pendingMigrations(files, history).map(({ name }) => ({
    name,
    origin: origin(name),
  }));
  const rows = scopeOfRun(files) === '' ? history.rows : inScopeOfRun(files, history.rows);
  const problems = findProblems(files, { ...history, rows });
  return {
    environment,
    upToDate: pending.length === 0 && problems.every(({ code }) => HARMLESS.has(code)),
    applied: rows.map(({ name, batch, appliedAt }) => ({
      name,
      batch,
      appliedAt,
      origin: origin(name),
    })),
    pending,
    problems,
  };
}

function findProblems(files: readonly Migration[], history: History): Problem[] {
  const problems: Problem[] = [];
  const { dbMigrate, rows, unfinished, failed, knexLock } = history;
  if (dbMigrate && dbMigrate.unadopted > 0) problems.push(notAdopted(dbMigrate.unadopted));
  for (const { name, startedAt, actor } of unfinished) {
    problems.push({
      code: 'UNFINISHED',
      migration: name,
      message: `started at ${startedAt} by ${actor} outside a transaction; its end is not recorded`,
      fix: `See what it did, then: knexward resolve ${name} --applied (or --reverted)`,
    });
  }
  for (const { name, at, direction, message } of failed) {
    const attempt = direction === 'up' ? 'applying it' : 'reverting it';
    problems.push({
      code: 'FAILED',
      migration: name,
      message: `${attempt} failed at ${at}: ${message}`,
      fix: `Correct it, then run "knexward ${direction}${inScope(name)}" again.`,
    });
  }
  problems.push(...problemsOfRows(files, rows));
  if (knexLock === 'knex') {
    problems.push({
      code: 'KNEX_LOCKED',
      migration: null,
      message: "Knex's lock is taken: a knex migrate command runs, or was killed",
      fix: 'If none runs: knexward unlock',
    });
  }
  if (knexLock === 'knexward') {
    problems.push({
      code: 'LEFT_LOCK',
      migration: null,
      message: "Knex's lock is taken by a knexward that is running, or was killed",
      fix: 'Nothing to do: the next knexward up gives it back.',
    });
  }
  return problems;
}

function problemsOfRows(files: readonly Migration[], rows: readonly HistoryRow[]): Problem[] {
  const found = new Set(files.map(({ name }) => name));
  // Whether the files of another scope exist is for that scope's own status to tell.
  const own = new Set(inScopeOfRun(files, rows));
  const seen = new Set<string>();
  const problems: Problem[] = [];
  for (const row of rows) {
    const { name } = row;
    if (seen.has(name)) problems.push(duplicateRow(name));
    else if (own.has(row) && !found.has(name)) problems.push(missingFile(name));
    seen.add(name);
  }
  return problems;
}

function notAdopted(count: number): Problem {
  return {
    code: 'NOT_ADOPTED',
    migration: null,
    message: `${count} rows of db-migrate's history are not carried over`,
    fix: 'knexward adopt (or knexward adopt --database-only)',
  };
}

/** The words that a command needs to be about this migration's scope. */
function inScope(name: string): string {
  return scopeOf(name) === '' ? '' : ` --scope ${scopeOf(name)}`;
}

function missingFile(name: string): Problem {
  return {
    code: 'MISSING_FILE',
    migration: name,
    message: 'applied, but its file is not in the migrations folder',
    fix: 'Bring the file back if it is to be reverted one day; up goes on without it.',
  };
}

function duplicateRow(name: string): Problem {
  return {
    code: 'DUPLICATE_ROW',
    migration: name,
    message: 'the history has more than one row for it',
    fix: 'Nothing to do: reverting it removes every row of that name.',
  };
}
