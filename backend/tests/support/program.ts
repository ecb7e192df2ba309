import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { waitFor } from '../../../tests/support/wait-for';
import { ROOT } from '../../src/config/root';

/** A program of the backend's build, in a process of its own. */
export interface Program {
  child: ChildProcess;
  /** What it has printed so far. */
  output(): string;
  /** The same, as lines of Pino's JSON. */
  lines(): Record<string, unknown>[];
  /** Waits until it has printed this, and returns the first group. */
  printed(pattern: RegExp): Promise<string>;
  /** Its exit code, when it has ended. */
  exit(): Promise<number | null>;
}

/** Starts a program, such as `src/main`, with these variables and no others that matter. */
export function startProgram(
  name: string,
  args: readonly string[],
  env: Record<string, string>,
): Program {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [join(ROOT, 'dist', `${name}.js`), ...args], {
    env: { PATH, HOME, TZ: 'UTC', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  const ended = once(child, 'close') as Promise<[number | null]>;
  return {
    child,
    output: () => output,
    lines: () =>
      output
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    printed: async (pattern) => {
      await waitFor(() => {
        if (child.exitCode !== null && !pattern.test(output)) throw new Error(output);
        return Promise.resolve(pattern.test(output));
      });
      return pattern.exec(output)?.[1] ?? '';
    },
    exit: async () => (await ended)[0],
  };
}

/** The variables that name a test's database in the environment `test`, as in a deployment. */
export function deployedAt(url: string): Record<string, string> {
  const { hostname, port, username, password, pathname } = new URL(url);
  return {
    NODE_ENV: 'test',
    DB_HOST: hostname,
    DB_PORT: port,
    DB_USER: username,
    DB_PASSWORD: password,
    DB_NAME: pathname.slice(1),
  };
}
