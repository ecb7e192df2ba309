/*
 * The report for people: one page, or one Markdown document, of all that is known of a database's
 * migrations. gather.ts reads it, html/ and markdown/ render it, diagram/ lays out the schema.
 * The texts for terminals and logs are in report/, below.
 */
import { type DatabaseInUse } from '../config/resolve.js';
import { type Check } from '../doctor/check.js';
import { type Looked } from '../doctor/facts.js';
import { type RecordedChange } from '../history/recorded-changes.js';
import { type Status } from '../plan/status.js';
import { type Rehearsal } from '../rehearsal/rehearse.js';
import { type Verification } from '../verify/verify.js';
import { type SchemaTables } from './tables.js';

/** All that a report tells. Every text in it is masked: no password is left. */
export interface Report {
  environment: string;
  production: boolean;
  database: DatabaseInUse;
  /** When it was made, in ISO 8601 and UTC. */
  madeAt: string;
  /** The server's version, such as `17.2`. */
  postgres: string;
  /** In the order in which they were applied. */
  applied: AppliedMigration[];
  /** Whether there is a journal, which has the durations. */
  hasJournal: boolean;
  pending: Status['pending'];
  /** What the pending migrations send. Where there are none, it has no changes. */
  plan: Looked<ReportedPlan>;
  drift: Looked<Verification>;
  /** What `doctor` found. */
  checks: Check[];
  schema: SchemaTables;
}

/** A row of the history, and what the journal adds to it. */
export interface AppliedMigration {
  name: string;
  batch: number;
  appliedAt: string | null;
  origin: Status['applied'][number]['origin'];
  /** `null` where the journal does not know it: plain Knex has applied it. */
  recorded: Omit<RecordedChange, 'name'> | null;
}

/** What a rehearsal told. */
export interface ReportedPlan extends Pick<
  Rehearsal,
  'batch' | 'base' | 'baseReason' | 'shadow' | 'failed' | 'notReached' | 'baseline'
> {
  changes: ReportedChange[];
}

/** One change, and what it sends. */
export interface ReportedChange {
  name: string;
  transaction: boolean;
  /** What a person should know before this SQL is run. */
  notes: string[];
  /** With the values written in, and passwords masked; `refused` is the SQLSTATE. */
  statements: { sql: string; refused: string | null }[];
}
