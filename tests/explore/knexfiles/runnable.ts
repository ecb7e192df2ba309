import fc from 'fast-check';

/** A project that can be migrated: its variables name a real database. */
export interface RunnableProject {
  files: Record<string, string>;
  args: string[];
  variables: Record<string, string>;
  /** The table of the history, quoted. */
  history: string;
}

const CONNECTIONS = [
  'process.env.DB_URL',
  '{ connectionString: process.env.DB_URL }',
  `{ host: process.env.DB_HOST, port: process.env.DB_PORT, user: process.env.DB_USER,
     password: process.env.DB_PASSWORD, database: process.env.DB_NAME }`,
  '() => ({ connectionString: process.env.DB_URL })',
  `async () => ({ host: process.env.DB_HOST, port: Number(process.env.DB_PORT),
     user: process.env.DB_USER, password: () => process.env.DB_PASSWORD,
     database: process.env.DB_NAME, expirationChecker: () => false })`,
];
const WRONG = `{ client: 'pg', connection: 'postgres://nobody@127.0.0.1:1/nowhere' }`;

type Around = (config: string) => {
  text: string;
  args: string[];
  variables: Record<string, string>;
};

/** How an environment is chosen: what surrounds the configuration that is meant. */
const AROUND: Around[] = [
  (config) => ({ text: config, args: [], variables: {} }),
  (config) => ({ text: config, args: ['--env', 'production'], variables: {} }),
  (config) => ({ text: `{ development: ${config} }`, args: [], variables: {} }),
  (config) => ({
    text: `{ ...${WRONG}, staging: ${config} }`,
    args: ['--env', 'staging'],
    variables: {},
  }),
  (config) => ({
    text: `{ ...${WRONG}, development: ${config}, production: ${WRONG} }`,
    args: [],
    variables: {},
  }),
  (config) => ({
    text: `{ development: ${WRONG}, test: ${config} }`,
    args: [],
    variables: { NODE_ENV: 'test' },
  }),
  (config) => ({
    text: `{ ...${config}, production: ${WRONG} }`,
    args: [],
    variables: { NODE_ENV: 'test' },
  }),
  (config) => ({
    text: `{ development: ${config}, test: ${WRONG} }`,
    args: ['--env', 'development'],
    variables: { NODE_ENV: 'test' },
  }),
];

const EXPORTS: [extension: string, type: string, write: (text: string) => string][] = [
  ['js', 'commonjs', (text) => `module.exports = ${text};`],
  ['js', 'commonjs', (text) => `module.exports = async () => (${text});`],
  ['js', 'commonjs', (text) => `module.exports = { default: ${text} };`],
  ['js', 'module', (text) => `export default ${text};`],
  ['mjs', 'commonjs', (text) => `export default () => (${text});`],
];

/** A folder of migrations: names that Knex takes, names that it does not, and two formats of JavaScript. */
const names = fc.uniqueArray(
  fc.constantFrom(
    ...[
      '20240103000000_c',
      '20240101000000-hyphen',
      '20240102000000_b',
      'plain',
      '2_two',
      '10_ten',
    ],
  ),
  { minLength: 1, maxLength: 5 },
);

export const runnable: fc.Arbitrary<RunnableProject> = fc
  .record({
    connection: fc.constantFrom(...CONNECTIONS),
    around: fc.constantFrom(...AROUND),
    exported: fc.constantFrom(...EXPORTS),
    place: fc.constantFrom('', '', 'sub/', 'src/config/'),
    directories: fc.constantFrom(['./migrations'], ['db'], ['./b', './a']),
    separately: fc.constantFrom(undefined, false, true),
    table: fc.constantFrom(undefined, 'history', 'Quoted "History"'),
    searchPath: fc.constantFrom(undefined, ['app', 'public']),
    names,
    module: fc.boolean(),
    dotenv: fc.boolean(),
  })
  .map((drawn) => {
    const { connection, around, exported, place, directories, separately, table } = drawn;
    const [extension, type, write] = exported;
    const migrations = {
      directory: directories.length === 1 ? directories[0] : directories,
      ...(separately !== undefined && { sortDirsSeparately: separately }),
      ...(table !== undefined && { tableName: table }),
    };
    const config = `{ client: 'pg', connection: ${connection}, migrations: ${JSON.stringify(migrations)}${
      drawn.searchPath ? `, searchPath: ${JSON.stringify(drawn.searchPath)}` : ''
    } }`;
    const { text, args, variables } = around(config);
    const knexfile = `${place}knexfile.${extension}`;
    const files: Record<string, string> = {
      'package.json': JSON.stringify({ name: 'p', type }),
      [knexfile]: write(text),
      // No migrations: Knex does not look at them.
      [`${place}${directories[0]}/README.md`]: '# Migrations',
      [`${place}${directories[0]}/helper.mjs`]: 'throw new Error("loaded");',
    };
    if (drawn.dotenv) files['.env'] = 'DB_URL=postgres://nobody@127.0.0.1:1/nowhere\n';
    drawn.names.forEach((name, index) => {
      const folder = directories[index % directories.length] ?? '';
      files[`${place}${folder}/${name}.${drawn.module ? 'js' : 'cjs'}`] = migration(
        `t${index}`,
        drawn.module && type === 'module',
      );
    });
    if (directories.length > 1) for (const each of directories) files[`${place}${each}/.keep`] = '';
    return {
      files,
      args: place === '' ? args : [...args, '--knexfile', knexfile],
      variables,
      history: `"${(table ?? 'knex_migrations').replaceAll('"', '""')}"`,
    };
  });

function migration(table: string, isModule: boolean): string {
  const body = (direction: string) =>
    direction === 'up'
      ? `(knex) => knex.schema.createTable('${table}', (t) => { t.increments(); t.text('cwd').defaultTo(require('node:path').basename(process.cwd())); })`
      : `(knex) => knex.schema.dropTable('${table}')`;
  const text = ['up', 'down'].map((name) =>
    isModule
      ? `export const ${name} = ${body(name).replace("require('node:path')", 'path')};`
      : `exports.${name} = ${body(name)};`,
  );
  return `${isModule ? "import path from 'node:path';\n" : ''}${text.join('\n')}\n`;
}
