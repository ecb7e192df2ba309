import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { type Readable } from 'node:stream';

declare global {
  /** The pool that all test files of a Jest worker share (environment.ts). */
  var commandLinePool: CommandLinePool;
}

/** A command line to run: a script, its arguments, and the whole environment that it gets. */
export interface CommandLine {
  program: string;
  args: readonly string[];
  cwd: string;
  env: Record<string, string>;
  /** Where the build of knexward is that it loads, if not in the repository. */
  packageFolder?: string;
}

/** How it ended, and what it printed. */
export interface CommandLineOutcome {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

interface Answer {
  code: number;
  /** Whether nothing that the command line left is still active in the process. */
  reusable: boolean;
}

/** How many command lines a process runs before another takes its place: what they leave adds up. */
const MAX_USES = 200;

/**
 * Processes that have loaded Knex and `pg`, each of which runs one command line after the other
 * (process.js). One is started whenever all others are busy.
 */
export class CommandLinePool {
  private readonly idle: PooledProcess[] = [];

  /**
   * Runs a command line as a process of its own would.
   *
   * @param onStart hears the process's id when it begins: what is sent to it then is this one's
   */
  async run(
    commandLine: CommandLine,
    onStart: (pid: number) => void = () => undefined,
  ): Promise<CommandLineOutcome> {
    const pooled = this.takeIdle() ?? new PooledProcess();
    const { outcome, reusable } = await pooled.run(commandLine, onStart);
    if (reusable) this.idle.push(pooled);
    else pooled.end();
    return outcome;
  }

  /** Keeps so many processes ready, so that the next ones need not load anything. */
  warm(count: number): void {
    while (this.idle.length < count) this.idle.push(new PooledProcess());
  }

  /** Ends the processes that wait. */
  close(): void {
    for (const pooled of this.idle.splice(0)) pooled.end();
  }

  private takeIdle(): PooledProcess | undefined {
    for (let pooled = this.idle.pop(); pooled; pooled = this.idle.pop()) {
      if (pooled.alive) return pooled;
    }
    return undefined;
  }
}

class PooledProcess {
  private readonly child: ChildProcess;
  private readonly ready: Promise<unknown>;
  private uses = 0;

  constructor() {
    const child = fork(join(__dirname, 'process.js'), {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // What is read at the start must not be Jest's.
      execArgv: [],
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], TZ: 'UTC' },
    });
    this.child = child;
    const died = once(child, 'close').then(([code]) => {
      throw new Error(`command-line/process.js ended with ${String(code)} before it was ready.`);
    });
    this.ready = Promise.race([once(child, 'message'), died]);
    // Once it is ready, its end is an answer to whoever uses it.
    this.ready.catch(() => undefined);
    for (const stream of this.streams) stream.setEncoding('utf8');
  }

  get alive(): boolean {
    return this.child.connected && this.child.exitCode === null && this.child.signalCode === null;
  }

  async run(
    commandLine: CommandLine,
    onStart: (pid: number) => void,
  ): Promise<{ outcome: CommandLineOutcome; reusable: boolean }> {
    await this.ready;
    this.keepsJestAlive(true);
    // It marks the end of what is printed.
    const end = `\0${randomUUID()}\0`;
    const listening = new AbortController();
    const { signal: over } = listening;
    const printed = this.streams.map((stream) => new Printed(stream, end));
    const answered = once(this.child, 'message', { signal: over }) as Promise<[Answer]>;
    const closed = once(this.child, 'close', { signal: over }) as Promise<
      [number | null, NodeJS.Signals | null]
    >;
    this.child.send({ ...commandLine, end });
    onStart(this.child.pid ?? 0);
    const ended = await Promise.race([
      Promise.all([answered, ...printed.map((one) => one.complete)]).then(([[answer]]) => answer),
      closed.then(([code, signal]) => ({ code, signal, reusable: false })),
    ]);
    // Both are rejected now, and nobody waits for either.
    void Promise.allSettled([answered, closed]);
    listening.abort();
    const [stdout = '', stderr = ''] = printed.map((one) => one.take());
    this.keepsJestAlive(false);
    this.uses += 1;
    const signal = 'signal' in ended ? ended.signal : null;
    return {
      outcome: { code: ended.code, signal, stdout, stderr },
      reusable: ended.reusable && this.uses < MAX_USES,
    };
  }

  end(): void {
    this.child.kill('SIGKILL');
  }

  private get streams(): Readable[] {
    const { stdout, stderr } = this.child;
    return [stdout, stderr].filter((stream) => stream !== null);
  }

  /** While it waits for the next command line, Jest may end; the process then ends too. */
  private keepsJestAlive(busy: boolean): void {
    const { channel } = this.child;
    const sockets = this.streams as (Readable & { ref?: () => void; unref?: () => void })[];
    for (const one of [this.child, channel, ...sockets]) {
      if (busy) one?.ref?.();
      else one?.unref?.();
    }
  }
}

/** What a stream brings until a mark. */
class Printed {
  private text = '';
  readonly complete: Promise<void>;
  private readonly onData: (text: string) => void;

  constructor(
    private readonly stream: Readable,
    private readonly end: string,
  ) {
    let resolve: () => void;
    this.complete = new Promise((onComplete) => (resolve = onComplete));
    this.onData = (text) => {
      this.text += text;
      if (this.text.includes(end)) resolve();
    };
    stream.on('data', this.onData);
  }

  /** The text, of which no more is listened to. */
  take(): string {
    this.stream.off('data', this.onData);
    return this.text.split(this.end, 1)[0] ?? '';
  }
}
