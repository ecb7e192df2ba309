// Runs the migrations in a container: `node dist/scripts/migrate.js up`, as a step before the new
// release starts. Pino's JSON on stdout, knexward's exit codes, and it can be stopped by a signal.
import { constants } from 'node:os';
import { format, parseArgs } from 'node:util';
import {
  createMigrator,
  KnexwardError,
  type Migrator,
  type RunEvent,
  type RunResult,
} from 'knexward';
import { type Logger } from 'pino';
import knexfile from '../src/config/knexfile.js';
import { ROOT } from '../src/config/root.js';
import { openLog } from '../src/log.js';

const USAGE = 'migrate up | status | wait [--timeout <seconds>]';
const EXIT = { done: 0, failed: 1, usage: 2, pending: 6 } as const;

/** What a command works with, and what it is asked. */
interface Job {
  migrator: Migrator;
  log: Logger;
  signal: AbortSignal;
  timeoutMs: number | undefined;
}

const COMMANDS: Record<string, (job: Job) => Promise<number>> = { up, status, wait };

async function up({ migrator, log, signal }: Job): Promise<number> {
  const result = await migrator.up({ signal, listener: (event) => logEvent(log, event) });
  const { runId, batch, done, notReached } = result;
  if (result.failed) {
    log.error({ runId, failed: describe(result.failed), notReached }, 'a migration failed');
    return EXIT.failed;
  }
  log.info({ runId, batch, applied: done.length }, 'up to date');
  return EXIT.done;
}

async function status({ migrator, log }: Job): Promise<number> {
  const { upToDate, applied, pending, problems } = await migrator.status();
  log.info({ upToDate, applied: applied.length, pending, problems }, 'status');
  return upToDate ? EXIT.done : EXIT.pending;
}

async function wait({ migrator, log, signal, timeoutMs }: Job): Promise<number> {
  await migrator.wait({ signal, timeoutMs, listener: (event) => logEvent(log, event) });
  log.info('nothing is pending');
  return EXIT.done;
}

function logEvent(log: Logger, event: RunEvent): void {
  switch (event.type) {
    case 'planned':
      return log.info({ steps: event.plan.steps.map(({ name }) => name) }, 'planned');
    case 'retrying':
    case 'warned':
      return log.warn(event, event.type);
    case 'failed':
      return;
    default:
      return log.info(event, event.type);
  }
}

/** Without what is undefined, and without a stack: it says the same, in our files. */
function describe(failed: NonNullable<RunResult['failed']>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(failed)) as Record<string, unknown>;
}

/** Runs the command that the arguments name, and returns the exit code. */
async function main(args: string[]): Promise<number> {
  const log = openLog(process.env['LOG_LEVEL'] || 'info');
  // What an old migration prints is a line of the log like any other.
  console.log = (...printed: unknown[]) => log.info({ printed: format(...printed) }, 'printed');
  const stop = new AbortController();
  let stoppedBy: NodeJS.Signals | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stoppedBy) process.exit(128 + constants.signals[signal]);
    stoppedBy = signal;
    log.warn({ signal }, 'stopping: what runs is rolled back');
    stop.abort();
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  const codeOr = (code: number): number =>
    stoppedBy && code !== EXIT.done ? 128 + constants.signals[stoppedBy] : code;
  try {
    const { command, timeoutMs } = read(args);
    const migrator = createMigrator({ config: knexfile, cwd: ROOT });
    return codeOr(await command({ migrator, log, signal: stop.signal, timeoutMs }));
  } catch (error) {
    const { code, message, fix, exitCode } = known(error);
    log.error({ code, fix }, message);
    return codeOr(exitCode);
  } finally {
    process.off('SIGTERM', onSignal).off('SIGINT', onSignal);
  }
}

function read(args: string[]): { command: (job: Job) => Promise<number>; timeoutMs?: number } {
  const { values, positionals } = parseArgs({
    args,
    options: { timeout: { type: 'string' } },
    allowPositionals: true,
  });
  const command = COMMANDS[positionals[0] ?? ''];
  const seconds = Number(values.timeout ?? 0);
  if (!command || positionals.length > 1 || !(seconds >= 0)) throw new TypeError(USAGE);
  return values.timeout === undefined ? { command } : { command, timeoutMs: seconds * 1000 };
}

function known(error: unknown): { code: string; message: string; fix: string; exitCode: number } {
  if (error instanceof KnexwardError) return error;
  const { message } = error as Error;
  return { code: 'USAGE', message, fix: USAGE, exitCode: EXIT.usage };
}

void main(process.argv.slice(2)).then((code) => (process.exitCode = code));
