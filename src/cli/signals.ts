import { commandLine } from '../command-line.js';
import { KnexwardError, StoppedByMigration } from '../errors.js';
import { endWith, exitAtOnce, stopWithProcess } from './exit.js';

/** A run that a signal may stop. */
export interface Stoppable {
  signal: AbortSignal;
  /** Where the first signal only asks for no more to begin: aborted by it. */
  drain: AbortSignal;
  /** Fails where the run has not ended some seconds after a signal. */
  overdue: Promise<never>;
  /** Sets the exit code that says which signal it was, where it was one. */
  endWithSignal(): void;
  /** What would have ended the process, where nothing could tell of it any more. */
  unhandled(): Error | null;
  /** Stops listening. */
  release(): void;
}

/** Longer than a run that was stopped waits for the server and closes its connections. */
const OVERDUE_MS = 10_000;

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/**
 * Listens for SIGINT, SIGTERM, and SIGHUP, which comes when the terminal is closed. The first asks the run to stop; a second one ends the process at
 * once, and the server undoes what is not committed. What a migration does to the process stops the
 * run as well.
 *
 * @param drains whether the first signal only drains: then the second one does what the first does otherwise
 */
export function stopOnSignals(
  onSignal: (name: string, isDraining: boolean) => void,
  drains = false,
): Stoppable {
  const controller = new AbortController();
  const drain = new AbortController();
  let exitCode: number | null = null;
  let isStopping = false;
  let timer: NodeJS.Timeout | undefined;
  let fail: (error: Error) => void = () => undefined;
  const overdue = new Promise<never>((_resolve, reject) => (fail = reject));
  overdue.catch(() => undefined);
  const listen = (name: keyof typeof EXIT_CODES): void => {
    if (isStopping) exitAtOnce(EXIT_CODES[name]);
    const isDraining = drains && exitCode === null;
    isStopping = !isDraining;
    exitCode ??= EXIT_CODES[name];
    onSignal(name, isDraining);
    drain.abort();
    if (isDraining) return;
    controller.abort();
    timer = setTimeout(() => fail(withoutAnswer()), OVERDUE_MS);
  };
  const names = Object.keys(EXIT_CODES) as (keyof typeof EXIT_CODES)[];
  names.forEach((name) => process.on(name, listen));
  const forget = stopWithProcess((reason) => controller.abort(reason));
  return {
    signal: controller.signal,
    drain: drain.signal,
    overdue,
    endWithSignal: () => {
      if (exitCode !== null) endWith(exitCode);
    },
    unhandled: () => {
      const reason: unknown = controller.signal.reason;
      return reason instanceof StoppedByMigration ? reason : null;
    },
    release: () => {
      clearTimeout(timer);
      names.forEach((name) => process.off(name, listen));
      forget();
    },
  };
}

function withoutAnswer(): KnexwardError {
  return new KnexwardError('INTERRUPTED', {
    message:
      'The run was stopped, but the server does not answer. Whether the running migration was committed is unknown.',
    fix: `When the server answers again, check what it did: "${commandLine('status')}".`,
  });
}
