import Bluebird from 'bluebird';
import { KnexwardError } from '../../errors.js';
import { callbackIn } from './callback.js';
import { type Operations } from './operations.js';

/** Part of the interface, but for db-migrate's own tables, which Knex's history has replaced. */
const HISTORY_METHODS = [
  'createMigrationsTable',
  'createSeedsTable',
  'allLoadedMigrations',
  'allLoadedSeeds',
  'addMigrationRecord',
  'addSeedRecord',
  'deleteMigration',
  'deleteSeed',
] as const;

/** Part of the interface, but for other databases. */
const FOREIGN_METHODS = [
  'renameCollection',
  'dropCollection',
  'createCollection',
  'checkDBMS',
] as const;

/** The methods of `db` that would begin, commit or close what belongs to the one who runs it. */
export function transactionMethods(operations: Operations) {
  const nothing = (...trailing: readonly unknown[]): Bluebird<void> =>
    operations.perform(callbackIn(trailing), () => Bluebird.resolve());
  return { startMigration: nothing, endMigration: nothing, close: nothing };
}

/** The methods of `db` that have nothing to act on; each says so when it is called. */
export const unavailableMethods = {
  ...refusing(HISTORY_METHODS, "it changes db-migrate's own history, which Knex's has replaced"),
  ...refusing(FOREIGN_METHODS, 'PostgreSQL has nothing of the kind'),
};

function refusing<Name extends string>(
  names: readonly Name[],
  reason: string,
): Record<Name, () => never> {
  const entries = names.map((name) => [name, () => refuse(name, reason)] as const);
  return Object.fromEntries(entries) as Record<Name, () => never>;
}

function refuse(name: string, reason: string): never {
  throw new KnexwardError('INVALID_MIGRATION', {
    message: `A migration calls db.${name}, which is not available: ${reason}.`,
    fix: 'Write what the migration needs with db.runSql.',
  });
}
