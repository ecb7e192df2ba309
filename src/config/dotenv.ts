import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Reads a folder's `.env`, as db-migrate does, into the environment of this process. It never
 * overrides what is set.
 */
export async function readDotenv(folder: string): Promise<void> {
  const path = join(folder, '.env');
  if (!existsSync(path)) return;
  const { config } = await import('dotenv');
  config({ path, quiet: true });
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
