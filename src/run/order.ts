import { type ResolvedConfig } from '../config/resolve.js';
import { type Migration } from '../files/find.js';
import { type History } from '../history/read.js';
import {
  describeOutOfOrder,
  findOutOfOrder,
  orderPolicyOf,
  outOfOrderError,
  type OutOfOrder,
} from '../plan/out-of-order.js';
import { type Plan } from '../plan/plan.js';
import { type RunListener } from './events.js';

/**
 * What a plan would apply although it comes before an applied migration. Nothing where the
 * configuration does not care.
 *
 * @throws KnexwardError `OUT_OF_ORDER` where the configuration says to stop then
 */
export function refuseOutOfOrder(
  config: ResolvedConfig,
  files: readonly Migration[],
  history: History,
  { direction, steps }: Plan,
): OutOfOrder[] {
  const policy = orderPolicyOf(config);
  if (direction !== 'up' || policy.outOfOrder === 'allow') return [];
  const planned = new Set(steps.map(({ name }) => name));
  const found = findOutOfOrder(files, history, policy).filter(({ name }) => planned.has(name));
  if (found.length > 0 && policy.outOfOrder === 'refuse') throw outOfOrderError(found);
  return found;
}

/** Tells the listener of a run what it is about to apply out of order. */
export function warnOutOfOrder(found: readonly OutOfOrder[], listener: RunListener): void {
  for (const each of found) {
    const { name } = each;
    listener({ type: 'warned', name, code: 'OUT_OF_ORDER', message: describeOutOfOrder(each) });
  }
}
