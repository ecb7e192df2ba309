import { type Migration } from '../files/find.js';
import { type LoadMigration, type LoadedMigration } from '../files/load.js';
import { type Plan, type PlanRequest } from '../plan/plan.js';
import { type RunListener } from './events.js';

/** Follows the changes that run on Knex. */
export interface ChangeObserver {
  begins(migration: LoadedMigration): void;
  ends(): void;
}

/** What to run. */
export interface RunRequest extends PlanRequest {
  /** Plan only: nothing is created, locked or run. */
  dryRun?: boolean;
  /** Asked with the plan before anything is changed; throws to stop. */
  confirm?: (plan: Plan) => Promise<void>;
  listener?: RunListener;
  /** The migrations to choose from; those that the configuration leads to unless given. */
  files?: readonly Migration[];
  /** The migrations that the configuration leads to, where somebody has listed them already. */
  found?: readonly Migration[] | undefined;
  /** Loads a migration, where somebody keeps what is loaded for several runs. */
  load?: LoadMigration | undefined;
  /** `false`: replays everything, also where an empty database could begin with a baseline. */
  baseline?: boolean | undefined;
  /** Goes on where applied files were edited, also where the configuration says to stop then. */
  acceptChanged?: boolean;
  /** The id of the run, a UUID: in the journal and in `pg_stat_activity`; a new one unless given. */
  runId?: string | undefined;
  /** Told when a change on Knex begins and ends, the project's hooks around it included. */
  observer?: ChangeObserver;
  /** Stops the run: the statement under way is cancelled and rolled back. */
  signal?: AbortSignal | undefined;
}
