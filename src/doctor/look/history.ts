import { type Client } from 'pg';
import { type ResolvedConfig } from '../../config/resolve.js';
import { findMigrations } from '../../files/find.js';
import { locateHistory } from '../../history/locate.js';
import { readHistory } from '../../history/read.js';
import { orderPolicyOf } from '../../plan/out-of-order.js';
import { blockingProblems, type Status, statusOf } from '../../plan/status.js';
import { type LockHolder } from '../../transaction/runners-lock.js';
import { lockHolder } from '../../transaction/runners-lock.js';
import { lookCloser } from '../../maintain/status.js';

/** Where the migrations stand. */
export interface HistoryFacts {
  applied: number;
  pending: number;
  problems: Status['problems'];
  /** Those of them that stop `up`. */
  blockingProblems: Status['problems'];
  /** Who runs migrations at this moment, if anybody does. */
  runner: LockHolder | null;
}

/** Looks at the history against the files, as `status` does. */
export async function lookAtHistory(client: Client, given: ResolvedConfig): Promise<HistoryFacts> {
  const config = await locateHistory(client, given);
  const files = await findMigrations(config);
  const history = await readHistory(client, config);
  const evidence = await lookCloser(client, files, history);
  const order = orderPolicyOf(config);
  const status = statusOf(config.environment, files, history, evidence, order);
  return {
    applied: status.applied.length,
    pending: status.pending.length,
    problems: status.problems,
    blockingProblems: blockingProblems(status.problems, order),
    runner: await lockHolder(client, history.tables),
  };
}
