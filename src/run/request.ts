import { KnexwardError } from '../errors.js';
import { type Migration } from '../files/find.js';
import { type History } from '../history/read.js';
import { type Extent, type Plan, planDown, planUp } from '../plan/plan.js';
import { type RunListener } from './events.js';

/** What to run. */
export interface RunRequest {
  direction: 'up' | 'down';
  extent?: Extent;
  /** Plan only: nothing is created, locked or run. */
  dryRun?: boolean;
  /** Asked with the plan before anything is changed; throws to stop. */
  confirm?: (plan: Plan) => Promise<void>;
  listener?: RunListener;
  /** The migrations to choose from; those that the configuration leads to unless given. */
  files?: readonly Migration[];
  /** `false`: replays everything, also where an empty database could begin with a baseline. */
  baseline?: boolean | undefined;
  /** Goes on where applied files were edited, also where the configuration says to stop then. */
  acceptChanged?: boolean;
  /** The id of the run, a UUID: in the journal and in `pg_stat_activity`; a new one unless given. */
  runId?: string | undefined;
  /** Stops the run: the statement under way is cancelled and rolled back. */
  signal?: AbortSignal | undefined;
}

/**
 * The plan that a request comes to.
 *
 * @throws KnexwardError `NOT_ADOPTED`, and what `planUp` and `planDown` throw.
 */
export function planFor(request: RunRequest, files: readonly Migration[], history: History): Plan {
  const { direction, extent = {} } = request;
  refuseUnadopted(history);
  return direction === 'up' ? planUp(files, history, extent) : planDown(files, history, extent);
}

/** @throws KnexwardError `NOT_ADOPTED` where db-migrate's history is not carried over in full. */
export function refuseUnadopted({ dbMigrate, tables }: History): void {
  if (!dbMigrate || dbMigrate.unadopted + dbMigrate.reverted.length === 0) return;
  const { schema, table } = tables.dbMigrate;
  if (dbMigrate.unadopted === 0) {
    throw new KnexwardError('NOT_ADOPTED', {
      message: `db-migrate has reverted ${dbMigrate.reverted.join(', ')} since its history (${schema}.${table}) was carried over.`,
      fix: 'Run "knexward adopt --database-only": Knex\'s history then says so too.',
    });
  }
  throw new KnexwardError('NOT_ADOPTED', {
    message: `${dbMigrate.unadopted} of ${dbMigrate.rows} rows of db-migrate's history (${schema}.${table}) are not carried over yet; running now could apply them a second time.`,
    fix: 'Run "knexward adopt" (in further environments: "knexward adopt --database-only").',
  });
}
