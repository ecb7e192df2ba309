import { parseJson } from '../json.js';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The files that tell where db-migrate's database is. */
const CONFIGURATION = ['database.json', '.db-migraterc'];
/** What `adopt` leaves of them. */
const LEFT = ['database.json.bak'];

/**
 * What shows that a project runs db-migrate, which then says where its database is: a file of its
 * configuration, or a script that calls it. `null` where nothing does.
 */
export function dbMigrateConfigurationIn(folder: string): string | null {
  const file = CONFIGURATION.find((name) => existsSync(join(folder, name)));
  if (file !== undefined) return file;
  const { scripts } = packageJsonIn(folder);
  const calls = Object.values(Object(scripts) as Record<string, unknown>).some((script) =>
    /(?<![\w.-])db-migrate(?![\w-])/.test(String(script)),
  );
  return calls ? "package.json's scripts" : null;
}

/** Whether db-migrate was ever there: its files, its packages, an alias under its name, scripts. */
export function hasTracesOfDbMigrate(folder: string): boolean {
  if ([...CONFIGURATION, ...LEFT].some((file) => existsSync(join(folder, file)))) return true;
  return /\bdb-migrate\b/.test(textOf(folder));
}

function textOf(folder: string): string {
  const path = join(folder, 'package.json');
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

function packageJsonIn(folder: string): { scripts?: unknown } {
  try {
    return Object(parseJson(textOf(folder) || '{}')) as {
      scripts?: unknown;
    };
  } catch {
    // What is wrong with it is told where it is needed.
    return {};
  }
}
