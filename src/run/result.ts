import { type MigrationFailure } from '../failure/failure.js';

/** What a run did. A failed migration is a value here, not an exception. */
export interface RunResult {
  /** Identifies the run in the journal. */
  runId: string;
  environment: string;
  direction: 'up' | 'down';
  /** The batch that was written or taken back; `null` where there was nothing to do. */
  batch: number | null;
  /** In the order in which they ran. Durations in milliseconds. */
  done: { name: string; durationMs: number }[];
  failed: MigrationFailure | null;
  /** What was planned after the one that failed, or, in a dry run, all of it. */
  notReached: string[];
  dryRun: boolean;
  /**
   * Where an empty database began with a baseline: its file, for how many migrations it stands (the
   * first of `done`), and how long it took to load; in a dry run: would begin.
   */
  baseline?: { file: string; migrations: number; durationMs: number };
}
