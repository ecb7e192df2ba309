import { parseJson } from '../json.js';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type ResolvedConfig } from '../config/resolve.js';
import { KnexwardError } from '../errors.js';
import { resolveFor } from '../migrator/configuration.js';
import { type MigratorOptions } from '../migrator/options.js';

/**
 * The configuration that tests run with: that of the environment that is asked for, else of
 * `NODE_ENV`. A test runner sets that to `test`; where the knexfile has no such environment, it is
 * the one for development.
 *
 * @throws KnexwardError `USAGE` for an environment that is not one for tests.
 */
export async function resolveForTests(options: MigratorOptions): Promise<ResolvedConfig> {
  const config = await resolveFor(options).catch((error: unknown) => {
    const isUnknown = error instanceof KnexwardError && error.code === 'UNKNOWN_ENVIRONMENT';
    const asked = options.env ?? process.env['NODE_ENV'];
    if (!isUnknown || options.env !== undefined || asked !== 'test') throw error;
    return resolveFor({ ...options, env: 'development' });
  });
  if (config.production || !FOR_TESTS.test(config.environment)) throw notForTests(config);
  return config;
}

/** `test`, `development`, and such as `ci`, `local_test` or `test-e2e`. */
const FOR_TESTS = /(?:^|[^a-z])(?:tests?|testing|dev|development|ci|local)(?:[^a-z]|$)/i;

function notForTests({ environment }: ResolvedConfig): KnexwardError {
  const node = process.env['NODE_ENV'];
  const also = node !== undefined && node !== environment ? `, and NODE_ENV is "${node}"` : '';
  return new KnexwardError('USAGE', {
    message: `Test databases are not made in the environment "${environment}"${also}.`,
    fix: 'Set NODE_ENV to test or development, or give env; nothing was connected to.',
  });
}

/** What the project calls itself: in its package.json, else its folder's name. */
export function projectName(root: string): string {
  const path = join(root, 'package.json');
  try {
    const { name } = existsSync(path)
      ? (parseJson(readFileSync(path, 'utf8')) as { name?: unknown })
      : {};
    if (typeof name === 'string' && name !== '') return name;
  } catch {
    // A package.json that cannot be read is npm's matter.
  }
  return basename(root);
}
