import { existsSync, readdirSync } from 'node:fs';
import { extname, join } from 'node:path';
import { KNEX_EXTENSIONS, isModule, OWN_EXTENSIONS } from '../files/file-set.js';
import { isScopeFolder } from '../files/find.js';
import { compareNames, stemOf, timestampOf } from '../files/name.js';
import { KnexwardError } from '../errors.js';
import { type DbMigrateProject, type PackageJson } from './project.js';

/*
 * A build that compiles migrations in place leaves x.js beside x.ts. db-migrate by itself reads .js
 * alone, so that is what has run; with both, each migration would stand there twice.
 */

/** What counts where sources lie beside what they are compiled to. */
export const COMPILED_EXTENSIONS: readonly string[] = ['.js', '.cjs', '.mjs', '.sql'];

/** What is not JavaScript: TypeScript, and the languages that Knex looks for. */
const SOURCES = new Set(
  [...OWN_EXTENSIONS, ...KNEX_EXTENSIONS].filter((known) => !COMPILED_EXTENSIONS.includes(known)),
);

/**
 * The files of a migrations folder and its scopes that db-migrate does not read, where one of them
 * at least was compiled to a `.js` of the same name beside it; else none. Names start in the folder.
 */
export function findSources(directory: string): string[] {
  const files = listFiles(directory, '');
  const present = new Set(files);
  const sources = files.filter((file) => isModule(file, SOURCES));
  return sources.some((file) => present.has(`${stemOf(file)}.js`)) ? sources : [];
}

function listFiles(directory: string, scope: string): string[] {
  const folder = join(directory, scope);
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { withFileTypes: true });
  return entries
    .sort((a, b) => compareNames(a.name, b.name))
    .flatMap((entry) => {
      const name = scope === '' ? entry.name : `${scope}/${entry.name}`;
      if (entry.isDirectory()) return isScopeFolder(entry.name) ? listFiles(directory, name) : [];
      // Beside the migrations of a scope lie modules that they load.
      return scope === '' || timestampOf(entry.name) !== undefined ? [name] : [];
    });
}

/**
 * The extensions that count in a project that has no knexfile yet; `undefined` for the usual ones.
 *
 * @throws KnexwardError `DUPLICATE_FILE` where a plugin of db-migrate's may read the sources too.
 */
export function extensionsInForce(project: DbMigrateProject): readonly string[] | undefined {
  const { sources, packageJson, migrationsDirectory } = project;
  if (sources.length === 0) return undefined;
  const plugins = pluginsOf(packageJson);
  if (plugins.length === 0) return COMPILED_EXTENSIONS;
  throw new KnexwardError('DUPLICATE_FILE', {
    message: `Files in ${migrationsDirectory} differ only in their extension: ${namesOf(sources)} and the .js beside them. With a plugin that reads ${extensionsOf(sources)}, db-migrate runs both, and package.json has ${plugins.join(', ')}. Nothing was changed.`,
    fix: `If db-migrate ran the .js files, move these out of the folder: ${namesOf(sources)}. Or remove the plugin from package.json, and adopt leaves them out.`,
  });
}

function pluginsOf(packageJson: PackageJson | null): string[] {
  return [...(packageJson?.dependencies ?? [])].filter((name) =>
    name.startsWith('db-migrate-plugin'),
  );
}

const SHOWN = 5;

/** The first of them by name, and how many more there are. */
export function namesOf(files: readonly string[]): string {
  const more = files.length > SHOWN ? `, and ${files.length - SHOWN} more` : '';
  return `${files.slice(0, SHOWN).join(', ')}${more}`;
}

/** Their extensions, each once. */
export function extensionsOf(files: readonly string[]): string {
  return [...new Set(files.map((file) => extname(file)))].join(', ');
}
