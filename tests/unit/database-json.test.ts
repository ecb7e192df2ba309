import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import {
  type DbMigrateConfig,
  defaultEnvironmentName,
  EnvVariable,
  parseDbMigrateConfig,
  resolveDbMigrateEnvironment,
} from '../../src/db-migrate/config.js';
import { KnexwardError } from '../../src/errors.js';

interface LoadedConfig {
  getCurrent(): { env: string; settings: Record<string, unknown> };
}

const dbMigrate = jest.requireActual<{
  loadObject(config: object, environment?: string): LoadedConfig;
}>('db-migrate/lib/config.js');

const parse = (value: unknown) => parseDbMigrateConfig(value, 'database.json');

function errorOf(work: () => unknown): KnexwardError {
  try {
    work();
  } catch (error) {
    if (error instanceof KnexwardError) return error;
    throw error;
  }
  throw new Error('It did not fail.');
}

/** What db-migrate itself makes of a configuration, under exactly these environment variables. */
function askDbMigrate(config: object, environment: string | undefined, env: NodeJS.ProcessEnv) {
  const before = process.env;
  process.env = env;
  try {
    return dbMigrate.loadObject(config, environment).getCurrent();
  } finally {
    process.env = before;
  }
}

describe('taking database.json apart', () => {
  it('names environment variables at every level and reads none', () => {
    const config = parse({
      dev: {
        driver: 'pg',
        host: { ENV: 'PGHOST' },
        ssl: { ca: { ENV: 'CA' }, list: [{ ENV: 'ITEM' }, 1, null] },
      },
      production: { ENV: 'DATABASE_URL' },
      test: 'postgres://app:secret@localhost/app_test',
    });
    expect(config.environments).toEqual({
      dev: {
        driver: 'pg',
        host: new EnvVariable('PGHOST'),
        ssl: { ca: new EnvVariable('CA'), list: [new EnvVariable('ITEM'), 1, null] },
      },
      production: new EnvVariable('DATABASE_URL'),
      test: 'postgres://app:secret@localhost/app_test',
    });
  });

  it('tells settings at the top level from environments', () => {
    const config = parse({ 'sql-file': true, schema: 'app', defaultEnv: 'local', local: {} });
    expect(Object.keys(config.environments)).toEqual(['local']);
    expect(config.settings).toEqual({ 'sql-file': true, schema: 'app', defaultEnv: 'local' });
  });

  it('takes an environment that holds a schema and nothing else', () => {
    expect(parse({ dev: { schema: 'app' } }).environments).toEqual({ dev: { schema: 'app' } });
  });

  it('copies what a .js configuration holds as JSON would', () => {
    const config = parse({ dev: { driver: 'pg', ssl: undefined, log: () => undefined } });
    expect(config.environments).toEqual({ dev: { driver: 'pg' } });
  });

  it.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /database\.json holds no object/],
    ['a text', 'postgres://localhost/app', /database\.json holds no object/],
    ['a list', [{ driver: 'pg' }], /database\.json holds no object/],
    ['an empty object', {}, /names no environment/],
    ['one flat environment', { driver: 'pg', host: 'localhost' }, /names no environment/],
    ['another database', { dev: { driver: 'mysql' } }, /driver "mysql" for "dev"/],
    ['the URL of another', { dev: 'mysql://localhost/app' }, /driver "mysql" for "dev"/],
    ['another in url', { dev: { url: 'sqlite3://x/y' } }, /driver "sqlite3" for "dev"/],
    ['a tunnel', { dev: { driver: 'pg', tunnel: { host: 'x' } } }, /SSH tunnel/],
    ['a broken URL', { dev: { url: 'postgres://a:b@h:port/secret' } }, /cannot be read/],
    ['an ENV that is no name', { dev: { host: { ENV: 5 } } }, /dev\.host has an "ENV"/],
  ])('refuses %s', (_what, value, message) => {
    const error = errorOf(() => parse(value));
    expect(error.code).toBe('DB_MIGRATE_CONFIG');
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('secret');
    expect(error.fix).not.toBe('');
  });
});

describe('the environment that is used where none is named', () => {
  const dev = { driver: 'pg', database: 'a' };
  it.each<[string, object, NodeJS.ProcessEnv]>([
    ['dev', { dev, other: dev }, {}],
    ['development', { development: dev, other: dev }, {}],
    ['both dev and development', { dev, development: dev }, {}],
    ['both, in the other order', { development: dev, dev }, {}],
    ['defaultEnv', { dev, local: dev, defaultEnv: 'local' }, {}],
    ['default', { dev, local: dev, default: 'local' }, {}],
    ['default beside defaultEnv', { dev, local: dev, default: 'local', defaultEnv: 'dev' }, {}],
    ['a list', { dev, a: dev, b: dev, default: ['a', 'b', 'c'] }, {}],
    ['defaultEnv from a variable', { dev, ci: dev, defaultEnv: { ENV: 'STAGE' } }, { STAGE: 'ci' }],
  ])('is the one that db-migrate takes: %s', (_what, content, env) => {
    const expected = askDbMigrate(content, undefined, env).env;
    expect(defaultEnvironmentName(parse(content), env)).toBe(expected);
  });

  it.each<[string, object]>([
    ['neither dev nor development', { production: dev }],
    ['a defaultEnv that does not exist', { dev, defaultEnv: 'local' }],
    ['a variable that is not set', { dev, defaultEnv: { ENV: 'STAGE' } }],
  ])('is none where db-migrate finds none: %s', (_what, content) => {
    expect(() => askDbMigrate(content, undefined, {})).toThrow(/not found/);
    expect(defaultEnvironmentName(parse(content), {})).toBeUndefined();
  });
});

/** db-migrate's settings as its PostgreSQL driver then hands them to `pg`. */
function expectedConnection(settings: Record<string, unknown>): Record<string, unknown> {
  const { host, port, ssl, password, application_name } = settings;
  return {
    host,
    port: port === undefined ? undefined : Number(port),
    user: settings['user'] || settings['username'],
    password,
    database: settings['database'] || 'postgres',
    ssl,
    application_name,
  };
}

function expectSameAsDbMigrate(content: object, env: NodeJS.ProcessEnv): void {
  const { settings } = askDbMigrate(content, 'dev', env);
  // db-migrate goes to "postgres", or to this machine, where a variable is not set.
  const named = ['host', 'port', 'user', 'username', 'password', 'database'];
  const isLeftOpen = (names: string[]) =>
    names.some((name) => name in settings) && !names.some((name) => settings[name]);
  if (isLeftOpen(['database']) || isLeftOpen(named)) {
    const error = errorOf(() => resolveDbMigrateEnvironment(parse(content), 'dev', env));
    expect(error.code).toBe('DB_MIGRATE_CONFIG');
    return;
  }
  const resolved = resolveDbMigrateEnvironment(parse(content), 'dev', env);
  expect(resolved.connection).toEqual(expectedConnection(settings));
  expect(resolved.schema).toBe(settings['schema'] || 'public');
}

describe('where db-migrate would connect to', () => {
  const URL_A = 'postgres://amy:pw%40a@db-a:6001/app_a?application_name=x';
  const URL_B = 'postgresql://bob:pwb@db-b/app_b?ssl=true&schema=elsewhere';
  const settings = { driver: 'pg', host: 'h', port: '5433', user: 'u', password: 'p' };

  it.each<[string, object, NodeJS.ProcessEnv]>([
    ['settings', { ...settings, database: 'd', schema: 'app' }, {}],
    ['no database', settings, {}],
    ['the alias username', { driver: 'postgres', username: 'amy' }, {}],
    ['settings and DATABASE_URL', { ...settings, schema: 'app' }, { DATABASE_URL: URL_A }],
    ['a schema and DATABASE_URL', { schema: 'app' }, { DATABASE_URL: URL_B }],
    ['url and DATABASE_URL', { url: URL_A, ssl: true }, { DATABASE_URL: URL_B }],
    ['url from a variable', { url: { ENV: 'MY_URL' } }, { MY_URL: URL_A, DATABASE_URL: URL_B }],
    ['url from an unset variable', { url: { ENV: 'MY_URL' } }, { DATABASE_URL: URL_B }],
    ['values from variables', { driver: { ENV: 'D' }, host: { ENV: 'H' } }, { D: 'pg', H: 'x' }],
    ['overwrite', { url: URL_A, overwrite: { database: 'o', ssl: { ca: 'c' } } }, {}],
    ['addIfNotExists', { url: URL_A, addIfNotExists: { database: 'o', ssl: true } }, {}],
    ['both', { ...settings, addIfNotExists: { ssl: 1 }, overwrite: { ssl: false } }, {}],
    ['a Unix socket', { url: 'postgres://amy:pw@/app?host=/run/pg' }, {}],
  ])('%s', (_what, dev, env) => {
    expectSameAsDbMigrate({ dev }, env);
  });

  it.each<[string, string | object]>([
    ['a URL as the environment', URL_A],
    ['a variable as the environment', { ENV: 'MY_URL' }],
  ])('%s, whatever DATABASE_URL says', (_what, dev) => {
    expectSameAsDbMigrate({ dev }, { MY_URL: URL_A, DATABASE_URL: URL_B });
  });

  it('agrees with db-migrate for every mixture of settings', () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9]{0,7}$/);
    const value = fc.oneof(
      word,
      fc.constantFrom('ONE', 'TWO', 'UNSET').map((name) => ({ ENV: name })),
    );
    const group = fc.record(
      { host: value, user: value, password: value, database: value, schema: value, ssl: value },
      { requiredKeys: [] },
    );
    const url = fc
      .tuple(word, word, word, word)
      .map(
        ([user, password, host, database]) => `postgres://${user}:${password}@${host}/${database}`,
      );
    const environment = fc
      .tuple(
        group,
        fc.record({ addIfNotExists: group, overwrite: group, url }, { requiredKeys: [] }),
      )
      .map(([own, extra]) => ({ driver: 'pg', ...own, ...extra }));
    const variables = fc.record(
      { ONE: word, TWO: word, DATABASE_URL: url },
      { requiredKeys: ['ONE', 'TWO'] },
    );
    fc.assert(
      fc.property(environment, variables, (dev, env) => expectSameAsDbMigrate({ dev }, env)),
    );
  });

  it.each<[string, DbMigrateConfig, string, string, RegExp]>([
    ['an unknown environment', parse({ dev: {} }), 'prod', 'UNKNOWN_ENVIRONMENT', /"prod"/],
    ['an unset variable', parse({ prod: { ENV: 'X' } }), 'prod', 'DB_MIGRATE_CONFIG', /X, which/],
    ['no driver', parse({ prod: { schema: 'a' } }), 'prod', 'DB_MIGRATE_CONFIG', /no driver/],
  ])('refuses %s', (_what, config, name, code, message) => {
    const error = errorOf(() => resolveDbMigrateEnvironment(config, name, {}));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  it('reads the certificates that are named beside an sslmode', () => {
    const folder = mkdtempSync(join(tmpdir(), 'certificates-'));
    const ca = join(folder, 'ca.pem');
    writeFileSync(ca, 'certificate');
    const sslOf = (ssl: object) =>
      resolveDbMigrateEnvironment(parse({ dev: { driver: 'pg', ssl } }), 'dev', {}).connection.ssl;
    expect(sslOf({ sslmode: 'require', sslrootcert: ca })).toMatchObject({ ca: 'certificate' });
    expect(sslOf({ sslrootcert: ca })).toEqual({ sslrootcert: ca });
    rmSync(folder, { recursive: true });
    const error = errorOf(() => sslOf({ sslmode: 'require', sslrootcert: ca }));
    expect(error).toMatchObject({ code: 'DB_MIGRATE_CONFIG' });
    expect(error.message).toContain(ca);
  });

  it('refuses the URL of another database without showing it', () => {
    const env = { DATABASE_URL: 'mysql://root:secret@localhost/app' };
    const error = errorOf(() => resolveDbMigrateEnvironment(parse({ dev: {} }), 'dev', env));
    expect(error.message).toContain('mysql');
    expect(`${error.message} ${error.fix}`).not.toContain('secret');
  });
});
