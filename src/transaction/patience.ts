import { reasonOf } from './interruption.js';

/** For how long a run that was stopped still waits for the server. */
const PATIENCE_MS = 5000;

/**
 * How long a run waits for the server: as long as it takes, until the run is stopped, and then a few seconds
 * in all. A server that is frozen, or a network that swallows everything, does not hold up the end.
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
   * @throws KnexwardError `INTERRUPTED` where the run was stopped and the answer does not come in time
   */
  wait<T>(answer: Promise<T>): Promise<T> {
    return Promise.race([answer, this.end]);
  }

  /** Ends the watch, when the run is over. */
  close(): void {
    clearTimeout(this.timer);
    this.signal?.removeEventListener('abort', this.stop);
  }
}
