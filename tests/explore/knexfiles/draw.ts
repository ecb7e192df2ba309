import fc from 'fast-check';

/** A project as it may lie on disk, and how a command line is called in it. */
export interface DrawnProject {
  files: Record<string, string>;
  /** The folder that the command is called in, from the project's root. */
  folder: string;
  knexfile: string | undefined;
  env: string | undefined;
  /** Variables of the process. */
  variables: Record<string, string>;
}

const ENVIRONMENTS = ['development', 'dev', 'test', 'staging', 'production'];
const URLS = [
  'postgresql://ann:secret@db.example:5433/shop',
  'postgres://ann@db.example/shop?sslmode=disable&application_name=x',
  'postgres://an%40n:p%2Fss@db.example:5433/sh%20op',
  'postgresql://db.example/shop?schema=app',
  'postgresql:///shop?host=/var/run/postgresql',
];
const ODD_TEXTS = [
  'pg://ann:secret@db.example:5433/shop',
  'postgres://ann:se/cret@db.example/shop',
  'postgres://ann:12#3@db.example/shop',
  'mysql://ann@db.example/shop',
  'host=db.example dbname=shop',
  'shop',
  '',
];

/** A value that is written into the source as it is. */
const code = (text: string) => ({ code: text });
type Value = string | number | boolean | null | undefined | { code: string } | Value[] | Entries;
interface Entries {
  [name: string]: Value;
}

function render(value: Value): string {
  if (value === undefined) return 'undefined';
  if (Array.isArray(value)) return `[${value.map(render).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if ('code' in value && typeof value['code'] === 'string') return value['code'];
  const entries = Object.entries(value).map(([name, each]) => `${name}: ${render(each)}`);
  return `{ ${entries.join(', ')} }`;
}

/** Mostly one of the usual values. */
function odd(usual: fc.Arbitrary<Value>, ...values: Value[]): fc.Arbitrary<Value> {
  return fc.oneof(
    { weight: 9, arbitrary: usual },
    { weight: 1, arbitrary: fc.constantFrom(...values) },
  );
}

/** Mostly the first, sometimes one of the others, sometimes not there at all. */
function entry<T>(values: fc.Arbitrary<T>, there = 2): fc.Arbitrary<T | undefined> {
  return fc.oneof(
    { weight: there, arbitrary: values },
    { weight: 3, arbitrary: fc.constant(undefined) },
  );
}

const variable = fc.constantFrom('DB_HOST', 'DB_NAME', 'DB_USER', 'DATABASE_URL', 'DB_UNSET');
const fromVariable = variable.map((name) => code(`process.env.${name}`));
const text: fc.Arbitrary<Value> = fc.oneof<fc.WeightedArbitrary<Value>[]>(
  { weight: 6, arbitrary: fc.constantFrom(...URLS) },
  { weight: 2, arbitrary: fromVariable },
  { weight: 2, arbitrary: fc.constantFrom(...ODD_TEXTS) },
);

const address = fc
  .record(
    {
      host: fc.oneof(fc.constantFrom('db.example', '/var/run/postgresql', ''), fromVariable),
      port: fc.oneof(fc.constantFrom<Value>(5433, '5434'), fc.constant(undefined)),
      user: fc.oneof(fc.constant('ann'), fromVariable),
      password: fc.constantFrom<Value>('secret', '', undefined),
      database: fc.oneof(fc.constant('shop'), fromVariable, fc.constant(null)),
      connectionString: fc.oneof(fc.constantFrom(...URLS), fromVariable),
      ssl: fc.boolean(),
      application_name: fc.constant('app'),
    },
    { requiredKeys: [] },
  )
  .map((record): Value => record as Entries);

const connection: fc.Arbitrary<Value> = fc.oneof(
  { weight: 3, arbitrary: text },
  { weight: 4, arbitrary: address },
  { weight: 1, arbitrary: address.map((value) => code(`() => (${render(value)})`)) },
  { weight: 1, arbitrary: address.map((value) => code(`async () => (${render(value)})`)) },
  { weight: 1, arbitrary: text.map((value) => code(`() => ${render(value)}`)) },
  { weight: 1, arbitrary: fc.constantFrom<Value>(null, undefined, code('() => undefined')) },
  {
    weight: 6,
    arbitrary: fc.constant<Value>({ host: 'db.example', user: 'ann', database: 'shop' }),
  },
);

const folder = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('./migrations', 'migrations', './db') },
  { weight: 1, arbitrary: fc.constantFrom('../migrations', 'nowhere') },
);
const SOURCE = code(`{
  getMigrations: async () => ['b', 'a'],
  getMigrationName: (name) => name + '.js',
  getMigration: async () => ({ up() {}, down() {} }),
}`);
const BROKEN_SOURCE = code('{ getMigrations: async () => [] }');

const migrations = fc
  .record(
    {
      directory: fc.oneof<fc.Arbitrary<Value>[]>(
        folder,
        fc.uniqueArray(fc.constantFrom('./migrations', './db'), { minLength: 1 }),
        odd(folder, undefined, '', []),
      ),
      tableName: odd(fc.constantFrom<Value>('history', 'History', 'knex"x'), 'a.b', '', undefined),
      schemaName: odd(fc.constantFrom<Value>('app', null, undefined), ''),
      sortDirsSeparately: fc.constantFrom<Value>(true, false, undefined),
      loadExtensions: fc.constantFrom<Value>(['.js'], ['.cjs', '.js'], ['.mjs'], undefined),
      disableTransactions: fc.boolean(),
      extension: fc.constantFrom('js', 'ts'),
      migrationSource: fc.oneof(
        { weight: 4, arbitrary: fc.constant<Value>(SOURCE) },
        { weight: 1, arbitrary: fc.constant<Value>(BROKEN_SOURCE) },
      ),
    },
    { requiredKeys: [] },
  )
  .map((record): Value => record as Entries);

const mappers = fc.constantFrom<Value>(
  code('(name, wrap) => wrap(name)'),
  code('(name, wrap) => wrap(name.replace(/[A-Z]/g, (c) => "_" + c.toLowerCase()))'),
  code('(name, wrap) => wrap(name.toUpperCase())'),
);

const configuration: fc.Arbitrary<Entries> = fc
  .record({
    client: fc.oneof(
      { weight: 24, arbitrary: fc.constantFrom<Value>('pg', 'postgres', 'postgresql') },
      {
        weight: 1,
        arbitrary: fc.constantFrom<Value>('mysql2', 'sqlite3', 'pgnative', 'pg-native'),
      },
      { weight: 1, arbitrary: fc.constantFrom<Value>('cockroachdb', 'redshift', 'nosuch') },
      { weight: 1, arbitrary: fc.constant<Value>(undefined) },
    ),
    connection: entry(connection, 20),
    migrations: entry(migrations, 6),
    searchPath: entry(fc.constantFrom<Value>('app', ['app', 'public']), 1),
    pool: entry(fc.constant<Value>({ min: 0, max: 4 }), 1),
    wrapIdentifier: entry(mappers, 1),
    debug: entry(fc.constant(false), 1),
  })
  .map((record): Entries =>
    Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)),
  );

const others = fc.dictionary(
  fc.constantFrom(...ENVIRONMENTS),
  fc.oneof(
    { weight: 16, arbitrary: configuration },
    { weight: 1, arbitrary: fc.constantFrom<Value>(null, 'postgres://x/y', false) },
  ),
  { maxKeys: 3 },
);

const environments = fc.oneof(
  { weight: 1, arbitrary: others },
  {
    weight: 4,
    arbitrary: fc
      .tuple(others, configuration, configuration)
      .map(([more, development, production]): Entries => ({ development, production, ...more })),
  },
);

/** What a knexfile exports: one configuration, several by name, or both in one object. */
const content = fc.oneof(
  { weight: 3, arbitrary: configuration },
  { weight: 4, arbitrary: environments },
  {
    weight: 3,
    arbitrary: fc.tuple(configuration, environments).map(([a, b]): Entries => ({ ...a, ...b })),
  },
);

/** The ways to export it, by the extension and the package's type. */
const SHAPES: Record<'commonjs' | 'module', ((text: string) => string)[]> = {
  commonjs: [
    (text) => `module.exports = ${text};`,
    (text) => `module.exports = () => (${text});`,
    (text) => `module.exports = async () => (${text});`,
    (text) => `module.exports = Promise.resolve(${text});`,
    (text) => `module.exports = { default: ${text}, development: { client: 'pg' } };`,
    (text) => `Object.defineProperty(exports, '__esModule', { value: true });
exports.default = ${text};`,
  ],
  module: [
    (text) => `export default ${text};`,
    (text) => `export default async () => (${text});`,
    (text) => `export default ${text};\nexport const staging = { client: 'pg' };`,
    (text) => `const whole = ${text};
export const { client, connection, development, production } = whole;`,
  ],
};

const FILES = ['20240101_a.js', '20240102_b.js', '20240103-c.cjs', '20240104_d.mjs', 'e.js.map'];
const MORE = ['20240101_b2.js', '20240105_f.js', 'README.md', '20231231_z.cjs'];
const BODY = 'exports.up = async () => {}; exports.down = async () => {};';

/** The files of a folder of migrations, of which there may be several. */
const folders = fc.record({
  migrations: fc.subarray(FILES, { minLength: 1 }),
  db: fc.subarray(MORE),
  above: fc.subarray(FILES),
  inPlaces: fc.boolean(),
});

const PLACES = ['knexfile', 'sub/knexfile', 'src/config/knexfile', 'config/knexfile'];

export const project: fc.Arbitrary<DrawnProject> = fc
  .record({
    knexfiles: fc.uniqueArray(
      fc.record({
        place: fc.oneof(
          { weight: 5, arbitrary: fc.constant('knexfile') },
          { weight: 3, arbitrary: fc.constantFrom(...PLACES) },
        ),
        extension: fc.constantFrom('js', 'js', 'js', 'js', 'js', 'cjs', 'mjs', 'mjs', 'coffee'),
        shape: fc.nat(),
        content,
      }),
      { minLength: 1, maxLength: 2, selector: ({ place, extension }) => place + extension },
    ),
    type: fc.constantFrom('commonjs' as const, 'commonjs' as const, 'module' as const),
    folders,
    folder: fc.constantFrom('.', '.', '.', 'sub'),
    knexfile: entry(fc.constantFrom('given', 'given', 'given', 'missing.js'), 1),
    env: entry(
      fc.constantFrom('development', 'production', ...ENVIRONMENTS, 'nosuch', 'constructor'),
      2,
    ),
    variables: fc.record(
      {
        NODE_ENV: fc.constantFrom('development', 'production', ...ENVIRONMENTS, 'nosuch', ''),
        DB_HOST: fc.constant('other.example'),
        DB_NAME: fc.constant('other'),
        DB_USER: fc.constant('bob'),
        DATABASE_URL: fc.constant('postgres://bob:secret@other.example/other'),
        PGHOST: fc.constant('env.example'),
        PGDATABASE: fc.constant('env'),
        PGSERVICE: fc.constant('service'),
      },
      { requiredKeys: [] },
    ),
    dotenv: fc.boolean(),
  })
  .map((drawn) => {
    const { knexfiles, type, knexfile, variables, env } = drawn;
    const files: Record<string, string> = {
      'package.json': JSON.stringify({ name: 'p', type }),
      'sub/.keep': '',
    };
    const kinds = { mjs: 'module', cjs: 'commonjs', js: type, coffee: 'commonjs' } as const;
    for (const { place, extension, shape, content: exported } of knexfiles) {
      const shapes = SHAPES[kinds[extension]];
      const write = shapes[shape % shapes.length] ?? String;
      files[`${place}.${extension}`] = write(render(exported));
    }
    const homes = ['.', 'sub', ...(drawn.folders.inPlaces ? ['src/config', 'config'] : [])];
    for (const home of homes) {
      const place = home === '.' ? '' : `${home}/`;
      for (const file of drawn.folders.migrations) files[`${place}migrations/${file}`] = BODY;
      for (const file of drawn.folders.db) files[`${place}db/${file}`] = BODY;
    }
    // Knex would never see it; a tool that reads it ends up somewhere else.
    if (drawn.dotenv) files['.env'] = 'DATABASE_URL=postgres://dot@dot.example/dot\nDB_HOST=dot\n';
    const given = knexfiles[0] && `${knexfiles[0].place}.${knexfiles[0].extension}`;
    const named = knexfile === 'given' ? given : knexfile;
    return {
      files,
      folder: named === undefined ? drawn.folder : '.',
      knexfile: named,
      env,
      variables,
    };
  });
