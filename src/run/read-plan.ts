import { type ResolvedConfig } from '../config/resolve.js';
import { findMigrations } from '../files/find.js';
import { type Plan } from '../plan/plan.js';
import { findHistory } from './find-history.js';
import { planFor, type RunRequest } from './request.js';

/**
 * What a run would do at this moment: files and history, planned as `run` plans them. Reads only.
 *
 * @throws KnexwardError as `run` does before it begins
 */
export async function readPlan(
  given: ResolvedConfig,
  request: Pick<RunRequest, 'direction' | 'extent'>,
  onEmbedded?: (folder: string) => void,
): Promise<Plan> {
  const { config, history } = await findHistory(given, onEmbedded);
  return planFor(request, await findMigrations(config), history);
}
