import { type ErrorCode } from '../errors.js';
import { type MigrationFailure } from '../failure/failure.js';
import { type RunEvent } from '../run/events.js';

/** Why a target was not brought up to date. */
export interface FleetFailure {
  target: string;
  code: ErrorCode | MigrationFailure['code'];
  /** What happened; of a migration that failed, its name first. */
  message: string;
}

/** Why no further target begins. */
export type Stop = 'canary' | 'failures' | 'signal' | 'process';

/** What a fleet run tells while it goes on. */
export type FleetEvent =
  | {
      type: 'swept';
      targets: number;
      upToDate: number;
      pending: number;
      failed: number;
      waves: number;
    }
  | { type: 'wave'; wave: number; waves: number; canary: boolean; targets: number }
  | { type: 'begun'; target: string; wave: number }
  | { type: 'migrated'; target: string; wave: number; migrations: number; durationMs: number }
  | { type: 'upToDate'; target: string; wave: number }
  | { type: 'failed'; failure: FleetFailure; wave: number | null }
  | { type: 'pausing'; durationMs: number }
  | { type: 'stopping'; reason: Stop }
  | { type: 'warned'; message: string }
  | { type: 'run'; target: string; event: RunEvent };

/** Listens to a fleet run. What it throws does not touch the run. */
export type FleetListener = (event: FleetEvent) => void;
