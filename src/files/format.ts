import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, relative, sep } from 'node:path';
import { hasTracesOfDbMigrate } from '../config/db-migrate-traces.js';
import { MIGRATION_SOURCE } from '../config/migrations.js';
import { type ProjectConfig } from '../config/resolve.js';
import { type MigrationFormat, type Settings } from '../config/settings.js';
import { hasDbMigrateName } from './name.js';
import { namesInSqls } from './sqls.js';

/*
 * A name with a hyphen (20190101000000-users.js) says nothing by itself: db-migrate gives such names,
 * and so do people who write Knex's files by hand. What the project shows decides.
 */

/** Tells the formats of a project's files. The project is looked at once, if a file asks for it. */
export function formatsOf(config: ProjectConfig): (path: string) => MigrationFormat {
  let hyphen: MigrationFormat | undefined;
  return (path) => {
    const configured = configuredFormat(path, config.projectRoot, config.settings);
    if (configured) return configured;
    if (!hasDbMigrateName(basename(path))) return 'knex';
    hyphen ??= isDbMigrateProject(config, path) ? 'db-migrate' : 'knex';
    return hyphen;
  };
}

/** The most specific entry of `knexward.formats` that names the file or a folder around it. */
export function configuredFormat(
  path: string,
  projectRoot: string,
  { formats }: Settings,
): MigrationFormat | undefined {
  return entryFor(path, projectRoot, formats);
}

/** The most specific entry of an object that names a file or a folder around it. */
export function entryFor<Entry>(
  path: string,
  projectRoot: string,
  entries: Readonly<Record<string, Entry>>,
): Entry | undefined {
  const keys = Object.keys(entries);
  // Most projects name none, and the paths of ten thousand files take their time.
  if (keys.length === 0) return undefined;
  const inProject = relative(projectRoot, path).split(sep).join('/');
  const matching = keys
    .map((key) => ({ key, place: key.replace(/^\.\//, '').replace(/\/$/, '') }))
    .filter(
      ({ place }) => place === '.' || inProject === place || inProject.startsWith(`${place}/`),
    )
    .sort((a, b) => b.place.length - a.place.length);
  const key = matching[0]?.key;
  return key === undefined ? undefined : entries[key];
}

/**
 * Whether db-migrate was ever there: the knexfile says so, its files are there, a package needs it,
 * or the migration itself speaks its interface. Without any configuration for Knex, nothing else can be meant.
 */
function isDbMigrateProject(config: ProjectConfig, path: string): boolean {
  const { knex, knexfile, projectRoot, configured } = config;
  const source = knex.migrations?.migrationSource;
  if (knex.knexward?.dbMigrate !== undefined || (source && MIGRATION_SOURCE in source)) return true;
  if (!configured) return true;
  const roots = knexfile === null ? [projectRoot] : [projectRoot, dirname(knexfile)];
  return (
    roots.some(hasTracesOfDbMigrate) ||
    namesInSqls(dirname(path)).length > 0 ||
    speaksDbMigrate(path)
  );
}

const OLD_INTERFACE = [
  /\bdb-?migrate\b|\bdbm\b|\bseedLink\b|\bfunction setup\b|\bexports\.setup\b/i,
  // Knex has these methods on its schema builder, if at all.
  /\bdb\.(?:runSql|(?:create|drop|rename)Table|(?:add|remove|rename|change)Column|(?:add|remove)(?:Index|ForeignKey))\b/,
];

/** What db-migrate's template, and whoever wrote without it, calls or exports. */
function speaksDbMigrate(path: string): boolean {
  if (!existsSync(path)) return false;
  const text = readFileSync(path, 'utf8');
  return OLD_INTERFACE.some((pattern) => pattern.test(text));
}

/** The line of a knexfile that says which tool the files of a folder are written for. */
export function formatsEntry(folder: string, tool: 'Knex' | 'db-migrate'): string {
  return `knexward: { formats: { '${folder}': '${tool.toLowerCase()}' } }`;
}
