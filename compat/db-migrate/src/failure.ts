import { relative } from 'node:path';
import { KnexwardError, type MigrationFailure } from 'knexward/compat';
import { migrationName } from './names.js';

/** A migration failed. Programs get the error that it failed with, the command line all of it. */
export class FailedMigration extends Error {
  constructor(
    readonly failure: MigrationFailure,
    /** The error as the migration, or the server, made it. */
    readonly original: unknown,
  ) {
    super(failure.message);
    this.name = 'FailedMigration';
  }
}

/** An error in as many lines as help to find its cause. */
export function explain(error: unknown): string {
  if (error instanceof FailedMigration) return explainFailure(error.failure);
  if (error instanceof KnexwardError)
    return `${error.message}\n  ${error.fix}\n  page: ${error.page}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function explainFailure(failure: MigrationFailure): string {
  const { name, message, sqlstate, detail, file, line, statement, hint, page } = failure;
  const place = file === null ? null : relative(process.cwd(), file);
  const parts = [
    `${migrationName(name)}: ${message}${sqlstate === null ? '' : ` (${sqlstate})`}`,
    detail && `detail: ${detail}`,
    place && `at ${place}${line === null ? '' : `:${line}`}`,
    statement && `statement: ${statement.trim()}`,
    hint && `hint: ${hint}`,
    `page: ${page}`,
  ];
  return parts.filter(Boolean).join('\n  ');
}
