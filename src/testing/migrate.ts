import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type ClientConfig } from 'pg';
import { upOrDown } from '../adopt/up-or-down.js';
import { type ResolvedConfig } from '../config/resolve.js';
import { KnexwardError } from '../errors.js';
import { type MigratorOptions } from '../migrator/options.js';
import { type RunListener } from '../run/events.js';
import { type MigrationFailure } from '../run/failure.js';
import { type Ingredient } from './key.js';
import { hasOldModules, rememberModules } from './loaded.js';

/** What a template is filled by. */
export interface Migrating {
  config: ResolvedConfig;
  /** What the configuration was resolved from. */
  source: MigratorOptions;
  ingredients: readonly Ingredient[];
  listener: RunListener;
}

/** What a thread is to do. */
export interface ThreadOrder {
  source: MigratorOptions;
  connection: ClientConfig;
}

/** What it has done. */
export interface ThreadAnswer {
  failed: MigrationFailure | null;
}

/**
 * Applies all migrations to the database that a connection leads to: in this process, or, where that
 * has loaded one of their files before it was edited, in a thread that loads everything anew.
 */
export async function migrate(
  { config, source, ingredients, listener }: Migrating,
  connection: ClientConfig,
): Promise<MigrationFailure | null> {
  if (hasOldModules(ingredients)) return inThread({ source, connection });
  rememberModules(ingredients);
  const inside: ResolvedConfig = { ...config, database: { kind: 'server', connection } };
  return (await upOrDown(inside, { direction: 'up', listener })).failed;
}

async function inThread(workerData: ThreadOrder): Promise<MigrationFailure | null> {
  const thread = startThread(workerData);
  try {
    const [answer] = (await once(thread, 'message')) as [ThreadAnswer];
    return answer.failed;
  } finally {
    await thread.terminate();
  }
}

/** @throws KnexwardError `USAGE` for a configuration with functions, which no thread can be given. */
function startThread(workerData: ThreadOrder): Worker {
  try {
    return new Worker(join(__dirname, 'migrate-thread.js'), { workerData });
  } catch (error) {
    if ((error as Error).name !== 'DataCloneError') throw error;
    throw new KnexwardError('USAGE', {
      message: 'A migration was edited since this process has loaded it.',
      fix: 'Start the process anew. With a knexfile, in the place of a config that holds functions, that is not needed.',
      cause: error,
    });
  }
}
