import fc from 'fast-check';

/** A project of db-migrate's as it may lie on disk, and how db-migrate is called in it. */
export interface DrawnProject {
  files: Record<string, string>;
  /** What db-migrate is told behind its command. */
  words: string[];
  /** What `adopt` is told of it on its command line; the scripts of package.json may tell it the rest. */
  request: {
    env?: string | undefined;
    config?: string | undefined;
    migrationsDir?: string | undefined;
    table?: string | undefined;
  };
  variables: Record<string, string>;
  /** The values of variables: none of them may be written down. */
  secrets: string[];
}

/** Each value is one that stands nowhere else. */
const VALUES: Record<string, string> = {
  DB_HOST: 'value-host.example',
  DB_PORT: '6543',
  DB_USER: 'value-user',
  DB_PASS: 'value-p@ss:w/rd',
  DB_NAME: 'value-name',
  DB_SCHEMA: 'value_schema',
  DB_DRIVER: 'postgres',
  URL_A: 'postgres://value-ann:value-a@value-a.example/value-adb?schema=value_a&sslmode=require',
  URL_B: 'postgresql://value-bob:value%40b@value-b.example:6001/value-bdb?ssl=true',
  STAGE: 'local',
};
const DATABASE_URLS = [
  'postgres://value-d:value-d@value-d.example/value-ddb',
  'pg://value-d@value-d.example/value-ddb?schema=value_d&sslmode=disable',
];

const scheme = fc.oneof(
  { weight: 15, arbitrary: fc.constantFrom('postgres', 'postgresql', 'pg') },
  { weight: 1, arbitrary: fc.constant('mysql') },
);
const account = fc.constantFrom(
  ...['ann@', 'ann:secret@', 'an%40n:p%2Fss%3Aword@', 'ann:se:cret@', ':only@', ''],
);
const host = fc.constantFrom('db.example', 'DB.Example', '10.0.0.1', '[::1]', 'db_1', '');
const path = fc.constantFrom('/shop', '/sh%20op', '/größe', "/sh'op", '/shop/', '/', '');
const query = fc
  .subarray([
    ...['schema=app', 'sslmode=require', 'ssl=true', 'application_name=a+b', 'schema=sales'],
    ...['host=/var/run/postgresql', 'statement_timeout=5000', 'user=eve'],
  ])
  .map((parameters) => (parameters.length > 0 ? `?${parameters.slice(0, 3).join('&')}` : ''));
const url = fc
  .record({ scheme, account, host, port: fc.constantFrom('', '', ':5433'), path, query })
  .map((parts) => {
    const port = parts.host === '' ? '' : parts.port;
    return `${parts.scheme}://${parts.account}${parts.host}${port}${parts.path}${parts.query}`;
  });

/** An expression that is written as it is, in a configuration that is a program. */
interface Code {
  code: string;
}
type Value = string | number | boolean | null | Code | Value[] | Entries;
interface Entries {
  [name: string]: Value | undefined;
}

const fromFile = (name: string): fc.Arbitrary<Value> => fc.constant({ ENV: name });
const fromProgram = (name: string): fc.Arbitrary<Value> =>
  fc.constant({ code: `process.env.${name}` });

/** A literal, or one of the ways to take a value from a variable. */
function value(variable: string, isProgram: boolean, ...literals: Value[]): fc.Arbitrary<Value> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...literals) },
    { weight: 2, arbitrary: fromFile(variable) },
    { weight: isProgram ? 4 : 0, arbitrary: fromProgram(variable) },
  );
}

function settingsOf(isProgram: boolean): fc.Arbitrary<Entries> {
  const parts = {
    host: value('DB_HOST', isProgram, 'db.example', 'localhost'),
    port: value('DB_PORT', isProgram, 5433, '5434'),
    user: value('DB_USER', isProgram, 'ann'),
    password: value('DB_PASS', isProgram, 'literal-secret'),
    database: value('DB_NAME', isProgram, 'shop'),
    schema: value('DB_SCHEMA', isProgram, 'app', 'public'),
    ssl: fc.constantFrom<Value>(true, false, 'true', { rejectUnauthorized: false }),
  };
  const some = fc.record(parts, { requiredKeys: [] });
  return fc
    .record(
      {
        ...parts,
        driver: fc.oneof(
          { weight: 12, arbitrary: fc.constantFrom<Value>('pg', 'pg', 'postgres', 'postgresql') },
          { weight: 2, arbitrary: fromFile('DB_DRIVER') },
          { weight: 1, arbitrary: fc.constantFrom<Value>({ require: 'db-migrate-pg' }, 'sqlite3') },
        ),
        username: fc.constant<Value>('eve'),
        url: fc.oneof(url, value('URL_A', isProgram, 'postgres://db.example/shop?schema=app')),
        overwrite: some,
        addIfNotExists: some,
        application_name: fc.constant<Value>('app'),
        tunnel: fc.constant<Value>({ host: 'bastion' }),
      },
      { requiredKeys: ['driver', 'host', 'database'] },
    )
    .chain((all) =>
      // Each that is rarely there would be there half of the time.
      fc
        .record({ rare: fc.nat(11), bare: fc.nat(3), open: fc.nat(9) })
        .map(({ rare, bare, open }) => {
          const { url: address, overwrite, addIfNotExists, tunnel, ...rest } = all;
          const { driver, host: _host, database: _database, ...unnamed } = rest;
          return {
            ...(open === 0 ? unnamed : bare === 0 ? { ...unnamed, driver } : rest),
            ...((rare < 3 || bare === 0) && { url: address }),
            ...(rare % 4 === 1 && { overwrite }),
            ...(rare % 4 === 2 && { addIfNotExists }),
            ...(rare === 11 && { tunnel }),
          };
        }),
    );
}

const NAMES = ['dev', 'development', 'local', 'production', 'test'];

function environmentOf(isProgram: boolean): fc.Arbitrary<Value> {
  return fc.oneof(
    { weight: 5, arbitrary: settingsOf(isProgram) },
    { weight: 3, arbitrary: url },
    { weight: 2, arbitrary: fc.constantFrom<Value>({ ENV: 'URL_A' }, { ENV: 'URL_B' }) },
    { weight: 1, arbitrary: fc.constant<Value>({ url: { ENV: 'URL_B' }, schema: 'app' }) },
  );
}

function contentOf(isProgram: boolean): fc.Arbitrary<Entries> {
  const some = fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 4 });
  // Without one that is used by default, nothing is to be compared most of the time.
  const names = fc
    .tuple(some, fc.constantFrom('dev', 'dev', 'local', undefined))
    .map(([drawn, more]) => [...new Set([...drawn, ...(more === undefined ? [] : [more])])]);
  const chosen = fc.constantFrom<Value | undefined>(
    ...[undefined, undefined, undefined, undefined, 'local', 'test'],
    ...[{ ENV: 'STAGE' }, { ENV: 'NODE_ENV' }, ['dev', 'local']],
  );
  return names
    .chain((drawn) =>
      fc.record({
        entries: fc.tuple(
          ...drawn.map((name) => fc.tuple(fc.constant(name), environmentOf(isProgram))),
        ),
        key: fc.constantFrom('default', 'defaultEnv', 'defaultEnv'),
        chosen,
        sql: fc.boolean(),
      }),
    )
    .map(({ entries, key, chosen: byDefault, sql }) => ({
      ...(sql && { 'sql-file': true }),
      ...(byDefault !== undefined && { [key]: byDefault }),
      ...(Object.fromEntries(entries) as Entries),
    }));
}

function render(content: Value | undefined): string {
  if (Array.isArray(content)) return `[${content.map((each: Value) => render(each)).join(', ')}]`;
  if (typeof content !== 'object' || content === null) return JSON.stringify(content);
  if (typeof content['code'] === 'string') return content['code'];
  const entries = Object.entries<Value | undefined>(content as Entries)
    .filter(([, each]) => each !== undefined)
    .map(([name, each]) => `${JSON.stringify(name)}: ${render(each)}`);
  return `{ ${entries.join(', ')} }`;
}

/** The lines that may set a variable in `.env`, some of which no two parsers read alike. */
const LINES: ((name: string, text: string) => string)[] = [
  (name, text) => `${name}=${text}`,
  (name, text) => `${name}=${text}#x`,
  (name, text) => `  ${name} = "${text}"  `,
  (name, text) => `${name}='${text}' # a comment`,
  (name, text) => `export ${name}=${text}`,
  (name, text) => `# ${name}=${text}`,
  (name, text) => `${name}="${text}`,
];
const TOLD = ['DB_HOST', 'DB_PORT', 'DB_USER', 'DB_PASS', 'DB_NAME', 'DB_SCHEMA', 'URL_A', 'URL_B'];

const variables = fc.record({
  set: fc.subarray(Object.keys(VALUES), { minLength: 8 }),
  dotenv: fc.subarray(TOLD, { maxLength: 4 }),
  lines: fc.array(fc.constantFrom(...LINES), { minLength: 4, maxLength: 4 }),
  databaseUrl: fc.constantFrom(undefined, undefined, undefined, ...DATABASE_URLS),
  nodeEnv: fc.constantFrom(undefined, undefined, undefined, 'dev', 'local', 'production', 'other'),
  pg: fc.constantFrom<Record<string, string>>({}, {}, {}, { PGHOST: 'pg.example', PGUSER: 'pg' }),
});

/** Where the configuration is, and who says so. */
const place = fc.record({
  file: fc.constantFrom('database.json', 'database.json', 'config/db.json', 'config/db.js', 'none'),
  saidBy: fc.constantFrom('flag', 'rc', 'script'),
  folder: fc.constantFrom(undefined, undefined, 'db/migs'),
  table: fc.constantFrom(undefined, undefined, undefined, 'log'),
  env: fc.constantFrom(undefined, undefined, undefined, undefined, ...NAMES, 'dev', 'local'),
  letters: fc.boolean(),
  rcComment: fc.boolean(),
  rcIgnored: fc.boolean(),
});

export const project: fc.Arbitrary<DrawnProject> = fc
  .record({ place, variables })
  .chain(({ place: where, variables: given }) => {
    const isProgram = where.file.endsWith('.js');
    return fc.record({
      where: fc.constant(where),
      given: fc.constant(given),
      content: contentOf(isProgram),
    });
  })
  .map(({ where, given, content }): DrawnProject => {
    const { saidBy, letters } = where;
    const named = where.file === 'database.json' || where.file === 'none' ? undefined : where.file;
    const told = { config: named, migrationsDir: where.folder, table: where.table };
    const rc: Record<string, unknown> = {
      ...(where.rcIgnored && { config: 'ignored.json' }),
      ...(saidBy === 'rc' && {
        ...{ configFile: told.config, 'migrations-dir': told.migrationsDir },
        ...{ table: told.table, env: where.env },
      }),
    };
    const words = [
      ...(told.config ? ['--config', told.config] : []),
      ...(told.migrationsDir ? [letters ? '-m' : '--migrations-dir', told.migrationsDir] : []),
      ...(told.table ? [letters ? '-t' : '--table', told.table] : []),
      ...(where.env ? [letters ? '-e' : '--env', where.env] : []),
    ];
    const call = saidBy === 'rc' ? [] : words;
    const scripts = saidBy === 'script' ? { migrate: ['db-migrate up', ...call].join(' ') } : {};
    const files: Record<string, string> = {
      'package.json': JSON.stringify({ name: 'p', scripts }),
      [`${where.folder ?? 'migrations'}/20150101000000-a.js`]: 'exports.up = () => null;',
    };
    if (Object.keys(rc).length > 0) {
      files['.db-migraterc'] = `${where.rcComment ? '// options\n' : ''}${JSON.stringify(rc)}`
        // Read as JSON only where it begins with a brace.
        .replace(/^\/\/ options\n\{/, '{ // options\n');
    }
    if (where.file !== 'none') {
      const text = render(content);
      files[where.file] = where.file.endsWith('.js') ? `module.exports = ${text};\n` : text;
    }
    const lines = given.dotenv.map((name, index) => given.lines[index]?.(name, `${VALUES[name]}`));
    if (lines.length > 0) files['.env'] = `${lines.join('\n')}\n`;
    const set = given.set.filter((name) => !given.dotenv.includes(name));
    return {
      files,
      words: call,
      request: {
        ...(saidBy !== 'rc' && { env: where.env }),
        ...(saidBy === 'flag' && told),
      },
      variables: {
        ...Object.fromEntries(set.map((name) => [name, VALUES[name] ?? ''])),
        ...(given.databaseUrl !== undefined && { DATABASE_URL: given.databaseUrl }),
        ...(given.nodeEnv !== undefined && { NODE_ENV: given.nodeEnv }),
        ...given.pg,
      },
      // A number alone may also be a part of a checksum.
      secrets: ['value-', 'value_', ': 6543', "'6543'"],
    };
  });
