import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { KnexwardError } from '../errors.js';
import { type LoadedMigration } from '../files/load.js';
import { stemOf } from '../files/name.js';
import { pageOf, pageOfSqlstate } from '../pages.js';
import { redactAround, redactionAbout } from '../secrets.js';
import { isLostConnection, type ServerError, serverErrorIn } from '../server-error.js';
import { adviceOn } from '../sqlstates.js';
import { type FailedStatement, statementOf } from '../statement.js';
import { type Blocker, describeBlockers, fixForBlockers } from '../transaction/blockers.js';
import { PartlyCommitted } from '../transaction/watch-transaction.js';
import { rememberThrown } from './thrown.js';
import { wrongFormatFix } from './wrong-format.js';

/** All that is known of a migration that failed, ready to be shown: no bound value, no secret. */
export interface MigrationFailure {
  name: string;
  code: 'MIGRATION_FAILED' | 'INVALID_MIGRATION' | 'LOCK_LOST' | 'INTERRUPTED';
  /** PostgreSQL's own code, such as `42P07`. */
  sqlstate: string | null;
  message: string;
  /** What the server says besides, in its own words. */
  detail: string | null;
  statement: string | null;
  /** Where in the statement, in characters from 1, as far as the server tells. */
  position: number | null;
  file: string | null;
  line: number | null;
  /** The server's hint, or what knexward knows about that code. */
  hint: string | null;
  /** What usually lies behind it. */
  cause: string | null;
  /** What to do next. */
  fix: string | null;
  /** The page of the documentation that is about it: the path of a file. */
  page: string;
  /** Whether it may have left something behind, because not all of it ran in its transaction. */
  leftovers: boolean;
  /** Whether its outcome is unknown. */
  endUnknown: boolean;
  /** Those behind it that were sent as well, and of which the outcome is unknown too; only where there are any. */
  alsoUnknown?: string[];
}

/**
 * Describes what went wrong in one migration: the statement, the place, and what helps.
 *
 * @param direction `load` for a baseline, which is no migration
 */
export function describeFailure(
  { state, error, alsoUnknown = [] }: FailedEnd,
  migration: LoadedMigration,
  direction: 'up' | 'down' | 'load',
  blockers: readonly Blocker[] = [],
): MigrationFailure {
  const statement = statementOf(error);
  const server = serverErrorIn(error);
  const place = findPlace(error, statement, server, migration, direction);
  const code = failureCode(error);
  const about = redactionAbout(statement?.sql ?? '');
  const failure: MigrationFailure = {
    name: migration.name,
    code,
    sqlstate: server?.code ?? null,
    message: `${about(messageOf(server ?? error, statement))}${state === 'unknown' ? ` ${NOBODY_KNOWS}` : ''}`,
    detail: detailOf(server, about),
    ...shownStatement(statement, server),
    file: place.file,
    line: place.line,
    ...helpFor(error, server, code, direction === 'up' ? migration.name : undefined, about),
    ...helpForFormat(error, migration),
    ...helpForTransaction(server, migration),
    leftovers: state !== 'rolled back',
    endUnknown: state === 'unknown',
    ...(alsoUnknown.length > 0 && { alsoUnknown }),
    // To run it again does not go on: its outcome has to be recorded first.
    ...(code === 'INTERRUPTED' && state !== 'rolled back' && { fix: null, hint: null }),
    ...(blockers.length > 0 && {
      detail: describeBlockers(blockers),
      fix: fixForBlockers(blockers),
      hint: server?.hint ?? fixForBlockers(blockers),
    }),
  };
  rememberThrown(failure, error);
  return failure;
}

/** How a change ended that failed: see run/ended.ts. */
export interface FailedEnd {
  state: 'rolled back' | 'left behind' | 'unknown';
  error: unknown;
  alsoUnknown?: string[];
}

const NOBODY_KNOWS = 'It is not known whether the server carried it out.';

/** Whether the server itself said no: a lost connection leaves open whether it carried out what it was sent. */
export function isRefusal({ sqlstate }: MigrationFailure): boolean {
  return sqlstate !== null && !/^(08|57P)/.test(sqlstate);
}

/** The failure of a hook around all migrations, told as theirs are. */
export function describeHookFailure(
  error: unknown,
  hook: 'beforeAll' | 'afterAll',
  consequence: string,
): MigrationFailure {
  const place = { name: hook, path: null, format: 'knex', transaction: true } as const;
  const none = { up: () => undefined, down: null, direct: null, checksum: null };
  const failure = describeFailure({ state: 'rolled back', error }, { ...place, ...none }, 'up');
  const message = `The hook ${hook} of the knexfile failed, and ${consequence}: ${failure.message}`;
  const told = { ...failure, message, fix: 'Correct the hook, then run the command again.' };
  rememberThrown(told, error);
  return told;
}

/** PostgreSQL's hint, our own cause and fix, and the page: each where it is known. */
function helpFor(
  error: unknown,
  server: ServerError | undefined,
  code: MigrationFailure['code'],
  applying: string | undefined,
  about: (text: string) => string,
): Pick<MigrationFailure, 'hint' | 'cause' | 'fix' | 'page'> {
  const stopped = code === 'INTERRUPTED' || code === 'LOCK_LOST';
  // Without a word of the server's, a connection that broke is what it calls 08006.
  const sqlstate = server?.code ?? (isLostConnection(error) ? '08006' : undefined);
  const advice = stopped ? undefined : adviceOn(sqlstate, applying);
  const own = error instanceof KnexwardError ? error.fix : null;
  const hint = server?.hint ?? (advice ? ownHint(advice) : own);
  return {
    hint: hint === null ? null : about(hint),
    cause: advice?.cause ?? null,
    fix: advice?.fix ?? own,
    page: advice && sqlstate !== undefined ? pageOfSqlstate(sqlstate) : pageOf(code),
  };
}

function helpForFormat(
  error: unknown,
  migration: LoadedMigration,
): Pick<MigrationFailure, 'hint' | 'fix'> | null {
  const cause = error instanceof PartlyCommitted ? error.cause : error;
  const fix = wrongFormatFix(cause, migration);
  return fix === null ? null : { hint: fix, fix };
}

/** A file of db-migrate's cannot say itself that it runs outside of a transaction. */
function helpForTransaction(
  server: ServerError | undefined,
  { name, format }: LoadedMigration,
): Pick<MigrationFailure, 'hint' | 'fix'> | null {
  if (server?.code !== '25001' || format !== 'db-migrate') return null;
  const fix = `Say in the knexfile that it runs without one: knexward: { transactions: { '${name}': false } }`;
  return { hint: server.hint ?? fix, fix };
}

/** What stands in for a hint where the server gives none. */
export function ownHint({ cause, fix }: { cause: string; fix: string }): string {
  return `${cause} ${fix}`;
}

function shownStatement(
  statement: FailedStatement | undefined,
  server: ServerError | undefined,
): Pick<MigrationFailure, 'statement' | 'position'> {
  if (!statement) return { statement: null, position: null };
  // The server counts characters, and a character may be two of JavaScript's units.
  const given = Number(server?.position);
  const before = [...statement.sql].slice(0, given - 1).join('');
  const { text, offset } = redactAround(statement.sql, before.length);
  return { statement: text, position: given > 0 ? [...text.slice(0, offset)].length + 1 : null };
}

function failureCode(error: unknown): MigrationFailure['code'] {
  const cause = error instanceof PartlyCommitted ? error.cause : error;
  const code = cause instanceof KnexwardError ? cause.code : undefined;
  return code === 'INVALID_MIGRATION' || code === 'LOCK_LOST' || code === 'INTERRUPTED'
    ? code
    : 'MIGRATION_FAILED';
}

/** A migration may throw anything, such as an object that cannot be made a text. */
function shown(error: unknown): string {
  const { message } = (error ?? {}) as { message?: unknown };
  if (typeof message === 'string') return message;
  return typeof error === 'string' ? error : inspect(error);
}

/** Knex puts the statement in front of the message. */
function messageOf(error: unknown, statement: FailedStatement | undefined): string {
  const message = shown(error);
  const prefix = `${statement?.sql ?? ''} - `;
  return message.startsWith(prefix) ? message.slice(prefix.length) : message;
}

/** What comes with these codes is the row that breaks a rule, whole: nobody's data belongs here. */
const WITH_ROW = new Set(['23502', '23514', '44000']);

function detailOf(server: ServerError | undefined, about: (text: string) => string): string | null {
  if (server?.detail === undefined) return null;
  const { code, detail } = server;
  return about(WITH_ROW.has(code) ? detail.replace(/\(.*\)/s, '(…)') : detail);
}

interface Place {
  file: string | null;
  line: number | null;
}

function findPlace(
  error: unknown,
  statement: FailedStatement | undefined,
  server: ServerError | undefined,
  migration: LoadedMigration,
  direction: 'up' | 'down' | 'load',
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
  direction: 'up' | 'down' | 'load',
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
  if (typeof stack !== 'string' || path === null) return null;
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
