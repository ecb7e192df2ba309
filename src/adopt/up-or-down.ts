import { type ResolvedConfig } from '../config/resolve.js';
import { KnexwardError } from '../errors.js';
import { type RunResult } from '../run/result.js';
import { type RunRequest } from '../run/request.js';
import { run } from '../run/run.js';

/**
 * Runs migrations, after carrying db-migrate's history over where it is not yet and the
 * configuration says `adopt: "auto"`.
 */
export async function upOrDown(config: ResolvedConfig, request: RunRequest): Promise<RunResult> {
  try {
    return await run(config, request);
  } catch (error) {
    const notAdopted = error instanceof KnexwardError && error.code === 'NOT_ADOPTED';
    if (!notAdopted || config.settings.adopt !== 'auto' || request.dryRun) throw error;
    const { adoptDatabase } = await import('./adopt.js');
    await adoptDatabase(config, request.runId);
    return run(config, request);
  }
}
