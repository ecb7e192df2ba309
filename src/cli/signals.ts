/** A run that a signal may stop. */
export interface Stoppable {
  signal: AbortSignal;
  /** The exit code that says which signal it was, or `null` where there was none. */
  exitCode(): number | null;
  /** Stops listening. */
  release(): void;
}

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Listens for SIGINT and SIGTERM. The first asks the run to stop; a second one ends the process at
 * once, and the server undoes what is not committed.
 */
export function stopOnSignals(onFirst: (name: string) => void): Stoppable {
  const controller = new AbortController();
  let exitCode: number | null = null;
  const listen = (name: keyof typeof EXIT_CODES): void => {
    if (exitCode !== null) process.exit(EXIT_CODES[name]);
    exitCode = EXIT_CODES[name];
    // A migration's own code may go on for a moment and find its transaction gone.
    process.on('unhandledRejection', () => undefined);
    onFirst(name);
    controller.abort();
  };
  process.on('SIGINT', listen).on('SIGTERM', listen);
  return {
    signal: controller.signal,
    exitCode: () => exitCode,
    release: () => process.off('SIGINT', listen).off('SIGTERM', listen),
  };
}
