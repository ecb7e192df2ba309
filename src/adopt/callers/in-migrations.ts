import { readdirSync, readFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { rememberName } from '../../printable.js';
import { type Warning } from '../plan.js';
import { type DbMigrateProject } from '../project.js';
import { findFileName, lineOf } from './mentions.js';

const CODE = new Set(['.js', '.cjs', '.mjs', '.ts', '.cts', '.mts']);

/** The migrations, and what lies beside them, that read db-migrate's configuration. Reads only. */
export function placesInMigrations({ root, migrationsDirectory, configPath }: DbMigrateProject): {
  places: string[];
  warnings: Warning[];
} {
  const places: string[] = [];
  if (configPath === null) return { places, warnings: [] };
  const name = basename(configPath);
  for (const path of filesIn(root, migrationsDirectory)) {
    const text = readFileSync(join(root, path), 'utf8');
    if (!text.includes(name)) continue;
    places.push(...findFileName(text, name).map(({ start }) => `${path}:${lineOf(text, start)}`));
  }
  const warnings = places.map((place): Warning => ({
    code: 'CALLER_LEFT',
    message: `${place} uses db-migrate's configuration (${name}); ${name} stays for it`,
  }));
  return { places, warnings };
}

function* filesIn(root: string, folder: string): Generator<string> {
  let entries;
  try {
    entries = readdirSync(join(root, folder), { withFileTypes: true });
  } catch {
    // A folder that is not there, or may not be read, is told of where migrations are looked for.
    return;
  }
  for (const entry of entries) {
    rememberName(entry.name);
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory() && entry.name !== 'node_modules') yield* filesIn(root, path);
    if (entry.isFile() && CODE.has(extname(entry.name))) yield path;
  }
}
