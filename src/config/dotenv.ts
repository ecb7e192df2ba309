import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Reads a folder's `.env` into the environment of this process, exactly as db-migrate does, so that
 * the same database is meant: nothing after a value is a comment, and no value has a second line. It never
 * overrides what is set. The knexfile that `adopt` writes calls it.
 *
 * @example
 * import { readDotenv } from 'knexward';
 *
 * readDotenv(process.cwd());
 *
 * @source dotenv 5, lib/main.js
 */
export function readDotenv(folder: string): void {
  const path = join(folder, '.env');
  if (!existsSync(path) || !statSync(path).isFile()) return;
  for (const [name, value] of Object.entries(parseDotenv(readFileSync(path, 'utf8')))) {
    if (!Object.hasOwn(process.env, name)) process.env[name] = value;
  }
}

/** The variables in a text: of one that is there twice, the last. */
function parseDotenv(text: string): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const [, name, found = ''] = /^\s*([\w.-]+)\s*=\s*(.*)?\s*$/.exec(line) ?? [];
    if (name === undefined) continue;
    const value = /^".*"$/.test(found) ? found.replace(/\\n/g, '\n') : found;
    variables[name] = value.replace(/^['"]|['"]$/g, '').trim();
  }
  return variables;
}

/**
 * The `.env` that names a database: that of the folder, else the nearest one above it in the same
 * repository. Those above are looked at and not loaded, as dotenv and db-migrate do not.
 */
export function dotenvNamingDatabase(folder: string): string | undefined {
  return foldersUpToRepository(folder)
    .map((each) => join(each, '.env'))
    .find(namesDatabase);
}

/** Whether a `.env` has a variable that names a database, also where it cannot be read as text. */
function namesDatabase(path: string): boolean {
  if (!existsSync(path) || !statSync(path).isFile()) return false;
  // In UTF-16, a zero stands between the letters.
  const text = readFileSync(path, 'latin1').replaceAll('\0', '');
  return /^.{0,3}(?:export\s+)?(?:DATABASE_URL|PGHOST|PGDATABASE)\s*=\s*\S/m.test(text);
}

/**
 * A folder and those above it, up to the root of its repository; where there is none, as in an image,
 * up to the outermost folder with a `package.json`.
 */
function foldersUpToRepository(folder: string): string[] {
  const folders = [folder];
  for (let at = folder; dirname(at) !== at; at = dirname(at)) folders.push(dirname(at));
  const holding = (name: string): string[] =>
    folders.filter((each) => existsSync(join(each, name)));
  const root = holding('.git').at(0) ?? holding('package.json').at(-1) ?? folder;
  return folders.slice(0, folders.indexOf(root) + 1);
}
