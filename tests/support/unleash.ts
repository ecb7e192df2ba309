import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { REPOSITORY } from './project';

const run = promisify(execFile);

const VERSION = '7.5.1';
const CACHE = join(REPOSITORY, '.cache', `unleash-server-${VERSION}`);

/** How many migrations that release of Unleash has, as its makers count them. */
export const UNLEASH_MIGRATIONS = 374;

/**
 * The migrations of Unleash, a project that others wrote: fetched from the npm registry at the
 * first use and kept. Its dependencies are not installed.
 *
 * @returns the folder that holds them
 */
export async function fetchUnleash(): Promise<string> {
  if (!existsSync(CACHE)) {
    const work = `${CACHE}.${process.pid}`;
    mkdirSync(work, { recursive: true });
    try {
      await run('npm', ['pack', `unleash-server@${VERSION}`, '--pack-destination', work]);
      const archive = join(work, `unleash-server-${VERSION}.tgz`);
      await run('tar', ['-xzf', archive, '-C', work, 'package/dist/migrations']);
      renameSync(join(work, 'package'), CACHE);
    } catch (error) {
      if (!existsSync(CACHE)) throw error;
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  return join(CACHE, 'dist/migrations');
}

/** Copies the migrations into a project's folder. */
export async function copyUnleash(target: string): Promise<void> {
  cpSync(await fetchUnleash(), target, { recursive: true });
}
