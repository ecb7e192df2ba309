import { type RunWarningCode } from '../errors.js';
import { type Plan } from '../plan/plan.js';
import { type MigrationFailure } from '../failure/failure.js';
import { type LockHolder } from '../transaction/runners-lock.js';

/** What a run tells while it goes on. */
export type RunEvent =
  | { type: 'embedded'; folder: string }
  | { type: 'waiting'; holder: LockHolder | null }
  | { type: 'planned'; plan: Plan }
  | { type: 'baseline'; file: string; migrations: string[]; durationMs: number }
  | { type: 'baselineUnfit'; file: string; reason: string }
  | { type: 'started'; name: string; index: number; total: number }
  | { type: 'retrying'; name: string; attempt: number; delayMs: number; reason: string }
  | { type: 'warned'; name: string; code: RunWarningCode; message: string }
  | { type: 'done'; name: string; durationMs: number }
  | { type: 'failed'; failure: MigrationFailure };

/** Listens to a run. It must not throw. */
export type RunListener = (event: RunEvent) => void;
