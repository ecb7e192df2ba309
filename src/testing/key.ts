import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { type ResolvedConfig } from '../config/resolve.js';
import { schemasOf } from '../database/search-path.js';
import { KnexwardError } from '../errors.js';
import { sha256 } from '../files/checksum.js';
import { findMigrations, type Migration } from '../files/find.js';
import { type ServerTraits } from '../throwaway/claim.js';
import { version } from '../version.js';

/** One thing that a template's content depends on, and what it is like. */
export type Ingredient = readonly [what: string, value: string];

/** The key of a template: the same for the same ingredients in the same order, and for no others. */
export function keyOf(ingredients: readonly Ingredient[]): string {
  return sha256(JSON.stringify(ingredients));
}

/**
 * All that a template's content depends on, as far as it can be seen: the migrations in their order,
 * every file in the migrations folders (what migrations load beside them counts too), further files
 * that the project names, the settings that change where things are made, the server, knexward.
 *
 * The files are read at once and not one after the other in the background: there are hundreds of
 * small ones, the system has them in memory, and a test waits for it.
 */
export async function ingredientsOf(
  config: ResolvedConfig,
  server: ServerTraits,
  dependsOn: readonly string[],
): Promise<Ingredient[]> {
  const migrations = await findMigrations(config);
  const folders = config.migrations.directories.flatMap((folder) => filesIn(folder));
  const named = dependsOn.flatMap((path) => filesNamed(resolve(config.projectRoot, path), path));
  const custom = await Promise.all(migrations.map((migration) => textOfCustom(config, migration)));
  const paths = migrations.flatMap(({ path }) => path ?? []);
  return [
    ['knexward', version],
    ['server', JSON.stringify(server)],
    ['settings', JSON.stringify(settingsThatCount(config))],
    ...migrations.map(({ name, format }): Ingredient => ['migration', `${format} ${name}`]),
    ...custom.flat(),
    ...[...new Set([...folders, ...named, ...paths])]
      .map((path): Ingredient => [inProject(config, path), sha256(readFileSync(path))])
      .sort(([one], [other]) => (one < other ? -1 : 1)),
  ];
}

function settingsThatCount({ knex, migrations, settings }: ResolvedConfig): unknown {
  const { tableName, schemaName, scope, historyPath, disableTransactions } = migrations;
  return {
    searchPath: schemasOf(knex),
    ...{ tableName, schemaName, scope, historyPath, disableTransactions },
    ...{ dbMigrate: settings.dbMigrate, formats: settings.formats },
  };
}

/** A migration of a source of the project's own may have no file: its functions are all there is. */
async function textOfCustom(config: ResolvedConfig, migration: Migration): Promise<Ingredient[]> {
  const { source } = config.migrations;
  if (!source || migration.path !== null) return [];
  const loaded = await source.getMigration(migration.custom);
  return [[`source ${migration.name}`, sha256(String(loaded.up))]];
}

/** The same on every machine, so that two checkouts of one project share a template. */
function inProject({ projectRoot }: ResolvedConfig, path: string): string {
  return `file ${relative(projectRoot, path).split(sep).join('/')}`;
}

const NOT_LOOKED_INTO = /^(?:node_modules|\..*)$/;
/** What a compiler leaves beside a file, and nothing loads. */
const DOES_NOT_COUNT = /\.d\.[cm]?ts$|\.map$/;

function filesIn(folder: string): string[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return entries.flatMap((entry) => {
    if (NOT_LOOKED_INTO.test(entry.name) || DOES_NOT_COUNT.test(entry.name)) return [];
    const path = join(folder, entry.name);
    const kind = entry.isSymbolicLink() ? statSync(path, { throwIfNoEntry: false }) : entry;
    // A link to a folder may lead to a folder that it lies in; nobody keeps migrations behind one.
    if (kind?.isFile()) return [path];
    return entry.isDirectory() ? filesIn(path) : [];
  });
}

function filesNamed(path: string, given: string): string[] {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) {
    throw new KnexwardError('USAGE', {
      message: `There is no ${path}, which dependsOn names.`,
      fix: `Correct "${given}": a file or a folder, relative to the project's folder.`,
    });
  }
  return found.isDirectory() ? filesIn(path) : [path];
}
