import { basename } from 'node:path';
import { type DbMigrateConfig } from '../../db-migrate/config.js';
import { type KnexfileEnvironment, translateEnvironment } from './environment.js';
import { Code, quote, renderValue, type SourceObject } from './source-text.js';

/** What a generated file is: TypeScript, CommonJS, or an ES module. */
export type KnexfileLanguage = 'ts' | 'js' | 'mjs';

/** What the knexfile has to say besides db-migrate's configuration. */
export interface KnexfileOptions {
  language: KnexfileLanguage;
  /** Relative to the knexfile's folder, with forward slashes. */
  migrationsDirectory: string;
  /** The name of db-migrate's table. */
  historyTable: string;
  /** The schema of db-migrate's table by environment, where it is known. */
  historySchemas: Record<string, string | undefined>;
  /** Whether the history has rows whose file is gone, which Knex refuses by itself. */
  rowsWithoutFiles: boolean;
  /** Whether the project reads its environment variables from a `.env` file, as db-migrate did. */
  usesDotenv: boolean;
}

/** What the parts of the file need to know of each other. */
interface Outline extends KnexfileOptions {
  source: string;
  environments: [string, KnexfileEnvironment][];
  /** The code of all environments, to see what it calls. */
  body: string;
}

/**
 * Writes a knexfile that says what database.json said. Environment variables stay environment
 * variables: no value of `process.env` is looked at. Literal values stay as they are.
 */
export function renderKnexfile(config: DbMigrateConfig, options: KnexfileOptions): string {
  const schemas = new Map(Object.entries(options.historySchemas));
  const environments = Object.entries(config.environments).map(
    ([name, environment]): [string, KnexfileEnvironment] => [
      name,
      translateEnvironment(environment, schemas.get(name)),
    ],
  );
  const calls = environments.map(([name, { url, connection, options, schema }]) => {
    const parameter = renderValue({ url, connection, options, schema }, 1);
    return [name, new Code(`environment(${parameter})`)];
  });
  const body = renderValue(Object.fromEntries(calls) as SourceObject);
  const outline = { ...options, source: basename(config.path), environments, body };
  const sections = [
    renderHeader(outline),
    renderDirectory(outline),
    ...renderUrlFunctions(outline),
    renderParameterType(outline),
    renderFunction(outline),
    renderExport(outline),
  ];
  return sections.filter((section) => section !== '').join('\n\n') + '\n';
}

function renderHeader({ language, usesDotenv, source, body }: Outline): string {
  const isCommonJs = language === 'js';
  const bind = (names: string, module: string) =>
    isCommonJs
      ? `const { ${names} } = require('${module}');`
      : `import { ${names} } from '${module}';`;
  const lines = [
    `// Written by "knexward adopt" from ${source}. It is yours now: change it as you need.`,
  ];
  if (usesDotenv) lines.push(isCommonJs ? "require('dotenv/config');" : "import 'dotenv/config';");
  if (body.includes('readFileSync(')) lines.push(bind('readFileSync', 'node:fs'));
  if (language === 'js') lines.push("const path = require('node:path');");
  if (language === 'mjs') lines.push(bind('fileURLToPath', 'node:url'));
  lines.push(bind('migrationSource', 'knexward'));
  if (language === 'ts') lines.push("import type { Config } from 'knexward';");
  return lines.join('\n');
}

function renderDirectory({ language, migrationsDirectory }: Outline): string {
  const relative = migrationsDirectory.replace(/^\.\//, '').replace(/\/+$/, '');
  const dotted = /^\.\.?(\/|$)/.test(relative) ? relative : `./${relative}`;
  if (language === 'ts') return `const directory = ${quote(dotted)};`;
  if (language === 'js') return `const directory = path.join(__dirname, ${quote(relative)});`;
  const encoded = quote(dotted.split('/').map(encodeURIComponent).join('/'));
  return `const directory = fileURLToPath(new URL(${encoded}, import.meta.url));`;
}

/** The functions that only some projects need: those whose settings reach into a connection URL. */
function renderUrlFunctions({ language, source, body }: Outline): string[] {
  const typed = (name: string, type: string) => (language === 'ts' ? `${name}: ${type}` : name);
  const url = typed('url', 'string | undefined');
  const sections: string[] = [];
  if (body.includes('withoutParameters(')) {
    sections.push(`// A parameter in the URL would win over the \`ssl\` settings beside it; with db-migrate those won.
function withoutParameters(${url}, ${typed('...names', 'string[]')}) {
  return url?.replace(new RegExp(\`(?<=[?&])(?:\${names.join('|')})=[^&]*&?\`, 'g'), '');
}`);
  }
  if (body.includes('overwriteUrl(')) {
    sections.push(`// The URL with the parts that "overwrite" in ${source} put above it.
function overwriteUrl(${url}, ${typed('parts', 'object')}) {
  return url && Object.assign(new URL(url), parts).href;
}`);
  }
  return sections;
}

const PARAMETERS = {
  url: 'string | undefined',
  connection: 'object',
  options: 'object',
  schema: 'string | undefined',
} as const;

type Parameter = keyof typeof PARAMETERS;

/** The parameters that at least one environment passes. */
function usedParameters({ environments }: Outline): Parameter[] {
  return (Object.keys(PARAMETERS) as Parameter[]).filter((name) =>
    environments.some(([, environment]) => environment[name] !== undefined),
  );
}

function renderParameterType(outline: Outline): string {
  if (outline.language !== 'ts') return '';
  const lines = usedParameters(outline).map((name) => `  ${name}?: ${PARAMETERS[name]};\n`);
  return `interface Environment {\n${lines.join('')}}`;
}

const COMMON = 'What the environments have in common.';
const COMMON_WITH_URL = `${COMMON} A URL wins over a connection, as with db-migrate.`;

function renderFunction(outline: Outline): string {
  const used = usedParameters(outline);
  const type = outline.language === 'ts' ? ': Environment' : '';
  const hasSchema = used.includes('schema');
  const history = `table: ${quote(outline.historyTable)}${hasSchema ? ', schema' : ''}`;
  const lines = [
    `/** ${used.includes('url') && used.includes('connection') ? COMMON_WITH_URL : COMMON} */`,
    `function environment({ ${used.join(', ')} }${type}) {`,
    `  return {`,
    `    client: 'pg',`,
    `    connection: ${connectionCode(used)},`,
    hasSchema && `    searchPath: schema ? [schema, 'public'] : undefined,`,
    `    migrations: {`,
    `      tableName: 'knex_migrations',`,
    hasSchema && `      schemaName: schema,`,
    `      // Finds db-migrate's files and Knex's, for knexward and for "knex migrate:*" alike. With a`,
    `      // "directory" beside it Knex would ignore it and read the folder in its own way.`,
    `      migrationSource: migrationSource({ directory }),`,
    ...(outline.rowsWithoutFiles ? LIST_VALIDATION : []),
    `    },`,
    `    knexward: {`,
    `      // Where db-migrate kept its history.`,
    `      dbMigrate: { ${history} },`,
    `    },`,
    `  };`,
    `}`,
  ];
  return lines.filter((line) => line !== false).join('\n');
}

const LIST_VALIDATION = [
  `      // The history has rows whose file is gone. Knex would refuse to run anything because of them;`,
  `      // "knexward status" still names them.`,
  `      disableMigrationsListValidation: true,`,
];

function connectionCode(used: Parameter[]): string {
  const fallback = used.includes('connection') ? 'connection' : 'undefined';
  const base = used.includes('url') ? `url ? { connectionString: url } : ${fallback}` : fallback;
  if (!used.includes('options')) return base;
  return used.includes('url') ? `{ ...(${base}), ...options }` : `{ ...${base}, ...options }`;
}

function renderExport({ language, body }: Outline): string {
  if (language === 'ts') return `const config: Config = ${body};\n\nexport default config;`;
  return `${language === 'js' ? 'module.exports =' : 'export default'} ${body};`;
}
