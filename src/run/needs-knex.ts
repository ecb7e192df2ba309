import { type ResolvedConfig } from '../config/resolve.js';
import { type LoadedMigration } from '../files/load.js';

/*
 * SQL files and db-migrate's files never touch Knex. Loading it takes longer than a dozen changes,
 * and a transaction of its own as long as the statements around one.
 */

/** The names of Knex's own client for PostgreSQL. Another may make its connections otherwise. */
const KNEX_OWN = new Set<unknown>([undefined, 'pg', 'postgres', 'postgresql']);

/** Whether a run of these changes has to be on Knex's connections. */
export function needsKnex(config: ResolvedConfig, steps: Iterable<LoadedMigration>): boolean {
  const { beforeAll, afterAll } = config.migrations.hooks;
  if (beforeAll || afterAll || !KNEX_OWN.has(config.knex.client)) return true;
  return [...steps].some((step) => !step.transaction || !isDirect(config, step));
}

/**
 * Whether a change can do without a transaction of Knex's: nobody is handed one, or listens to what
 * Knex tells of its statements.
 */
export function isDirect({ migrations, onKnex }: ResolvedConfig, step: LoadedMigration): boolean {
  const { beforeEach, afterEach } = migrations.hooks;
  return step.direct !== null && step.transaction && !beforeEach && !afterEach && !onKnex;
}
