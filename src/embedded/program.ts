import { execFile, type SpawnOptions } from 'node:child_process';
import { promisify } from 'node:util';
import { KnexwardError } from '../errors.js';
import { programPath, type Binaries } from './binaries.js';
import { type ServerUser } from './server-user.js';

const execFileAsync = promisify(execFile);

/** What a failed program leaves: its exit code or system error, and its output. */
interface ProgramFailure extends Error {
  code?: number | string;
  stdout?: string;
  stderr?: string;
}

/** How to start one of PostgreSQL's programs: as whom, where, and with which environment. */
export function programOptions(binaries: Binaries, user: ServerUser | undefined) {
  return {
    // The current folder may be one that the server's user cannot enter.
    cwd: binaries.folder,
    env: programEnvironment(),
    windowsHide: true,
    ...user,
  } satisfies SpawnOptions;
}

/**
 * Runs one of PostgreSQL's programs to its end.
 *
 * @throws KnexwardError NO_EMBEDDED_SERVER when this system cannot run it, EMBEDDED_SERVER_FAILED
 *   when it fails, with what it printed.
 */
export async function runProgram(
  binaries: Binaries,
  program: 'initdb' | 'pg_ctl',
  args: readonly string[],
  user: ServerUser | undefined,
): Promise<void> {
  try {
    await execFileAsync(programPath(binaries, program), args, programOptions(binaries, user));
  } catch (error) {
    const failure = error as ProgramFailure;
    if (failure.code === 'ENOENT') throw cannotRun(failure);
    const output = `${failure.stdout ?? ''}${failure.stderr ?? ''}`.trim();
    throw new KnexwardError('EMBEDDED_SERVER_FAILED', {
      message: `The embedded PostgreSQL's ${program} failed: ${output || failure.message}`,
      fix: 'Remove what it complains about, or set DATABASE_URL to a PostgreSQL server of your own.',
      cause: error,
    });
  }
}

/** The error for a program that is there and yet cannot be started. */
export function cannotRun(cause: Error): KnexwardError {
  return new KnexwardError('NO_EMBEDDED_SERVER', {
    message: `The embedded PostgreSQL cannot run on this system: ${cause.message}.`,
    fix: 'Its programs need glibc, which Alpine Linux does not have: use a Debian-based image, or set DATABASE_URL to a PostgreSQL server of your own.',
    cause,
  });
}

/**
 * Only what a program needs to run. The server outlives the command that starts it, so it gets
 * none of the secrets in that command's environment, and no PG* variable that would change it.
 */
function programEnvironment(): NodeJS.ProcessEnv {
  // Messages are in English, because some of them are looked for in the log.
  const environment: NodeJS.ProcessEnv = { LC_ALL: 'C' };
  for (const name of ['PATH', 'SystemRoot', 'TEMP', 'TMP', 'TMPDIR', 'TZ']) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  return environment;
}
