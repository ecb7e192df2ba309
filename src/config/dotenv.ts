import { existsSync } from 'node:fs';
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
