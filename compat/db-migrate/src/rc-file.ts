import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { KnexwardError } from 'knexward/compat';

const NAME = 'db-migraterc';

/**
 * Options out of `.db-migraterc`: that of the folder or of the nearest one around it, then that of
 * the user, then that of the machine; what is nearer counts more.
 *
 * @throws KnexwardError `DB_MIGRATE_CONFIG` for a file that holds no JSON object.
 */
export function readRcFile(folder: string): Record<string, unknown> {
  const paths = [join('/etc', NAME), join(homedir(), `.${NAME}`), nearest(folder)];
  return Object.assign({}, ...paths.map(readOptions)) as Record<string, unknown>;
}

function nearest(folder: string): string {
  for (let current = folder; ; current = dirname(current)) {
    const path = join(current, `.${NAME}`);
    if (existsSync(path) || current === dirname(current)) return path;
  }
}

function readOptions(path: string): Record<string, unknown> {
  if (!existsSync(path)) return {};
  try {
    const content: unknown = JSON.parse(readFileSync(path, 'utf8').replace(/^\uFEFF/, ''));
    return { ...(content as Record<string, unknown>) };
  } catch (error) {
    throw new KnexwardError('DB_MIGRATE_CONFIG', {
      message: `${path} cannot be read as JSON: ${(error as Error).message}`,
      fix: 'Write the options as one JSON object: {"migrations-dir": "db/migrations"}.',
      cause: error,
    });
  }
}
