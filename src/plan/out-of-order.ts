import { dirname } from 'node:path';
import { type ResolvedConfig } from '../config/resolve.js';
import { KnexwardError } from '../errors.js';
import { type Migration } from '../files/find.js';
import { compareNames } from '../files/name.js';
import { asRecorded } from '../files/recorded.js';
import { type History } from '../history/read.js';
import { type Plan } from './plan.js';
import { inScopeOfRun } from './scope.js';

/** What is done about a pending migration that comes before an applied one. */
export interface OrderPolicy {
  outOfOrder: 'allow' | 'warn' | 'refuse';
  /** Whether each folder has an order of its own. */
  sortDirsSeparately: boolean;
}

/** A pending migration, and the newest applied one that it comes before. */
export interface OutOfOrder {
  name: string;
  newest: string;
}

/** What a configuration says about the order. */
export function orderPolicyOf({ settings, migrations }: ResolvedConfig): OrderPolicy {
  return { outOfOrder: settings.outOfOrder, sortDirsSeparately: migrations.sortDirsSeparately };
}

/**
 * The pending migrations that come before one that is applied: a branch that was merged late, mostly.
 * An applied migration counts also where its file is not here. Pure.
 */
export function findOutOfOrder(
  found: readonly Migration[],
  history: History,
  { sortDirsSeparately }: Pick<OrderPolicy, 'sortDirsSeparately'>,
): OutOfOrder[] {
  const files = asRecorded(found, history.rows);
  const applied = new Set(history.rows.map(({ name }) => name));
  // A migration source has an order of its own.
  const isSource = files.some(({ custom }) => custom !== undefined);
  if (sortDirsSeparately && !isSource) {
    return foldersOf(files).flatMap((folder) => beforeTheLast(folder, applied));
  }
  const late = beforeTheLast(files, applied);
  const newest = isSource ? undefined : newestWithoutFile(files, history);
  const last = lastApplied(files, applied);
  if (newest === undefined || (last && compareNames(newest, last) < 0)) return late;
  return files
    .filter(({ name }) => !applied.has(name) && compareNames(name, newest) < 0)
    .map(({ name }) => ({ name, newest }));
}

function foldersOf(files: readonly Migration[]): Migration[][] {
  const folders = new Map<string, Migration[]>();
  for (const file of files) {
    const folder = dirname(file.path ?? '');
    folders.set(folder, [...(folders.get(folder) ?? []), file]);
  }
  return [...folders.values()];
}

function lastApplied(
  files: readonly Migration[],
  applied: ReadonlySet<string>,
): string | undefined {
  return files.filter(({ name }) => applied.has(name)).at(-1)?.name;
}

/** Of a list in its order: what is not applied, before the last that is. */
function beforeTheLast(files: readonly Migration[], applied: ReadonlySet<string>): OutOfOrder[] {
  const newest = lastApplied(files, applied);
  if (newest === undefined) return [];
  const end = files.findIndex(({ name }) => name === newest);
  return files
    .slice(0, end)
    .filter(({ name }) => !applied.has(name))
    .map(({ name }) => ({ name, newest }));
}

function newestWithoutFile(files: readonly Migration[], history: History): string | undefined {
  const present = new Set(files.map(({ name }) => name));
  const names = inScopeOfRun(files, history.rows).map(({ name }) => name);
  return names
    .filter((name) => !present.has(name))
    .sort(compareNames)
    .at(-1);
}

/** What is said of one. */
export function describeOutOfOrder({ newest }: OutOfOrder): string {
  return `it comes before ${newest}, which is applied`;
}

/** The error that `up` stops with, for projects that want that. */
export function outOfOrderError(found: readonly OutOfOrder[]): KnexwardError {
  const come =
    found.length === 1 ? '1 pending migration comes' : `${found.length} pending migrations come`;
  const told = found.map(({ name, newest }) => `${name} before ${newest}`).join(', ');
  return new KnexwardError('OUT_OF_ORDER', {
    message: `${come} before one that is applied, and the knexfile says to stop in this case (knexward.outOfOrder): ${told}. Nothing was changed.`,
    fix: 'Give their files newer timestamps, so that every database runs them in one order.',
  });
}

/**
 * What a plan would apply although it comes before an applied migration. Nothing where the
 * configuration does not care.
 *
 * @throws KnexwardError `OUT_OF_ORDER` where the configuration says to stop then
 */
export function refuseOutOfOrder(
  config: ResolvedConfig,
  files: readonly Migration[],
  history: History,
  { direction, steps }: Plan,
): OutOfOrder[] {
  const policy = orderPolicyOf(config);
  if (direction !== 'up' || policy.outOfOrder === 'allow') return [];
  const planned = new Set(steps.map(({ name }) => name));
  const found = findOutOfOrder(files, history, policy).filter(({ name }) => planned.has(name));
  if (found.length > 0 && policy.outOfOrder === 'refuse') throw outOfOrderError(found);
  return found;
}
