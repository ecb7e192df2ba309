import { type ConfigRequest } from '../config/resolve.js';
import { type Check } from './check.js';
import { type Facts } from './facts.js';
import { judge } from './judge/judge.js';
import { look, type LookOptions } from './look/look.js';

/** What doctor found out. */
export interface Diagnosis {
  environment: string;
  /** Whether nothing is red. */
  healthy: boolean;
  /** In the order in which it was looked. */
  checks: Check[];
  /** What a pipeline is told: 0, 6 where something is red, 2 or 3 where doctor could not get on. */
  exitCode: number;
}

/** A check found something. */
const CHECK_FOUND = 6;

/**
 * Looks at everything that `up` stands on: machine, project, connection, rights, settings, locks,
 * leftovers. Reads only: each look is in a transaction that cannot write.
 *
 * @example
 * import { diagnose } from 'knexward';
 *
 * const { healthy, checks } = await diagnose({ env: 'production' });
 * const red = checks.filter(({ status }) => status === 'red');
 *
 * @throws KnexwardError `USAGE`, where the folder does not exist. Anything else that is wrong is a
 * check that is red.
 */
export async function diagnose(
  request: ConfigRequest = {},
  options: LookOptions = {},
): Promise<Diagnosis> {
  const facts = await look(request, options);
  const checks = judge(facts);
  const healthy = checks.every(({ status }) => status !== 'red');
  return { environment: facts.environment, healthy, checks, exitCode: exitCodeOf(facts, healthy) };
}

/** Where the way ended early, the code says why. */
function exitCodeOf({ project, database }: Facts, healthy: boolean): number {
  const failed = project.failed ?? database?.failed;
  return failed?.exitCode ?? (healthy ? 0 : CHECK_FOUND);
}
