import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KnexwardError } from 'knexward/compat';
import { helpText } from '../help.js';
import { type Internals } from '../internals.js';
import { log } from '../log.js';
import { folderForNew } from '../scopes.js';
import { JAVASCRIPT, SQL, sqlLoader, sqlLoaderIgnoredOnInit } from '../templates.js';

/**
 * Writes a new migration of db-migrate's own format, and with `--sql-file` its two SQL files. A
 * file that exists is never overwritten: the timestamp moves on by a second.
 *
 * @throws KnexwardError `INVALID_NAME`, `USAGE` or `FILE_NOT_WRITABLE`
 */
export async function create(internals: Internals): Promise<void> {
  const { argv } = internals;
  if (chosen(internals, 'coffee-file')) throw noCoffee();
  const given = argv._.shift();
  if (given === undefined) throw nameMissing(internals);
  const folder = folderForNew(internals);
  const { title, subfolder } = takeApart(given);
  try {
    await mkdir(folder, { recursive: true });
    await write(internals, folder, join(folder, subfolder), title);
  } catch (error) {
    throw new KnexwardError('FILE_NOT_WRITABLE', {
      message: `Failed to create the migration: ${(error as Error).message}`,
      fix: 'Make the folder that it is to lie in, and check that it is yours to write to.',
      cause: error,
    });
  }
}

async function write(
  internals: Internals,
  folder: string,
  target: string,
  title: string,
): Promise<void> {
  const withSql = chosen(internals, 'sql-file');
  const name = await writeMigration(target, title, (stem) => {
    if (!withSql) return JAVASCRIPT;
    return chosen(internals, 'ignore-on-init') ? sqlLoaderIgnoredOnInit(stem) : sqlLoader(stem);
  });
  if (!withSql) return;
  const sqls = `${folder}/sqls`;
  await mkdir(sqls, { recursive: true });
  for (const direction of ['up', 'down']) {
    const path = join(sqls, `${name}-${direction}.sql`);
    await writeFile(path, SQL, { flag: 'wx' });
    log.info(`Created migration ${direction} sql file at ${path}`);
  }
}

/** Returns the name that the migration got. */
async function writeMigration(
  target: string,
  title: string,
  contentFor: (name: string) => string,
): Promise<string> {
  for (let moment = new Date(); ; moment = new Date(moment.getTime() + 1000)) {
    const name = `${timestamp(moment)}-${title.replace(/[ _]/g, '-')}`;
    const path = join(target, `${name}.js`);
    try {
      await writeFile(path, contentFor(name), { flag: 'wx' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
      throw error;
    }
    log.info(`Created migration at ${path}`);
    return name;
  }
}

function timestamp(moment: Date): string {
  return moment.toISOString().replace(/\D/g, '').slice(0, 14);
}

/** `create a/b` makes the migration "a" in the folder `a`, which has to be there. */
function takeApart(given: string): { title: string; subfolder: string } {
  const parts = given.split('/');
  if (parts.includes('..')) {
    throw new KnexwardError('INVALID_NAME', {
      message: `"${given}" leads out of the migrations folder.`,
      fix: 'Give a name without "..".',
    });
  }
  return { title: parts.at(-2) ?? given, subfolder: parts.slice(0, -1).join('/') };
}

/** Options of `create` may also stand at the top of the configuration. */
function chosen(internals: Internals, option: string): boolean {
  return Boolean(internals.argv[option] || internals.environment.settings[option]);
}

function nameMissing({ isModule }: Internals): KnexwardError {
  if (!isModule) process.stderr.write(helpText());
  return new KnexwardError('INVALID_NAME', {
    message: "'migrationName' is required.",
    fix: 'Say what the migration does: db-migrate create add-users',
  });
}

function noCoffee(): KnexwardError {
  return new KnexwardError('USAGE', {
    message: 'CoffeeScript migrations cannot be created: knexward does not read them.',
    fix: 'Leave out --coffee-file ("coffee-file" in the configuration).',
  });
}
