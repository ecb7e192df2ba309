/** What a pipe says, and a terminal. */
const GONE = new Set<string | undefined>(['EPIPE', 'EIO']);

/**
 * Goes on where whoever reads the output has gone away (`| head`, a log shipper that died, a terminal
 * that was closed): without a listener the failed write would end the process, in the middle of a migration.
 */
export function surviveClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (!GONE.has(error.code)) throw error;
    });
  }
}
