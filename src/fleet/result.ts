import { type Problem } from '../plan/problems.js';
import { type FleetFailure } from './events.js';

/** What a fleet run came to. A target that failed is a value here, not an exception. */
export interface FleetResult {
  /** Identifies the run in the fleet's journal. */
  runId: string;
  /** How many targets the run is about. */
  targets: number;
  /** How many it has brought up to date; of a resumed run, since its beginning. */
  done: number;
  /** In how many there was nothing to do. */
  upToDate: number;
  failed: FleetFailure[];
  /** The targets in which something is pending and that have not begun. */
  notReached: string[];
  /** Whether a signal has stopped it. */
  interrupted: boolean;
  durationMs: number;
  /** In a dry run: the waves in which the targets would come. */
  waves?: { canary: boolean; targets: { target: string; pending: string[] }[] }[];
}

/** What a fleet looks like. */
export interface FleetStatus {
  targets: TargetStatus[];
}

/** What a target looks like, in the words of `status`. */
export interface TargetStatus {
  target: string;
  /** How many migrations; `null` where the target could not be looked at. */
  applied: number | null;
  pending: number | null;
  /** What `status` says is wrong; where it could not be looked at, the error. */
  problems: (Omit<Problem, 'code'> & { code: string })[];
}
