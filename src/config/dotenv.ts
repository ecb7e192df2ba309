import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

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

/** Whether a folder's `.env` has a variable that names a database, also where it cannot be read as text. */
export function dotenvNamesDatabase(folder: string): boolean {
  const path = join(folder, '.env');
  if (!existsSync(path) || !statSync(path).isFile()) return false;
  // In UTF-16, a zero stands between the letters.
  const text = readFileSync(path, 'latin1').replaceAll('\0', '');
  return /^.{0,3}(?:export\s+)?(?:DATABASE_URL|PGHOST|PGDATABASE)\s*=\s*\S/m.test(text);
}
