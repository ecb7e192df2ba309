import { basename } from 'node:path';
import { type DbMigrateConfig } from '../../db-migrate/config.js';
import { Code, quote, renderValue, type SourceObject, type SourceValue } from './source-text.js';

/** What a generated file is: TypeScript, CommonJS, or an ES module. */
export type KnexfileLanguage = 'ts' | 'js' | 'mjs';

/** Where a knexfile takes its environments from. */
export type KnexfileSource =
  /** It holds what database.json says. */
  | { kind: 'literal'; config: DbMigrateConfig }
  /** A module, which goes on computing them. Its path is relative to the knexfile's folder. */
  | { kind: 'module'; path: string }
  /** The variable `DATABASE_URL` and nothing else, whatever the environment is called. */
  | { kind: 'url' };

/** What the knexfile has to say besides db-migrate's configuration. */
export interface KnexfileOptions {
  language: KnexfileLanguage;
  /** Relative to the knexfile's folder, with forward slashes. */
  migrationsDirectory: string;
  /** The name of db-migrate's table. */
  historyTable: string;
  /** The schema of db-migrate's table by environment, where no configuration says it. */
  historySchemas: Record<string, string | undefined>;
  /** The environments of database.json that cannot be used. */
  leftOut: readonly string[];
  /** Whether the history has rows whose file is gone, which Knex refuses by itself. */
  rowsWithoutFiles: boolean;
  /** Whether db-migrate ran everything without transactions. */
  nonTransactional: boolean;
  /** The extensions that count, where it is not all that knexward reads. */
  loadExtensions: readonly string[] | null;
}

/**
 * Writes a knexfile that says what db-migrate's configuration said. Environment variables stay
 * environment variables, and a program stays one: no value of `process.env` is looked at. Literal
 * values of a JSON file stay as they are.
 */
export function renderKnexfile(source: KnexfileSource, options: KnexfileOptions): string {
  const sections = [
    renderHeader(source, options),
    renderDirectory(options),
    renderFunction(options),
    renderExport(source, options),
  ];
  return `${sections.join('\n\n')}\n`;
}

/** Imports stand first, also where a module of CommonJS would not need it. */
function renderHeader(source: KnexfileSource, { language }: KnexfileOptions): string {
  const names = ['dbMigrateConnection', 'migrationSource', 'readDotenv'];
  if (source.kind === 'module') names.splice(1, 0, 'dbMigrateEnvironments');
  const bind = (list: string, module: string) =>
    language === 'js'
      ? `const { ${list} } = require('${module}');`
      : `import { ${list} } from '${module}';`;
  const types = language === 'ts' ? ['type Config', 'type DbMigrateSettings'] : [];
  const imported = [...types, ...names];
  const lines = [
    `// Written by "knexward adopt" from ${nameOf(source)}. It is yours now: change it as you need.`,
    ...(language === 'js' ? ["const path = require('node:path');"] : []),
    ...(language === 'mjs' ? [bind('fileURLToPath', 'node:url')] : []),
    inLines(bind(imported.join(', '), 'knexward')),
    '',
    '// As db-migrate did, and by its rules: the file .env fills in what is not set.',
    `readDotenv(${placeOf('.', language)});`,
  ];
  return lines.join('\n');
}

/** An import laid out as Prettier would. */
function inLines(line: string): string {
  if (line.length <= 100) return line;
  return line.replace(
    /\{ (.*) \}/,
    (_, names: string) => `{\n  ${names.replaceAll(', ', ',\n  ')},\n}`,
  );
}

function nameOf(source: KnexfileSource): string {
  if (source.kind === 'url') return 'DATABASE_URL';
  return source.kind === 'literal' ? basename(source.config.path) : source.path;
}

function renderDirectory(options: KnexfileOptions): string {
  const { language, migrationsDirectory, nonTransactional, loadExtensions } = options;
  const folder = `const directory = ${placeOf(migrationsDirectory, language)};`;
  const directory =
    loadExtensions === null
      ? folder
      : `${folder}
// db-migrate ran the compiled files; what they are compiled from lies beside them.
const loadExtensions = [${loadExtensions.map(quote).join(', ')}];`;
  if (!nonTransactional) return directory;
  const key = renderValue({ [migrationsDirectory]: false }).replace(/,?\s+/g, ' ');
  return `${directory}
// db-migrate ran these without a transaction (non-transactional).
const transactions = ${key};`;
}

/** The code of a path beside the knexfile. In TypeScript it is where knexward and Knex work. */
function placeOf(path: string, language: KnexfileLanguage): string {
  const relative = path.replace(/^\.\//, '').replace(/\/+$/, '');
  if (relative === '.') {
    const here = {
      ts: "'.'",
      js: '__dirname',
      mjs: "fileURLToPath(new URL('.', import.meta.url))",
    };
    return here[language];
  }
  const dotted = /^\.\.?(\/|$)/.test(relative) ? relative : `./${relative}`;
  if (language === 'ts') return quote(dotted);
  if (language === 'js') return `path.join(__dirname, ${quote(relative)})`;
  const encoded = quote(dotted.split('/').map(encodeURIComponent).join('/'));
  return `fileURLToPath(new URL(${encoded}, import.meta.url))`;
}

function renderFunction(options: KnexfileOptions): string {
  const { language, historyTable, historySchemas } = options;
  const isTyped = language === 'ts';
  const settings = isTyped ? 'settings: DbMigrateSettings' : 'settings';
  const hasFound = Object.values(historySchemas).some((schema) => schema !== undefined);
  const found = isTyped ? 'historySchema?: string' : 'historySchema';
  const lines = [
    `/** What the environments have in common. */`,
    `function environment(${settings}${hasFound ? `, ${found}` : ''}) {`,
    `  // What db-migrate makes of them: a URL goes before the settings beside it, and DATABASE_URL`,
    `  // counts where they have none.`,
    ...(hasFound
      ? [
          `  const configured = dbMigrateConnection(settings, process.env.DATABASE_URL);`,
          `  const schema = historySchema ?? configured.schema;`,
        ]
      : [
          `  const { connection, schema } = dbMigrateConnection(settings, process.env.DATABASE_URL);`,
        ]),
    `  return {`,
    `    client: 'pg',`,
    hasFound ? `    connection: configured.connection,` : `    connection,`,
    `    searchPath: schema ? [schema, 'public'] : undefined,`,
    `    migrations: {`,
    `      tableName: 'knex_migrations',`,
    `      schemaName: schema,`,
    `      // Finds db-migrate's files and Knex's, for knexward and for "knex migrate:*" alike. With a`,
    `      // "directory" beside it Knex would ignore it and read the folder in its own way.`,
    `      migrationSource: migrationSource({ ${sourceOptions(options)} }),`,
    ...(options.rowsWithoutFiles ? LIST_VALIDATION : []),
    `    },`,
    `    knexward: {`,
    `      // Where db-migrate kept its history.`,
    `      dbMigrate: { table: ${quote(historyTable)}, schema },`,
    ...(options.nonTransactional ? [`      transactions,`] : []),
    `    },`,
    `  };`,
    `}`,
  ];
  return lines.join('\n');
}

/** Names of constants that stand above. */
function sourceOptions({ loadExtensions, nonTransactional }: KnexfileOptions): string {
  return [
    'directory',
    ...(loadExtensions === null ? [] : ['loadExtensions']),
    ...(nonTransactional ? ['transactions'] : []),
  ].join(', ');
}

const LIST_VALIDATION = [
  `      // The history has rows whose file is gone. Knex would refuse to run anything because of them;`,
  `      // "knexward status" still names them.`,
  `      disableMigrationsListValidation: true,`,
];

function renderExport(source: KnexfileSource, options: KnexfileOptions): string {
  const body = environmentsCode(source, options);
  return `${renderEnvironments(source, options)}${renderExported(body, options)}`;
}

function renderEnvironments(source: KnexfileSource, { language }: KnexfileOptions): string {
  if (source.kind !== 'module') return '';
  const place = placeOf(source.path, language);
  const line = `const environments = dbMigrateEnvironments(${place});`;
  const shown =
    line.length <= 100 ? line : `const environments = dbMigrateEnvironments(\n  ${place},\n);`;
  return `// Read there each time: what a program computes, such as a password, is not written down here.
${shown}\n\n`;
}

function renderExported(body: string, options: KnexfileOptions): string {
  if (options.language === 'ts') {
    return `const config: Config = ${body};\n\nexport default config;`;
  }
  return `${options.language === 'js' ? 'module.exports =' : 'export default'} ${body};`;
}

function environmentsCode(source: KnexfileSource, options: KnexfileOptions): string {
  const { historySchemas } = options;
  const [[name = '', found] = []] = Object.entries(historySchemas).filter(
    ([, schema]) => schema !== undefined,
  );
  const pinned = (schema: string | undefined) => (schema === undefined ? '' : `, ${quote(schema)}`);
  if (source.kind === 'url') return `environment(process.env.DATABASE_URL${pinned(found)})`;
  if (source.kind === 'module') {
    const entries =
      found === undefined
        ? '[name, environment(settings)]'
        : `[\n    name,\n    environment(settings, name === ${quote(name)} ? ${quote(found)} : undefined),\n  ]`;
    return `Object.fromEntries(
  Object.entries(environments).map(([name, settings]) => ${entries}),
)`;
  }
  const calls = Object.entries(source.config.environments)
    .filter(([name]) => !options.leftOut.includes(name))
    .map(([name, environment]) => {
      const schema = new Map(Object.entries(historySchemas)).get(name);
      return [name, new Code(environmentCall(environment, schema))];
    });
  return renderValue(Object.fromEntries(calls) as SourceObject);
}

function environmentCall(settings: SourceValue, schema: string | undefined): string {
  if (schema === undefined) return `environment(${renderValue(settings, 1)})`;
  const inLine = renderValue(settings, 1);
  if (!inLine.includes('\n')) return `environment(${inLine}, ${quote(schema)})`;
  return `environment(\n    ${renderValue(settings, 2)},\n    ${quote(schema)},\n  )`;
}
