import { type ProblemCode } from '../errors.js';
import { type Migration } from '../files/find.js';
import { hasDbMigrateName } from '../files/name.js';
import { type History } from '../history/read.js';
import { pendingMigrations } from './plan.js';
import { type OrderPolicy } from './out-of-order.js';
import { type Evidence, findProblems, NO_EVIDENCE, type Problem } from './problems.js';
import { asRecorded } from '../files/recorded.js';
import { inScopeOfRun, scopeOfRun } from './scope.js';

/** Which tool a migration was written for. */
export type Origin = 'db-migrate' | 'knex';

/** A database's migrations, seen against the files. */
export interface Status {
  environment: string;
  /** Whether nothing is pending and nothing stands in the way. */
  upToDate: boolean;
  applied: { name: string; batch: number; appliedAt: string | null; origin: Origin }[];
  pending: { name: string; origin: Origin }[];
  problems: Problem[];
}

/** Problems that stop `up`, and with it whoever waits for it, until they are dealt with. */
const BLOCKING: ReadonlySet<ProblemCode> = new Set([
  'NOT_ADOPTED',
  'UNFINISHED',
  'RENAMED_FILE',
  'KNEX_LOCKED',
]);

/** One order for all folders, and what is out of it is told. */
const KNEX_ORDER: OrderPolicy = { outOfOrder: 'warn', sortDirsSeparately: false };

/**
 * Compares files and history. Pure: the same values give the same status. With the files of a
 * scope it is about that scope; else about everything that is applied, scopes included, and about
 * what is pending outside of them.
 */
export function statusOf(
  environment: string,
  found: readonly Migration[],
  history: History,
  evidence: Evidence = NO_EVIDENCE,
  order: OrderPolicy = KNEX_ORDER,
): Status {
  const files = asRecorded(found, history.rows);
  const byName = new Map(files.map((file) => [file.name, file]));
  // Of a row whose file is gone, only the name is left, and files like it tell what it stands for.
  const isLike = ({ name, format }: Migration) => format !== 'sql' && hasDbMigrateName(name);
  const alike = files.find(isLike)?.format ?? 'db-migrate';
  const origin = (name: string): Origin => {
    const format = byName.get(name)?.format ?? (hasDbMigrateName(name) ? alike : 'knex');
    return format === 'db-migrate' ? 'db-migrate' : 'knex';
  };
  const pending = pendingMigrations(files, history).map(({ name }) => ({
    name,
    origin: origin(name),
  }));
  const rows = scopeOfRun(files) === '' ? history.rows : inScopeOfRun(files, history.rows);
  const problems = findProblems(files, { ...history, rows }, evidence, order);
  return {
    environment,
    upToDate: pending.length === 0 && blockingProblems(problems, order).length === 0,
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

/** Those of the problems that stop `up`. */
export function blockingProblems(problems: readonly Problem[], order: OrderPolicy): Problem[] {
  const refuses = order.outOfOrder === 'refuse';
  return problems.filter(({ code }) => BLOCKING.has(code) || (refuses && code === 'OUT_OF_ORDER'));
}

/**
 * Whether a check has nothing to say against the database. A database that is ahead of the files is
 * in order: an old release has to start beside a new one while a fleet is rolled back.
 */
export function isClean({ upToDate, problems }: Status): boolean {
  return upToDate && problems.every(({ code }) => code === 'AHEAD');
}
