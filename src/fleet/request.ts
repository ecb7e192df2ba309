import { type FleetListener } from './events.js';

/** What to run, on which targets. */
export interface FleetUpRequest {
  /** The ids of the targets; all of them unless given. */
  targets?: readonly string[] | undefined;
  /** Goes on with the last run: its targets, as far as they are not up to date. */
  resume?: boolean | undefined;
  /** Looks only: says in which waves the targets would come. */
  dryRun?: boolean | undefined;
  runId?: string | undefined;
  listener?: FleetListener | undefined;
  onEmbedded?: ((folder: string) => void) | undefined;
  /** No further target begins; those under way end. */
  drain?: AbortSignal | undefined;
  /** The same, and those under way are stopped as `up` is: the statement is cancelled and rolled back. */
  signal?: AbortSignal | undefined;
}
