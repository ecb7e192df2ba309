import { reasonOf } from './interruption.js';

/** How long a run that was stopped still waits for the server. */
const PATIENCE_MS = 5000;

/**
 * How long a run waits for the server: without a limit, until the run is stopped; from then on a few seconds in
 * all. So a frozen server, or a network that drops all packets, cannot keep a run from ending.
 */
export class Patience {
  private readonly end: Promise<never>;
  private timer: NodeJS.Timeout | undefined;
  private stop: () => void = () => undefined;

  constructor(private readonly signal: AbortSignal | undefined) {
    this.end = new Promise<never>((_resolve, reject) => {
      this.stop = () => {
        this.timer = setTimeout(() => {
          if (signal) reject(reasonOf(signal));
        }, PATIENCE_MS);
      };
    });
    this.end.catch(() => undefined);
    if (signal?.aborted) this.stop();
    else signal?.addEventListener('abort', this.stop, { once: true });
  }

  /**
   * Waits for an answer of the server's.
   *
   * @throws KnexwardError `INTERRUPTED` if the run was stopped and the answer does not come in time
   */
  wait<T>(answer: Promise<T>): Promise<T> {
    return Promise.race([answer, this.end]);
  }

  /** Stops watching the signal, when the run is over. */
  close(): void {
    clearTimeout(this.timer);
    this.signal?.removeEventListener('abort', this.stop);
  }
}
