import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** What a runner is asked to do: an action of tests/support/runner-process.js and what it needs. */
export interface RunnerRequest {
  action: 'up' | 'down' | 'adopt' | 'finish' | 'undo' | 'status' | 'resolve';
  cwd: string;
  url: string;
  name?: string;
  verdict?: string;
}

/** How a request ended; `killed` where the process did not live to tell. */
export type RunnerAnswer =
  | { value: unknown; error?: undefined; killed?: undefined }
  | { error: { code?: string; message: string }; value?: undefined; killed?: undefined }
  | { killed: true; value?: undefined; error?: undefined };

/** knexward in a process of its own that has loaded everything and waits for requests. */
export class Runner {
  private readonly child: ChildProcess;
  private readonly ready: Promise<unknown>;
  private next = 0;

  constructor() {
    this.child = fork(join(__dirname, 'runner-process.js'), {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.ready = once(this.child, 'message');
  }

  /** Resolves when the process has loaded everything. */
  async isReady(): Promise<void> {
    await this.ready;
  }

  async ask(request: RunnerRequest): Promise<RunnerAnswer> {
    await this.ready;
    const id = this.next++;
    return new Promise((resolve) => {
      const onMessage = (answer: RunnerAnswer & { id: number }): void => {
        if (answer.id !== id) return;
        this.child.off('exit', onExit);
        this.child.off('message', onMessage);
        resolve(answer);
      };
      const onExit = (): void => resolve({ killed: true });
      this.child.on('message', onMessage);
      this.child.once('exit', onExit);
      this.child.send({ id, ...request });
    });
  }

  /** Ends the process the hard way, as the kernel does. */
  kill(): void {
    this.child.kill('SIGKILL');
  }
}
