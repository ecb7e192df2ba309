import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type ClientConfig } from 'pg';
import { upOrDown } from '../adopt/up-or-down.js';
import { type ResolvedConfig } from '../config/resolve.js';
import { type ErrorCode, KnexwardError } from '../errors.js';
import { type MigratorOptions } from '../migrator/options.js';
import { type RunListener } from '../run/events.js';
import { type MigrationFailure } from '../failure/failure.js';
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

/** What it has done, or what has stopped it: only plain data goes from thread to thread. */
export type ThreadAnswer =
  | { failed: MigrationFailure | null; error?: undefined }
  | { error: { code: ErrorCode; message: string; fix: string } };

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
    const answer = await answerOf(thread);
    if (answer.error) throw new KnexwardError(answer.error.code, answer.error);
    return answer.failed;
  } finally {
    await thread.terminate();
  }
}

/** A migration may call `process.exit`, which ends a thread without an answer. */
function answerOf(thread: Worker): Promise<ThreadAnswer> {
  return new Promise((resolve, reject) => {
    thread.once('message', resolve);
    thread.once('error', reject);
    thread.once('exit', () => reject(new Error('A migration has ended its thread.')));
  });
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
