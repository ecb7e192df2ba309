import { countOf } from '../count.js';
import { type ResolvedConfig } from '../config/resolve.js';
import { type Output } from '../report/output.js';
import { type RunResult } from '../run/result.js';
import { type RunRequest } from '../run/request.js';
import { type Rehearsal } from '../rehearsal/rehearse.js';
import { replayProgress } from './replay-progress.js';
import { stopOnSignals } from './signals.js';

/** Rehearses with progress on stderr, and until a signal stops it. */
export async function rehearseForCommand(
  config: ResolvedConfig,
  { direction, extent }: Pick<RunRequest, 'direction' | 'extent'>,
  output: Output,
): Promise<Rehearsal> {
  const { rehearse } = await import('../rehearsal/rehearse.js');
  const stop = stopOnSignals((name) => output.note('warn', `${name}: stopping …`));
  try {
    return await rehearse(config, {
      ...{ direction, ...(extent && { extent }), signal: stop.signal },
      onEmbedded: (folder) => output.note('info', `Using the embedded PostgreSQL in ${folder}`),
      onRehearse: (where, count) =>
        output.note('info', `Rehearsing ${countOf(count, 'migration')} on ${where} …`),
      ...replayProgress(output),
    });
  } catch (error) {
    stop.endWithSignal();
    throw error;
  } finally {
    output.status(null);
    stop.release();
  }
}

/** What a rehearsal came to, as the result of a run that has changed nothing. */
export function asDryRun(rehearsal: Rehearsal, runId: string): RunResult {
  const { environment, direction, batch, failed, notReached } = rehearsal;
  return { runId, environment, direction, batch, done: [], failed, notReached, dryRun: true };
}
