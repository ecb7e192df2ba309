import { findAllMigrations, KnexwardError, scopeOf } from 'knexward/compat';
import { type Internals } from './internals.js';
import { log } from './log.js';
import { findTarget, type Target } from './target.js';

/**
 * Does something in the scope that a command is for: `up:tenant`; in all of them, one after the
 * other, for `up:all`, where the answers come one after the other too.
 */
export async function inScopes<Result>(
  internals: Internals,
  work: (target: Target) => Promise<Result>,
): Promise<Result | Result[]> {
  const { migrationMode } = internals;
  if (migrationMode !== 'all') return work(await findTarget(internals, migrationMode ?? ''));
  const results: Result[] = [];
  for (const scope of await allScopes(internals)) {
    log.info(`Enter scope "${scope === '' ? '/' : scope}"`);
    results.push(await work(await findTarget(internals, scope)));
  }
  return results;
}

/** Those without a scope first. */
async function allScopes(internals: Internals): Promise<string[]> {
  const { config } = await findTarget(internals, '');
  const scopes = (await findAllMigrations(config)).map(({ name }) => scopeOf(name));
  return [...new Set(['', ...scopes])];
}

/** The folder of a scope's new migrations, as db-migrate writes it. */
export function folderForNew({ argv, migrationMode }: Internals): string {
  const root = argv['migrations-dir'];
  if (!migrationMode || migrationMode === 'all') return root;
  if (!migrationMode.split('/').includes('..')) return `${root}/${migrationMode}`;
  throw new KnexwardError('USAGE', {
    message: `"${migrationMode}" cannot be a scope: it leads out of the migrations folder.`,
    fix: 'Name a folder inside it.',
  });
}
