import fc from 'fast-check';

/** Where the databases of a project are; each environment has one of its own. */
export interface Address {
  host: string;
  port: string;
  user: string;
  password: string;
  /** By the environment's number. */
  databases: string[];
}

/** A project whose configuration leads to real databases, in each of its environments. */
export interface RunnableProject {
  environments: string[];
  /** The files, for the databases that there are. */
  files: (address: Address) => Record<string, string>;
  variables: (address: Address) => Record<string, string>;
  /** What db-migrate is told behind its command. */
  words: string[];
  /** The schema of each environment; `undefined` for the one that is there. */
  schemas: (string | undefined)[];
}

const NAMES = ['dev', 'local', 'production', 'staging'];

/** The ways to say where a database is; `number` is that of the environment. */
interface Way {
  says: (
    address: Address,
    number: number,
    schema: string | undefined,
    isProgram: boolean,
  ) => unknown;
  sets: (address: Address, number: number, schema: string | undefined) => Record<string, string>;
}

const urlOf = ({ host, port, user, password, databases }: Address, number: number, query: string) =>
  `postgres://${user}:${encodeURIComponent(password)}@${host}:${port}/${databases[number]}${query}`;
const queryOf = (schema: string | undefined, ...more: string[]): string => {
  const all = [...(schema === undefined ? [] : [`schema=${schema}`]), ...more];
  return all.length === 0 ? '' : `?${all.join('&')}`;
};
const env = (name: string, isProgram: boolean): unknown =>
  isProgram ? { code: `process.env.${name}` } : { ENV: name };

const WAYS: Way[] = [
  { says: (a, n, schema) => urlOf(a, n, queryOf(schema)), sets: () => ({}) },
  { says: (a, n, schema) => urlOf(a, n, queryOf(schema, 'sslmode=require')), sets: () => ({}) },
  {
    says: (a, n, schema) => ({ url: urlOf(a, n, ''), driver: 'pg', overwrite: { schema } }),
    sets: () => ({}),
  },
  {
    says: (_a, n) => ({ ENV: `URL_${n}` }),
    sets: (a, n, schema) => ({ [`URL_${n}`]: urlOf(a, n, queryOf(schema, 'sslmode=prefer')) }),
  },
  {
    says: (_a, n, _schema, isProgram) => ({ url: env(`URL_${n}`, isProgram), driver: 'pg' }),
    sets: (a, n, schema) => ({ [`URL_${n}`]: urlOf(a, n, queryOf(schema)) }),
  },
  {
    says: ({ host, port }, n, schema, isProgram) => ({
      ...{ driver: 'postgres', host, port, schema, username: env('SECRET_USER', isProgram) },
      ...{ password: env('SECRET_PASS', isProgram), database: env(`NAME_${n}`, isProgram) },
    }),
    sets: ({ user, password, databases }, n) => ({
      ...{ SECRET_USER: user, SECRET_PASS: password, [`NAME_${n}`]: String(databases[n]) },
    }),
  },
  {
    says: ({ databases }, n, schema, isProgram) => ({
      ...{ driver: 'pg', host: env('HOST', isProgram), port: env('PORT', isProgram), schema },
      ...{ database: databases[n], addIfNotExists: { user: env('SECRET_USER', isProgram) } },
      overwrite: { password: env('SECRET_PASS', isProgram) },
    }),
    sets: ({ host, port, user, password }) => ({
      ...{ HOST: host, PORT: port, SECRET_USER: user, SECRET_PASS: password },
    }),
  },
];

function render(content: unknown): string {
  if (typeof content !== 'object' || content === null) return JSON.stringify(content);
  if ('code' in content) return String(content.code);
  const entries = Object.entries(content).filter(([, each]) => each !== undefined);
  return `{ ${entries.map(([name, each]) => `${JSON.stringify(name)}: ${render(each)}`).join(', ')} }`;
}

export const runnable: fc.Arbitrary<RunnableProject> = fc
  .record({
    names: fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 3 }),
    ways: fc.array(fc.constantFrom(...WAYS), { minLength: 3, maxLength: 3 }),
    schemas: fc.array(fc.constantFrom(undefined, undefined, 'app', 'Sales'), {
      ...{ minLength: 3, maxLength: 3 },
    }),
    file: fc.constantFrom('database.json', 'config/db.json', 'config/db.js'),
    saidBy: fc.constantFrom('rc', 'script'),
    folder: fc.constantFrom('migrations', 'db/migs'),
    table: fc.constantFrom('migrations', 'log'),
    inDotenv: fc.boolean(),
    sqlite: fc.boolean(),
  })
  .map((drawn): RunnableProject => {
    const { names, ways, file, folder, table, saidBy } = drawn;
    // The one that is taken over first is the default.
    const [first = 'dev'] = names;
    const isProgram = file.endsWith('.js');
    const content = (address: Address) => ({
      defaultEnv: first,
      ...Object.fromEntries(
        names.map((name, number) => [
          name,
          ways[number]?.says(address, number, drawn.schemas[number], isProgram),
        ]),
      ),
      ...(drawn.sqlite && { lite: { driver: 'sqlite3', filename: 'x.db' } }),
    });
    const all = (address: Address): Record<string, string> =>
      Object.assign(
        {},
        ...names.map((_, number) => ways[number]?.sets(address, number, drawn.schemas[number])),
      ) as Record<string, string>;
    const words = [
      ...(file === 'database.json' ? [] : ['--config', file]),
      ...(folder === 'migrations' ? [] : ['-m', folder]),
      ...(table === 'migrations' ? [] : ['-t', table]),
    ];
    const rc = { configFile: file, 'migrations-dir': folder, table };
    return {
      environments: names,
      words: saidBy === 'rc' ? [] : words,
      schemas: drawn.schemas.slice(0, names.length),
      files: (address) => {
        const text = render(content(address));
        const lines = Object.entries(all(address)).map(([name, value]) => `${name}=${value}\n`);
        return {
          [file]: isProgram ? `module.exports = ${text};\n` : text,
          'package.json': JSON.stringify({
            name: 'p',
            scripts: saidBy === 'rc' ? {} : { migrate: ['db-migrate up', ...words].join(' ') },
          }),
          ...(saidBy === 'rc' && { '.db-migraterc': JSON.stringify(rc) }),
          ...(drawn.inDotenv && { '.env': lines.join('') }),
          [`${folder}/20150101000000-a.js`]:
            "exports.up = (db) => db.createTable('a', { id: 'int' });",
          [`${folder}/20160101000000-b.js`]:
            "exports.up = (db) => db.createTable('b', { id: 'int' });",
        };
      },
      variables: (address) => (drawn.inDotenv ? {} : all(address)),
    };
  });
