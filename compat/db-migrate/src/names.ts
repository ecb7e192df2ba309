import { stemOf, timestampOf, withoutScope } from 'knexward/compat';

const STEM = /\d{14}-[^.]+/;

/**
 * db-migrate's name for a migration of Knex's history: without its scope, and without what follows
 * the first dot. A migration that was never db-migrate's only loses its extension.
 */
export function migrationName(historyName: string): string {
  const file = withoutScope(historyName);
  return STEM.exec(file)?.[0] ?? stemOf(file);
}

/** The moment in a migration's name, which is in UTC. */
export function dateOf(name: string): Date {
  const [year = NaN, month = NaN, day, hour, minute, second] = (
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)/.exec(timestampOf(name) ?? '')?.slice(1) ?? []
  ).map(Number);
  return new Date(Date.UTC(year, month - 1, day, hour, minute, second));
}

/** The words in a migration's name. */
export function titleOf(name: string): string {
  return name
    .replace(/^\d{14}[-_]/, '')
    .toLowerCase()
    .replace(/_ids?$/, '')
    .replaceAll('_', ' ');
}
