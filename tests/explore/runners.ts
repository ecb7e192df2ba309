import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { type CommandLineOutcome, type CommandLinePool } from '../support/command-line/pool.js';
import { REPOSITORY } from '../support/project.js';
import { type Command, type FaultKind, type PlannedRunner } from './schedule.js';

/** A runner that has ended. */
export interface RunnerOutcome extends CommandLineOutcome {
  /** Which of the schedule's. */
  index: number;
  planned: PlannedRunner;
  /** What struck it. */
  struck: FaultKind[];
  /** It did not end by itself. */
  hung: boolean;
  /** What `resolve` was told to record; `stale`: nobody knows whether it was still true by then. */
  resolved: { name: string; verdict: 'applied' | 'reverted'; stale: boolean } | null;
  tookMs: number;
}

/** A program to run: the first argument is a script for Node.js. */
export interface Invocation {
  program: string;
  args: readonly string[];
  /** The build of knexward that it loads. */
  packageFolder: string;
  /** In a process of its own, because its script ends it. */
  alone: boolean;
}

const KNEX = join(REPOSITORY, 'node_modules/knex/bin/cli.js');
const LIBRARY = join(__dirname, 'library-program.js');

/** knexward's command line, of the build that is tested. */
export function knexward(packageFolder: string, ...args: string[]): Invocation {
  return { program: join(packageFolder, 'bin/knexward.js'), args, packageFolder, alone: false };
}

/** What a runner of the schedule is, as a program. */
export function invocationOf(
  { command, json }: PlannedRunner,
  packageFolder: string,
  resolved: { name: string; verdict: string } | null,
): Invocation {
  if (command.kind === 'knex')
    return { program: KNEX, args: ['migrate:latest'], packageFolder, alone: true };
  if (command.kind === 'library') {
    return { program: LIBRARY, args: [command.call, packageFolder], packageFolder, alone: false };
  }
  const words = wordsOf(command, resolved);
  return knexward(packageFolder, ...words, ...(json ? ['--json'] : []), '--no-color');
}

function wordsOf(
  command: Exclude<Command, { kind: 'knex' | 'library' }>,
  resolved: { name: string; verdict: string } | null,
): string[] {
  switch (command.kind) {
    case 'up':
      return command.count === null ? ['up'] : ['up', '--count', String(command.count)];
    case 'down':
      return ['down', ...{ last: ['--count', '1'], batch: [], all: ['--all'] }[command.extent]];
    case 'resolve':
    case 'by hand':
      return ['resolve', resolved?.name ?? '', `--${resolved?.verdict ?? 'applied'}`];
    case 'wait':
      return ['wait', '--timeout', '2s'];
    case 'redo':
      return ['redo'];
  }
}

/** A process that runs, which can be sent signals while it does. */
export interface RunningProcess {
  signal(name: NodeJS.Signals): void;
  ended: Promise<CommandLineOutcome & { hung: boolean }>;
}

/** Starts a program; what has not ended by itself within the limit hangs, and is killed. */
export function start(
  pool: CommandLinePool,
  { program, args, packageFolder, alone }: Invocation,
  where: { cwd: string; env: Record<string, string> },
  limitMs: number,
): RunningProcess {
  let pid: number | null = null;
  let hung = false;
  const signal = (name: NodeJS.Signals): void => {
    try {
      if (pid) process.kill(pid, name);
    } catch {
      // It had ended.
    }
  };
  const onStart = (given: number): void => void (pid = given);
  const timer = setTimeout(() => {
    hung = true;
    signal('SIGKILL');
  }, limitMs);
  const run = alone
    ? runAlone([program, ...args], where, onStart)
    : pool.run({ program, args, packageFolder, ...where }, onStart);
  const ended = run.then((outcome) => {
    clearTimeout(timer);
    pid = null;
    return { ...outcome, hung };
  });
  return { signal, ended };
}

function runAlone(
  args: readonly string[],
  where: { cwd: string; env: Record<string, string> },
  onStart: (pid: number) => void,
): Promise<CommandLineOutcome> {
  const child = spawn(process.execPath, args, { ...where, stdio: ['ignore', 'pipe', 'pipe'] });
  onStart(child.pid ?? 0);
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, ...output }));
  });
}
