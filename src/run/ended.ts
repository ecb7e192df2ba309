import { type Confirmation } from '../transaction/confirmation.js';

/** How a change ended. */
export type Ended = Committed | NotNeeded | RolledBack | LeftBehind | Unknown;

/** The change and its record are committed, and the server has said so. */
export interface Committed {
  state: 'committed';
  confirmation: Confirmation;
  durationMs: number;
  /** Whether it sent no statement of its own. */
  empty: boolean;
}
/** Another run had done it. Nothing was changed. */
export interface NotNeeded {
  state: 'not needed';
}
/** It failed, and nothing of it is left. */
export interface RolledBack {
  state: 'rolled back';
  error: unknown;
}
/** It failed, and some of it may be left, because not all of it ran in its transaction. */
export interface LeftBehind {
  state: 'left behind';
  error: unknown;
}
/** What became of it could not be found out. */
export interface Unknown {
  state: 'unknown';
  error: unknown;
  /** The names of those behind it that the server may have carried out as well: they were sent by then. */
  alsoUnknown?: string[];
}
