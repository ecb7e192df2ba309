import { type Driver, scopeOf } from 'knexward/compat';
import { type Internals } from './internals.js';
import { migrationName } from './names.js';

/** What db-migrate writes before a name: the scope, and always a slash. */
export function recordName({ migrationMode = '' }: Internals, name: string): string {
  return `${migrationMode}/${name}`;
}

/** The version controlled seeds that have run, newest first. */
export async function appliedSeeds(
  { migrationMode = '' }: Internals,
  driver: Driver,
): Promise<{ name: string }[]> {
  const rows = (await driver.allLoadedSeeds()) as { name: string }[] | undefined;
  const own = (rows ?? []).filter(({ name }) => scopeOf(name) === migrationMode);
  return own.map(({ name }) => ({ name: migrationName(name) }));
}

/** Keeps a second run from doing the same at the same time; without a transaction nothing can. */
export async function lockSeeds(
  { seedTable, notransactions, dryRun }: Internals,
  driver: Driver,
): Promise<void> {
  if (notransactions || dryRun) return;
  await driver.runSql(`LOCK TABLE ${driver.escapeDDL(seedTable)} IN SHARE ROW EXCLUSIVE MODE`);
}
