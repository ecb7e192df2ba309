import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DatabaseError } from 'pg';
import { KnexwardError } from '../errors.js';
import { type LoadedMigration } from '../files/load.js';
import { stemOf } from '../files/name.js';
import { type FailedStatement, statementOf } from '../statement.js';
import { adviceFor } from './advice.js';
import { PartlyCommitted } from './watch-transaction.js';

/** All that is known of a migration that failed, ready to be shown. */
export interface MigrationFailure {
  name: string;
  code: 'MIGRATION_FAILED' | 'INVALID_MIGRATION' | 'LOCK_LOST' | 'INTERRUPTED';
  /** PostgreSQL's own code, such as `42P07`. */
  sqlstate: string | null;
  message: string;
  statement: string | null;
  file: string | null;
  line: number | null;
  /** The server's hint, or what knexward knows about that code. */
  hint: string | null;
  /** Whether it may have left something behind, because not all of it ran in its transaction. */
  leftovers: boolean;
}

/** Describes what went wrong in one migration: the statement, the place, and what helps. */
export function describeFailure(
  error: unknown,
  migration: LoadedMigration,
  direction: 'up' | 'down',
): MigrationFailure {
  const statement = statementOf(error);
  const server = serverError(error);
  const place = findPlace(error, statement, server, migration, direction);
  return {
    name: migration.name,
    code: failureCode(error),
    sqlstate: server?.code ?? null,
    message: server ? serverMessage(server, statement) : plainMessage(error),
    statement: statement?.sql ?? null,
    file: place.file,
    line: place.line,
    hint: server?.hint ?? adviceFor(server?.code) ?? (error as { fix?: string })?.fix ?? null,
    leftovers: !migration.transaction || error instanceof PartlyCommitted,
  };
}

function failureCode(error: unknown): MigrationFailure['code'] {
  const code = error instanceof KnexwardError ? error.code : undefined;
  return code === 'INVALID_MIGRATION' || code === 'LOCK_LOST' || code === 'INTERRUPTED'
    ? code
    : 'MIGRATION_FAILED';
}

/** The server's error, looked for along the chain of causes: a migration may have wrapped it. */
function serverError(error: unknown): DatabaseError | undefined {
  for (let current = error; typeof current === 'object' && current !== null;) {
    if (isServerError(current)) return current;
    current = (current as { cause?: unknown }).cause;
  }
  return undefined;
}

/** Not `instanceof` alone: Knex may have loaded the project's own copy of `pg`. */
function isServerError(error: object): error is DatabaseError {
  const { code, severity } = error as { code?: unknown; severity?: unknown };
  return (
    error instanceof DatabaseError ||
    (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && typeof severity === 'string')
  );
}

/** Knex puts the statement in front of the server's message. */
function serverMessage(error: DatabaseError, statement: FailedStatement | undefined): string {
  const prefix = `${statement?.sql ?? ''} - `;
  const { message, detail } = error;
  const plain = message.startsWith(prefix) ? message.slice(prefix.length) : message;
  return detail ? `${plain} (${detail})` : plain;
}

function plainMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

interface Place {
  file: string | null;
  line: number | null;
}

function findPlace(
  error: unknown,
  statement: FailedStatement | undefined,
  server: DatabaseError | undefined,
  migration: LoadedMigration,
  direction: 'up' | 'down',
): Place {
  const sqlFile = statement?.file ?? sqlFileOf(statement, migration, direction);
  if (statement && sqlFile !== undefined) {
    return { file: sqlFile, line: lineAt(statement.sql, server?.position) };
  }
  const stacks = [statement?.stack, (error as Error | undefined)?.stack];
  for (const stack of stacks) {
    const line = lineInStack(stack, migration.path);
    if (line !== null) return { file: migration.path, line };
  }
  return { file: migration.path, line: null };
}

/** The file under `sqls/` that db-migrate's `--sql-file` loader read the statement from. */
function sqlFileOf(
  statement: FailedStatement | undefined,
  migration: LoadedMigration,
  direction: 'up' | 'down',
): string | undefined {
  if (!statement || migration.path === null || migration.format !== 'db-migrate') return undefined;
  const name = `${stemOf(migration.name)}-${direction}.sql`;
  const path = join(dirname(migration.path), 'sqls', name);
  try {
    return readFileSync(path, 'utf8') === statement.sql ? path : undefined;
  } catch {
    return undefined;
  }
}

/** The line in a text at the server's position, which counts characters from 1. */
function lineAt(sql: string, position: string | undefined): number | null {
  if (position === undefined) return null;
  const before = [...sql].slice(0, Number(position) - 1).join('');
  return before.split('\n').length;
}

/** The first line of the migration's own file that a stack passes through. */
function lineInStack(stack: string | undefined, path: string | null): number | null {
  if (stack === undefined || path === null) return null;
  for (const frame of stack.split('\n')) {
    const match = /(?:\(|at )((?:file:\/\/)?[^()]+):(\d+):\d+\)?$/.exec(frame.trim());
    const [, place = '', line] = match ?? [];
    const file = place.replace(/^async /, '');
    if (toPath(file) === path) return Number(line);
  }
  return null;
}

function toPath(place: string): string {
  return place.startsWith('file://') ? fileURLToPath(place) : place;
}
