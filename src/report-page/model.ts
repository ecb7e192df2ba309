/*
 * The report: everything about a database's migrations, as one HTML page or one Markdown document. gather.ts reads
 * the data; html/ and markdown/ render it, with the words in words.ts and figures.ts; diagram/ draws the schema.
 * Texts for terminals and logs are in report/, from which this folder may import.
 */
import { type DatabaseInUse } from '../config/resolve.js';
import { type Check } from '../doctor/check.js';
import { type Looked } from '../doctor/facts.js';
import { type RecordedChange } from '../history/recorded-changes.js';
import { type Status } from '../plan/status.js';
import { type Rehearsal } from '../rehearsal/rehearse.js';
import { type Verification } from '../verify/verify.js';
import { type SchemaTables } from './tables.js';

/** The data of a report. Secrets in it are masked. */
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
  /** Whether there is a journal. Durations come from it. */
  hasJournal: boolean;
  pending: Status['pending'];
  /** What the pending migrations send. It has no changes if nothing is pending. */
  plan: Looked<ReportedPlan>;
  drift: Looked<Verification>;
  /** What `doctor` found. */
  checks: Check[];
  schema: SchemaTables;
}

/** A row of the history, with its entry in the journal. */
export interface AppliedMigration {
  name: string;
  batch: number;
  appliedAt: string | null;
  origin: Status['applied'][number]['origin'];
  /** `null` if the journal has no entry, because plain Knex applied the migration. */
  recorded: Omit<RecordedChange, 'name'> | null;
}

/** The result of a rehearsal. */
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
  /** Warnings to read before this SQL runs. */
  notes: string[];
  /** Values are part of the SQL. `refused` is the SQLSTATE if the server refused the statement. */
  statements: { sql: string; refused: string | null }[];
}
