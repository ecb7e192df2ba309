import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './root.js';

/**
 * Reads the backend's `.env`, as knexward does before it migrates: application and migrations must
 * see the same variables. It overrides none that is set.
 */
export function readDotenv(folder: string = ROOT): void {
  const path = join(folder, '.env');
  // Node.js has it from 20.12 on; the types are older.
  const { loadEnvFile } = process as { loadEnvFile?: (path: string) => void };
  if (existsSync(path)) loadEnvFile?.(path);
}
