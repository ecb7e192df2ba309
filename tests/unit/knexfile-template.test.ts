import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import createKnex from 'knex';
import { Client } from 'pg';
import ts from 'typescript';
import { type KnexfileOptions, renderKnexfile } from '../../src/adopt/knexfile/render.js';
import { dbMigrateConnection } from '../../src/db-migrate/knexfile-settings.js';
import { parseDbMigrateConfig, resolveDbMigrateEnvironment } from '../../src/db-migrate/config.js';

/** What stands for knexward's migration source, with the argument that it was asked for with. */
interface Marker {
  marker: { directory: string };
}

interface Environment {
  client: string;
  connection?: Record<string, unknown>;
  searchPath?: string[];
  migrations: Record<string, unknown> & { migrationSource: Marker };
  knexward: { dbMigrate: { table: string; schema?: string } };
}

const DEFAULTS: KnexfileOptions = {
  language: 'js',
  migrationsDirectory: 'migrations',
  historyTable: 'migrations',
  historySchemas: {},
  leftOut: [],
  rowsWithoutFiles: false,
  nonTransactional: false,
  loadExtensions: null,
};

function render(content: object, options: Partial<KnexfileOptions> = {}): string {
  const config = parseDbMigrateConfig(content, '/srv/app/database.json');
  return renderKnexfile({ kind: 'literal', config }, { ...DEFAULTS, ...options });
}

/** Runs the text of a CommonJS knexfile under exactly these environment variables. */
function evaluate(text: string, env: NodeJS.ProcessEnv = {}): Record<string, Environment> {
  const modules: Record<string, unknown> = {
    knexward: {
      migrationSource: (marker: { directory: string }): Marker => ({ marker }),
      dbMigrateConnection,
      readDotenv: () => undefined,
    },
    'node:path': { join },
  };
  const module = { exports: {} as Record<string, Environment> };
  const require = (name: string) => {
    if (!(name in modules)) throw new Error(`The knexfile asks for ${name}.`);
    return modules[name];
  };
  const context = { module, exports: module.exports, require, process: { env }, URL };
  runInNewContext(text, { ...context, __dirname: '/srv/app' });
  return module.exports;
}

function evaluateDev(dev: unknown, env: NodeJS.ProcessEnv = {}): Environment {
  return evaluate(render({ dev }), env)['dev'] as Environment;
}

/** The connection that pg makes of a configuration, without connecting. */
function seenByPg(connection: object) {
  const { host, port, user, password, database, ssl } = new Client(connection);
  return { host, port, user, password, database, ssl };
}

const URL_A = 'postgres://amy:pw%40a@db-a:6001/app_a';
const URL_B = 'postgres://bob:pwb@db-b/app_b';

describe('the connection', () => {
  const fromVariables = {
    driver: 'pg',
    host: { ENV: 'POSTGRES_HOST' },
    port: { ENV: 'POSTGRES_PORT' },
    user: 'app',
    database: 'app',
  };

  it('reads environment variables when the knexfile is loaded (FR-018)', () => {
    const env = { POSTGRES_HOST: 'db', POSTGRES_PORT: '6000' };
    expect(evaluateDev(fromVariables, env).connection).toEqual({
      host: 'db',
      port: 6000,
      user: 'app',
      database: 'app',
    });
  });

  it('leaves the port open where its variable is not set', () => {
    expect(evaluateDev(fromVariables).connection).toHaveProperty('port', undefined);
  });

  it('is the URL where DATABASE_URL is set', () => {
    const { connection } = evaluateDev(fromVariables, { DATABASE_URL: URL_A });
    expect(seenByPg(connection ?? {})).toEqual(seenByPg({ connectionString: URL_A }));
  });

  it('is not named at all where only DATABASE_URL could name it', () => {
    expect(evaluateDev({ schema: 'app' }).connection).toBeUndefined();
    const { connection } = evaluateDev({ schema: 'app' }, { DATABASE_URL: URL_A });
    expect(seenByPg(connection ?? {})).toEqual(seenByPg({ connectionString: URL_A }));
  });

  it.each<[string, unknown]>([
    ['a URL in the file', URL_B],
    ['a variable for the environment', { ENV: 'MY_URL' }],
    ['a url in the file', { url: URL_B }],
    ['a url from a variable', { driver: 'pg', url: { ENV: 'MY_URL' } }],
  ])('prefers to DATABASE_URL: %s', (_what, dev) => {
    const env = { DATABASE_URL: URL_A, MY_URL: URL_B };
    const { connection } = evaluateDev(dev, env);
    expect(seenByPg(connection ?? {})).toEqual(seenByPg({ connectionString: URL_B }));
  });

  const SETTINGS = { driver: 'pg', host: 'h', port: '5433', user: 'u', password: 'p\'"\\' };
  const DATABASE = { ...SETTINGS, database: 'd' };
  const SSL = { rejectUnauthorized: false };

  it.each<[string, object | string, NodeJS.ProcessEnv]>([
    ['settings', DATABASE, {}],
    ['no database', SETTINGS, {}],
    ['nothing but a driver', { driver: 'pg' }, {}],
    ['the alias username', { driver: 'pg', username: 'amy', database: 'd' }, {}],
    ['settings and DATABASE_URL', DATABASE, { DATABASE_URL: URL_A }],
    ['ssl', { ...DATABASE, ssl: SSL }, {}],
    ['ssl beside DATABASE_URL', { ...DATABASE, ssl: SSL }, { DATABASE_URL: URL_A }],
    ['sslmode in DATABASE_URL', { ssl: SSL }, { DATABASE_URL: `${URL_A}?sslmode=require&a=b` }],
    ['sslmode at its end', { ssl: SSL }, { DATABASE_URL: `${URL_A}?a=b&sslmode=require` }],
    ['ssl in DATABASE_URL', { ssl: SSL }, { DATABASE_URL: `${URL_A}?ssl=true` }],
    ['ssl overwritten', { overwrite: { ssl: SSL } }, { DATABASE_URL: `${URL_A}?ssl=true` }],
    ['a url with settings', { ...DATABASE, url: 'postgres://amy@db-a', ssl: SSL }, {}],
    ['a url overwritten', { url: URL_A, overwrite: { database: 'o', user: 'x@y' } }, {}],
    ['a url and addIfNotExists', { url: 'postgres://db-a', addIfNotExists: SETTINGS }, {}],
    ['DATABASE_URL overwritten', { overwrite: { ...DATABASE, port: 7 } }, { DATABASE_URL: URL_A }],
    [
      'DATABASE_URL overwritten from variables',
      { overwrite: { database: { ENV: 'NAME' }, password: { ENV: 'PW' }, host: { ENV: 'H' } } },
      { DATABASE_URL: URL_A, NAME: 'other', PW: 'a/b@c:%41', H: 'elsewhere' },
    ],
    [
      'a variable with addIfNotExists, set',
      { ...DATABASE, host: { ENV: 'H' }, addIfNotExists: { host: 'other' } },
      { H: 'one' },
    ],
    [
      'a variable with addIfNotExists, not set',
      { ...DATABASE, port: { ENV: 'P' }, addIfNotExists: { port: 7000, ssl: SSL } },
      {},
    ],
    ['the second variable for a URL', { url: { ENV: 'X' } }, { DATABASE_URL: URL_A }],
    ['a Unix socket', { url: 'postgres://amy:pw@/app?host=/run/pg' }, {}],
  ])('is for pg the one that db-migrate made: %s', (_what, dev, env) => {
    const config = parseDbMigrateConfig({ dev }, 'database.json');
    const expected = seenByPg(resolveDbMigrateEnvironment(config, 'dev', env).connection);
    expect(seenByPg(evaluateDev(dev, env).connection ?? {})).toEqual(expected);
  });

  it('reads the certificate files that db-migrate-pg reads, and only where it does', () => {
    const folder = mkdtempSync(join(tmpdir(), 'certificates-'));
    const [ca, key] = [join(folder, 'ca.pem'), join(folder, 'key.pem')] as const;
    writeFileSync(ca, 'the ca');
    writeFileSync(key, 'the key');
    const files = { sslrootcert: ca, sslkey: { ENV: 'KEY' }, sslcert: { ENV: 'CERT' } };
    const read = { driver: 'pg', ssl: { sslmode: 'require', ...files } };
    expect(evaluateDev(read, { KEY: key }).connection?.['ssl']).toMatchObject({
      ...{ ca: 'the ca', key: 'the key' },
    });
    const unread = { driver: 'pg', ssl: { sslrootcert: ca } };
    expect(evaluateDev(unread).connection?.['ssl']).toEqual({ sslrootcert: ca });
    rmSync(folder, { recursive: true });
  });

  it('reads no certificate of an environment that is not used', () => {
    const production = { driver: 'pg', ssl: { sslmode: 'require', sslrootcert: '/none.pem' } };
    expect(Object.keys(evaluate(render({ dev: { driver: 'pg' }, production })))).toHaveLength(2);
  });

  it('says what is wrong with settings where it is used, and to nobody else', () => {
    const env = { OTHER: 'mysql://root:secret@localhost/app' };
    const { connection } = evaluateDev({ ENV: 'OTHER' }, env);
    const use = connection as unknown as () => never;
    expect(use).toThrow(/driver "mysql"/);
  });

  it.each<[string, object, NodeJS.ProcessEnv]>([
    ['a whole environment', { ENV: 'URL' }, {}],
    ['a url', { driver: 'pg', url: { ENV: 'URL' } }, {}],
    ['every setting', { driver: 'pg', host: { ENV: 'H' }, database: { ENV: 'D' } }, {}],
  ])('is none where the variable is not set of %s', (_what, dev, env) => {
    expect(evaluateDev(dev, env).connection).toBeUndefined();
  });

  it('carries settings for pg over and drops those for db-migrate', () => {
    const own = { driver: 'pg', 'sql-file': true, native: true, schema: 'app', addIfNotExists: {} };
    expect(evaluateDev({ ...own, database: 'd', application_name: 'app' }).connection).toEqual({
      database: 'd',
      application_name: 'app',
    });
  });
});

describe('values', () => {
  const roundTrip = (value: unknown) => {
    const { connection } = evaluateDev({ driver: 'pg', extra: value });
    return JSON.stringify(connection?.['extra']);
  };

  it('survive, whatever JSON can say', () => {
    const value = fc.jsonValue().filter((json) => !JSON.stringify(json).includes('"ENV"'));
    fc.assert(fc.property(value, (json) => expect(roundTrip(json)).toBe(JSON.stringify(json))));
  });

  it('survive, whatever characters they hold', () => {
    const text = fc.string({
      unit: fc.oneof(
        fc.constantFrom("'", '"', '\\', '\n'),
        fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
      ),
    });
    fc.assert(fc.property(text, (value) => expect(roundTrip(value)).toBe(JSON.stringify(value))));
  });

  it.each(["it's", 'a "b"', `'"`, '\\', '\u2028', '${x}', '`', '</script>', '\ud800'])(
    'survive: %j',
    (value) => {
      expect(roundTrip(value)).toBe(JSON.stringify(value));
    },
  );

  it('survive under a key that has a meaning of its own', () => {
    const json = '{"__proto__":{"a":1},"constructor":2,"a-b":3}';
    expect(roundTrip(JSON.parse(json))).toBe(json);
  });

  it('survive as the name of an environment', () => {
    const names = fc.string({ minLength: 1 }).filter((name) => !/^default(Env)?$/.test(name));
    fc.assert(
      fc.property(names, (name) => {
        const content = Object.fromEntries([[name, { driver: 'pg', host: 'h' }]]);
        expect(Object.keys(evaluate(render(content)))).toEqual([name]);
      }),
    );
  });

  it('of environment variables never stand in the file (FR-018)', () => {
    const before = process.env;
    process.env = {
      ...before,
      DATABASE_URL: 'postgres://u:hunter2@h/d',
      PW: 'hunter2',
      S: 'hunter2',
    };
    try {
      const dev = { driver: 'pg', password: { ENV: 'PW' }, schema: { ENV: 'S' } };
      const production = { url: { ENV: 'DATABASE_URL' }, overwrite: { password: { ENV: 'PW' } } };
      const text = render({ dev, production, test: { ENV: 'DATABASE_URL' } });
      expect(text).not.toContain('hunter2');
      expect(text).toContain('process.env.PW');
    } finally {
      process.env = before;
    }
  });
});

describe('the schema', () => {
  const dev = { driver: 'pg', database: 'd' };

  it.each<[string, object, NodeJS.ProcessEnv]>([
    ['the configuration', { ...dev, schema: 'app' }, {}],
    ['a variable', { ...dev, schema: { ENV: 'SCHEMA' } }, { SCHEMA: 'app' }],
  ])('from %s leads the search path and holds both histories', (_what, environment, env) => {
    const { searchPath, migrations, knexward } = evaluateDev(environment, env);
    expect(searchPath).toEqual(['app', 'public']);
    expect(migrations['schemaName']).toBe('app');
    expect(knexward).toEqual({ dbMigrate: { table: 'migrations', schema: 'app' } });
  });

  it('is where the history was found, environment by environment', () => {
    const text = render({ dev, ci: dev }, { historySchemas: { ci: 'app' } });
    const { dev: first, ci } = evaluate(text);
    expect([first?.migrations['schemaName'], ci?.migrations['schemaName']]).toEqual([
      undefined,
      'app',
    ]);
    expect([first?.searchPath, ci?.searchPath]).toEqual([undefined, ['app', 'public']]);
  });

  it('is not mentioned where it is public', () => {
    const { migrations, searchPath } = evaluateDev({ ...dev, schema: 'public' });
    expect([migrations['schemaName'], searchPath]).toEqual([undefined, undefined]);
  });
});

describe('the migrations', () => {
  const content = { dev: { driver: 'pg', database: 'd' } };

  it('come from the folder beside the knexfile, and keep their history in Knex its table', () => {
    const text = render(content, { migrationsDirectory: '../db/migrations', historyTable: 'log' });
    expect(evaluate(text)['dev']).toMatchObject({
      client: 'pg',
      migrations: {
        tableName: 'knex_migrations',
        migrationSource: { marker: { directory: '/srv/db/migrations' } },
      },
      knexward: { dbMigrate: { table: 'log' } },
    });
  });

  it('are read by Knex through the source and not in its own way', () => {
    const warnings: string[] = [];
    const log = { warn: (message: string) => warnings.push(message) };
    const environment = evaluate(render(content))['dev'] as Environment;
    const migrator = createKnex({ ...environment, log } as object).migrate as unknown as {
      config: { migrationSource: unknown };
    };
    expect(migrator.config.migrationSource).toEqual({
      marker: { directory: '/srv/app/migrations' },
    });
    expect(warnings).toEqual([]);
  });

  it.each([true, false])('may lack files where the history has rows without (%s)', (missing) => {
    const dev = evaluate(render(content, { rowsWithoutFiles: missing }))['dev'];
    expect(dev?.migrations['disableMigrationsListValidation']).toBe(missing || undefined);
  });
});

describe('the file', () => {
  const SAMPLES: Record<string, object> = {
    usual: {
      dev: { driver: 'pg', host: { ENV: 'PGHOST' }, port: { ENV: 'PGPORT' }, database: "it's" },
      production: { ENV: 'DATABASE_URL' },
    },
    bare: { dev: { schema: 'app' } },
    rich: {
      'local-1': {
        driver: 'pg',
        schema: { ENV: 'S' },
        ssl: { sslrootcert: 'ca.pem' },
      },
      test: { url: URL_A, ssl: { ca: ['a', { b: [] }], more: {} } },
      ci: { overwrite: { database: 'ci', user: { ENV: 'CI USER' } } },
    },
  };
  const texts = Object.entries(SAMPLES).flatMap(([name, content]) =>
    (['ts', 'js', 'mjs'] as const).map((language) => {
      const isRich = name === 'rich';
      const options = {
        ...{ language, rowsWithoutFiles: isRich, nonTransactional: isRich },
        historySchemas: isRich ? { test: 'app' } : {},
      };
      const text = render(content, { ...options, migrationsDirectory: 'db/my migrations' });
      return { name: `${name}.${language}`, text };
    }),
  );
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'knexfile-'));
    for (const { name, text } of texts) writeFileSync(join(folder, name), text);
    mkdirSync(join(folder, 'node_modules/knexward'), { recursive: true });
    writeFileSync(
      join(folder, 'node_modules/knexward/index.js'),
      `exports.migrationSource = (marker) => ({ marker });
       exports.dbMigrateConnection = (settings, url) => ({ connection: { settings, url } });
       exports.dbMigrateEnvironments = (path) => ({ dev: path });
       exports.readDotenv = (path) => console.error(path);`,
    );
    writeFileSync(join(folder, 'ca.pem'), 'certificate');
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  it('says where it came from and whose it is', () => {
    for (const { text } of texts) {
      expect(text).toMatch(
        /^\/\/ Written by "knexward adopt" from database\.json\. It is yours now/,
      );
    }
  });

  it('is formatted as Prettier would', () => {
    const prettier = require.resolve('prettier/bin/prettier.cjs');
    const options = [
      '--single-quote',
      '--trailing-comma=all',
      '--print-width=100',
      '--list-different',
    ];
    const files = texts.map(({ name }) => join(folder, name));
    const output = execFileSync(process.execPath, [prettier, ...options, ...files]);
    expect(output.toString()).toBe('');
  });

  it('in TypeScript has no syntax errors and says the same as in JavaScript', () => {
    const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 };
    for (const { name, text } of texts.filter((file) => file.name.endsWith('.ts'))) {
      const { outputText, diagnostics } = ts.transpileModule(text, {
        compilerOptions,
        reportDiagnostics: true,
      });
      expect(diagnostics).toEqual([]);
      const compiled = evaluate(outputText, { PGPORT: '1' })['default'] as unknown;
      const javaScript = texts.find((file) => file.name === name.replace(/ts$/, 'js'))?.text ?? '';
      const withoutFolder = (value: unknown) =>
        JSON.stringify(value).replaceAll('/srv/app/db/', './db/');
      const expected = withoutFolder(evaluate(javaScript, { PGPORT: '1' }));
      expect(withoutFolder(compiled)).toBe(expected);
    }
  });

  it.each(Object.keys(SAMPLES))('loads in Node.js as an ES module and as CommonJS: %s', (name) => {
    const show = `for (const file of ['./${name}.mjs', './${name}.js'])
      console.log(JSON.stringify((await import(file)).default));`;
    const [module, commonJs] = execFileSync(
      process.execPath,
      ['--input-type=module', '--eval', show],
      { cwd: folder, encoding: 'utf8', env: { PGPORT: '1' } },
    ).split('\n');
    expect(module).toBe(commonJs);
    expect(module).toContain(JSON.stringify(join(folder, 'db/my migrations')));
  });
});
