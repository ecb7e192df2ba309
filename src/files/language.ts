import { existsSync } from 'node:fs';
import { extname, join } from 'node:path';
import { type ProjectConfig } from '../config/resolve.js';
import { KnexwardError } from '../errors.js';
import { fileSetOf, loadExtensionsOf } from './file-set.js';
import { type Migration } from './find.js';
import { type MigrationLanguage } from './template.js';

/*
 * Which language a new migration is written in: the one that was asked for, the knexfile's
 * `migrations.extension`, that of the newest migration, or that of the project.
 */

/** The language of a new migration, and the extension of its module, with the dot. */
export interface ChosenLanguage {
  language: MigrationLanguage;
  /** Of a pair of SQL files, that of the module which loads them; `null` where it needs none. */
  extension: string | null;
  /** One of Knex's own templates that the knexfile names, such as `ts-schema`. */
  knexStub: string | null;
}

const LANGUAGES: Readonly<Record<string, MigrationLanguage>> = {
  ts: 'ts',
  js: 'js',
  cjs: 'cjs',
  mjs: 'mjs',
};

/** @throws KnexwardError `USAGE` for a language that knexward does not write, or Knex would not find */
export function chooseLanguage(
  config: ProjectConfig,
  existing: readonly Migration[],
  asked: MigrationLanguage | undefined,
): ChosenLanguage {
  const { extensions, ownSource } = fileSetOf(config);
  const knexs = existing.filter(({ format }) => format !== 'db-migrate');
  const configured = configuredLanguage(config);
  const language = asked ?? configured?.language ?? ofNewest(knexs) ?? ofProject(config);
  if (language === 'sql') {
    const needsLoader = !ownSource && config.migrations.scope === null;
    const extension = needsLoader ? loaderExtension(config, knexs) : null;
    return { language, extension, knexStub: null };
  }
  const extension = `.${language}`;
  if (!extensions.has(extension)) throw notFound(extension, config);
  const knexStub = language === configured?.language ? configured.knexStub : null;
  return { language, extension, knexStub };
}

/** `migrations.extension` of the knexfile: an extension, or the name of one of Knex's templates. */
function configuredLanguage({
  knex,
}: ProjectConfig): { language: MigrationLanguage; knexStub: string | null } | undefined {
  const extension = knex.migrations?.extension;
  if (extension === undefined) return undefined;
  const language = LANGUAGES[extension.split('-')[0] ?? ''];
  if (language) return { language, knexStub: extension.includes('-') ? extension : null };
  throw new KnexwardError('USAGE', {
    message: `The knexfile's migrations.extension is "${extension}", which knexward does not write.`,
    fix: `Choose the language with --ts, --js or --sql, or create the file with "knex migrate:make".`,
  });
}

function ofNewest(migrations: readonly Migration[]): MigrationLanguage | undefined {
  const newest = migrations.at(-1);
  if (newest === undefined || newest.format === 'sql') return newest && 'sql';
  return languageOfFile(newest.name);
}

function ofProject(config: ProjectConfig): MigrationLanguage {
  const hasTypeScript = existsSync(join(config.projectRoot, 'tsconfig.json'));
  return hasTypeScript && fileSetOf(config).extensions.has('.ts') ? 'ts' : 'js';
}

function languageOfFile(name: string): MigrationLanguage {
  if (/\.[cm]?ts$/.test(name)) return 'ts';
  return name.endsWith('.mjs') ? 'mjs' : name.endsWith('.cjs') ? 'cjs' : 'js';
}

/** In what Knex's command line can run: as the migrations that are there, else as the knexfile. */
function loaderExtension(config: ProjectConfig, migrations: readonly Migration[]): string {
  const { extensions } = fileSetOf(config);
  const like = [
    ...migrations.map(({ name }) => extname(name)).reverse(),
    extname(config.knexfile ?? '') === '.ts' ? '.ts' : '.js',
    ...['.js', '.cjs', '.mjs', '.ts'],
  ];
  const found = like.find((extension) => extension !== '.sql' && extensions.has(extension));
  if (found !== undefined) return found;
  throw notFound('.js', config);
}

function notFound(extension: string, config: ProjectConfig): KnexwardError {
  const extensions = [...fileSetOf(config).extensions];
  const where = loadExtensionsOf(config);
  return new KnexwardError('USAGE', {
    message: `A migration with the extension ${extension} would not be found, not even by Knex's own command line: the extensions looked for are ${extensions.join(', ')}.`,
    fix: `Choose another language, or add "${extension}" to ${where}.`,
  });
}
