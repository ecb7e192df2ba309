import { parseJson } from '../json.js';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KnexwardError } from '../errors.js';
import { type ProjectConfig } from './resolve.js';

/** A part of a folder's path that stays inside that folder, on every system. */
const SEGMENT = /^(?!\.{1,2}$)[^\\/:\0]+$/;

/**
 * Narrows a configuration down to one scope: a sub-folder of the migrations folder, whose
 * migrations run only when it is asked for. Its `config.json`, where it has one, says which
 * schemas they run in, and with that where their history is.
 *
 * @throws KnexwardError `USAGE` for a scope that is no sub-folder's name, or where the knexfile's
 * own migration source has no folders; `DB_MIGRATE_CONFIG` for a `config.json` that cannot be used.
 */
export function narrowToScope<Config extends ProjectConfig>(
  project: Config,
  scope: string,
): Config {
  if (!isScope(scope)) throw notAScope(scope);
  if (project.migrations.source) throw noFolders(scope);
  const migrations = { ...project.migrations, scope };
  const { knex, settings } = project;
  const place = readPlace(project, scope);
  if (place === undefined) return { ...project, migrations };
  return {
    ...project,
    knex: { ...knex, searchPath: place.searchPath },
    migrations: {
      ...migrations,
      schemaName: place.home,
      historyPath: place.home === null ? place.searchPath : null,
    },
    settings: { ...settings, dbMigrate: { ...settings.dbMigrate, schema: place.home } },
  };
}

/** Whether this can be the name of a scope: a folder inside the migrations folder. */
function isScope(name: string): boolean {
  return name.split('/').every((segment) => SEGMENT.test(segment));
}

/** Where a scope's migrations run. */
interface Place {
  searchPath: string[];
  /** The schema that holds their history; `null` where only the database can tell. */
  home: string | null;
}

/**
 * What db-migrate makes of a scope's `config.json`: a search path, with the environment's schema in
 * front of it, or that of `config.json`. Its table is then made in the schema in front; where there
 * is none, db-migrate takes the first table of that name on the path.
 */
function readPlace(project: ProjectConfig, scope: string): Place | undefined {
  const path = project.migrations.directories
    .map((directory) => join(directory, scope, 'config.json'))
    .find((candidate) => existsSync(candidate));
  if (path === undefined) return undefined;
  const content = readJson(path) as { database?: unknown; schema?: unknown } | string | null;
  const { database, schema } =
    typeof content === 'string' ? { database: content, schema: undefined } : (content ?? {});
  const { settings, migrations } = project;
  const own = settings.dbMigrate.schema ?? migrations.schemaName ?? 'public';
  if (typeof database === 'string') {
    const schemas = parseSearchPath(database, path);
    if (own !== 'public') return { searchPath: withFirst(own, schemas), home: own };
    return { searchPath: schemas, home: schemas.length === 1 ? (schemas[0] ?? null) : null };
  }
  if (typeof schema === 'string') {
    const schemas = parseSearchPath(schema, path);
    const home = schemas.length === 1 ? schema : null;
    return { searchPath: withFirst(schema, schemas), home };
  }
  throw unusable(path, 'names neither a schema nor a database');
}

function withFirst(first: string, schemas: readonly string[]): string[] {
  return [first, ...schemas.filter((schema) => schema !== first)];
}

function readJson(path: string): unknown {
  try {
    return parseJson(readFileSync(path, 'utf8'));
  } catch (error) {
    throw unusable(path, `cannot be read (${(error as Error).message})`);
  }
}

/** Beyond ASCII, every character may be in a name, and none is a space. */
const NAME =
  /[ \t\n\r\f\v]*(?:"((?:[^"]|"")+)"|([A-Za-z_\u{80}-\u{10FFFF}][\w$\u{80}-\u{10FFFF}]*))[ \t\n\r\f\v]*(?:,|$)/uy;

/**
 * Takes a list of schemas apart as PostgreSQL does: of a name without quotes, the letters of ASCII
 * are in lower case.
 */
function parseSearchPath(text: string, path: string): string[] {
  const schemas: string[] = [];
  for (NAME.lastIndex = 0; NAME.lastIndex < text.length;) {
    const found = NAME.exec(text);
    if (!found) throw unusable(path, `names the schemas "${text}", which PostgreSQL cannot read`);
    const [, quoted, plain] = found;
    schemas.push(
      quoted?.replaceAll('""', '"') ??
        (plain as string).replace(/[A-Z]+/g, (letters) => letters.toLowerCase()),
    );
  }
  if (schemas.length === 0) throw unusable(path, 'names no schema');
  return schemas;
}

function notAScope(scope: string): KnexwardError {
  return new KnexwardError('USAGE', {
    message: `"${scope}" cannot be a scope: it is no path of a folder inside the migrations folder.`,
    fix: 'Name the sub-folder with its migrations, such as tenant or tenant/billing.',
  });
}

function noFolders(scope: string): KnexwardError {
  return new KnexwardError('USAGE', {
    message: `The scope "${scope}" was asked for, but the knexfile has a migration source of its own, which has no folders.`,
    fix: 'Leave out --scope, or use migrations.directory in the knexfile.',
  });
}

function unusable(path: string, reason: string): KnexwardError {
  return new KnexwardError('DB_MIGRATE_CONFIG', {
    message: `${path} ${reason}.`,
    fix: 'Name the schema that the scope\'s migrations run in: {"schema": "tenant"}. Nothing was changed.',
  });
}
