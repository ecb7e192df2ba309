import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT } from '../../src/config/root.js';

/** The application in a process of its own. */
export interface Server {
  url: string;
  stop(): Promise<void>;
}

/** How a run of `knexward up` ended. */
export interface Upgrade {
  code: number | null;
  applied: number;
  /** How often a change gave way to the votes and was tried again. */
  retries: number;
}

type Line = Record<string, unknown>;

/** Starts the application as it runs in production, on a free port. */
export async function startServer(databaseUrl: string): Promise<Server> {
  const child = start([join(ROOT, 'dist/src/main.js')], {
    ...{ NODE_ENV: 'test', DATABASE_URL: databaseUrl, PORT: '0' },
    ...{ RATE_LIMIT: '1000000', LOG_LEVEL: 'info' },
  });
  const port = await new Promise<unknown>((resolve, reject) => {
    const lines = createInterface(child.stdout as NodeJS.ReadableStream);
    lines.on('line', (line) => {
      const { msg, port } = JSON.parse(line) as Line;
      if (msg !== 'listening') return;
      resolve(port);
      // What it logs from here on is thrown away unread: reading it would slow the load down.
      lines.close();
      child.stdout?.resume();
    });
    child.once('exit', () => reject(new Error('The application did not start.')));
  });
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
  };
  return { url: `http://127.0.0.1:${String(port)}`, stop };
}

/** Runs the command line's `up` in a project, and tells when a change is tried again. */
export async function runUp(
  project: string,
  databaseUrl: string,
  onRetry: () => void,
): Promise<Upgrade> {
  const cli = join(dirname(require.resolve('knexward/package.json')), 'bin/knexward.js');
  const child = start([cli, 'up', '--json', '--log-format', 'json', '--cwd', project], {
    ...{ NODE_ENV: 'test', DATABASE_URL: databaseUrl },
  });
  let retries = 0;
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
  onLine(child.stderr, (line) => {
    if (!('attempt' in line)) return;
    retries++;
    onRetry();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  const { done = [] } = JSON.parse(output || '{}') as { done?: unknown[] };
  return { code, applied: done.length, retries };
}

function start(args: string[], env: Record<string, string>): ChildProcess {
  const { PATH = '', HOME = '' } = process.env;
  const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];
  return spawn(process.execPath, args, { env: { PATH, HOME, ...env }, stdio });
}

function onLine(stream: NodeJS.ReadableStream | null, told: (line: Line) => void): void {
  if (!stream) return;
  createInterface(stream).on('line', (line) => {
    if (line.startsWith('{')) told(JSON.parse(line) as Line);
  });
}
