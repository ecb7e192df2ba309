import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createLegacyProject, dbMigrate, legacyTable } from '../support/db-migrate';
import { namesIn } from '../support/db-migrate-alias';
import { countInvocations, type Side, tell } from '../support/db-migrate-side-by-side';
import { itOfSample, WHOLE } from '../support/sizes';

/** Each step of a story is a process of real db-migrate's. */
const itIfDrawn = itOfSample('storiesOfDbMigrate');

const TABLES: Record<string, string> = {
  'migrations/20200101000001-t1.js': legacyTable('t1'),
  'migrations/20200101000002-t2.js': legacyTable('t2'),
  'migrations/20200101000003-t3.js': legacyTable('t3'),
  'migrations/20200301000000-t4.js': legacyTable('t4'),
};

describe('the same history, schema, exit code, lines and files as db-migrate (US6, SC-004)', () => {
  itIfDrawn('up, down, check and reset by number', () =>
    tell({
      files: TABLES,
      steps: [
        'check',
        'up -c 1',
        'check',
        'up -c1',
        'up --count=1',
        'up -c 0',
        'up',
        'up',
        'check',
        'down',
        'down -c 2',
        'down -c 0',
        'down --count 9',
        'down',
        'reset',
        'up --count 3 --force-exit',
        'reset --log-level error',
        {
          because: 'A count of 0 means none',
          real: [['up --count 0', 0]],
          alias: [
            ['up --count 0', 0],
            ['up', 0],
          ],
        },
        {
          because: 'A count that is no count is refused',
          real: [
            ['down -c abc', 0],
            ['down -c -1', 0],
          ],
          alias: [
            ['down -c abc', 1],
            ['down -c -1', 1],
            ['down -c 3', 0],
          ],
        },
      ],
    }),
  );

  itIfDrawn('up, down, reset and sync by name', () =>
    tell({
      files: TABLES,
      steps: [
        'up 20200101000002',
        'up 20200101000003-t3',
        'up 202002',
        'up 2020',
        'down 20200101000003-t3',
        'down 20200101000001-t1.js',
        'sync',
        'sync 20200101000003',
        'sync 20200101000003',
        'sync 20200101000002-t2',
        'up 20200101000003 -c 1',
        'down 20200101000001 -c 1',
        'reset 20200101000001',
        'up',
        'down 202002',
        {
          because: 'A name that no migration has is refused',
          real: [['up TYPO', 0]],
          alias: [
            ['up TYPO', 1],
            ['sync typo', 1],
            ['up 20210101', 1],
            ['up 20200101000009-t3', 1],
            ['up', 0],
          ],
        },
        {
          because: 'A name that no migration has is refused',
          real: [['down 1999', 0]],
          alias: [
            ['down 1999', 1],
            ['down TYPO', 1],
            ['reset', 0],
          ],
        },
      ],
    }),
  );

  itIfDrawn('create, and what it creates runs', () =>
    tell({
      files: {
        ...TABLES,
        'configured.json': JSON.stringify({ dev: { driver: 'pg' }, 'sql-file': true }),
      },
      steps: [
        'create add_a',
        "create 'add b to_c'",
        'create c-with-sql --sql-file',
        'create d-for-later --sql-file --ignore-on-init',
        'create f-by-configuration --config configured.json',
        'create:tenant first',
        'create:tenant second --sql-file',
        'create',
        'create missing/g',
        ({ project }) => void mkdirSync(join(project.root, 'migrations/there')),
        'create there/h',
        'create i-elsewhere -m other/folder',
        'up --ignore-on-init',
        'down -c 4',
        'up',
        'up:tenant',
        'reset',
        'reset:tenant',
        {
          because: 'An option may stand before a name',
          real: [
            ['create --sql-file j', 1],
            ['create j --sql-file', 0],
          ],
          alias: [['create --sql-file j', 0]],
        },
        {
          because: 'A name may hold a dot',
          real: [
            ['create m.with.dots', 0],
            ['up', 0],
            ['down', 1],
          ],
          alias: [
            ['create m.with.dots', 0],
            ['up', 0],
            ['down', 0],
            ['up', 0],
          ],
        },
        {
          because: 'CoffeeScript is refused',
          real: [['create k --coffee-file', 0]],
          alias: [['create k --coffee-file', 1]],
          cleanUp: ({ project }) => {
            const folder = join(project.root, 'migrations');
            const files = readdirSync(folder).filter((file) => file.endsWith('.coffee'));
            files.forEach((file) => rmSync(join(folder, file)));
          },
        },
      ],
    }),
  );

  itIfDrawn('--check, --dry-run and --ignore-completed-migrations', () =>
    tell({
      files: TABLES,
      steps: [
        'up --check',
        'up --check -c 2',
        'up --dry-run',
        'up --ignore-completed-migrations -c 2',
        'up --check',
        'up 20200101000003 --check',
        'up --dry-run -c 1',
        'down --check',
        'down --dry-run',
        'down --ignore-completed-migrations',
        'check --ignore-completed-migrations',
        'check --check',
        'reset --check',
        'sync 20200101000001 --check',
        'reset',
        'down --check',
        'up',
        {
          because: 'An applied migration does not run again',
          real: [['up --ignore-completed-migrations', 1]],
          alias: [['up --ignore-completed-migrations', 1]],
        },
      ],
    }),
  );

  itIfDrawn('scopes', () =>
    tell({
      files: {
        ...TABLES,
        'migrations/tenant/20200101000001-t1.js': legacyTable('tenant_t1'),
        'migrations/tenant/20200101000002-t2.js': legacyTable('tenant_t2'),
        'migrations/tenant/deep/20200101000001-t1.js': legacyTable('deep_t1'),
      },
      steps: [
        'check:tenant',
        'up:tenant -c 1',
        'up',
        'up:tenant',
        'check:tenant',
        'down',
        'down:tenant --check -c 2',
        'down:tenant',
        'up:tenant/deep',
        'sync:tenant 20200101000002',
        'reset:tenant',
        'down:tenant/deep',
        'up:nowhere',
        'down:nowhere',
        'check:nowhere',
        'down -c 9',
        {
          because: 'all means all scopes',
          real: [
            ['up:all', 1],
            ['up', 0],
            ['up:tenant', 0],
            ['up:tenant/deep', 0],
          ],
          alias: [['up:all', 0]],
        },
        {
          because: 'all means all scopes',
          real: [
            ['reset:all', 1],
            ['reset', 0],
            ['reset:tenant', 0],
            ['reset:tenant/deep', 0],
          ],
          alias: [['reset:all', 0]],
        },
      ],
    }),
  );

  itIfDrawn('a scope with a schema of its own', () =>
    tell({
      files: {
        ...TABLES,
        'migrations/tenant/config.json': JSON.stringify({ schema: 'tenant' }),
        'migrations/tenant/20200101000001-t1.js': legacyTable('t1'),
        'migrations/tenant/20200101000002-t2.js': legacyTable('t2'),
      },
      schemas: ['tenant'],
      history: { real: 'tenant.migrations', alias: 'tenant.knex_migrations' },
      steps: [
        async ({ database }) => {
          await database.query('create schema tenant');
        },
        'up:tenant -c 1',
        'up -c 2',
        'up:tenant',
        'check:tenant',
        'down:tenant',
        'down',
        'reset:tenant',
      ],
    }),
  );

  itIfDrawn('the configuration: files, environments, folders, tables', () =>
    tell({
      files: {
        ...TABLES,
        'database.json': JSON.stringify({
          dev: { driver: 'pg' },
          staging: { driver: 'postgres' },
          legacy: { driver: 'mysql', url: { ENV: 'NOT_SET' } },
        }),
        'config/other.json': JSON.stringify({
          live: { driver: 'pg' },
          development: { driver: 'pg' },
        }),
        'config/program.js': "module.exports = { dev: { driver: 'pg' } };",
        'elsewhere/20210101000000-elsewhere.js': legacyTable('elsewhere'),
      },
      steps: [
        'up -c 1 -e staging',
        'up -c 1 --env dev',
        'up -e nowhere',
        'up -c 1 --config config/other.json',
        'down --config config/other.json -e live',
        'down --config config/program.js',
        'up -c 1 --config missing.json',
        'check -m elsewhere',
        'up -m elsewhere',
        'down -m elsewhere',
        'up --migrations-dir nowhere',
        'create named -m elsewhere',
      ],
    }),
  );

  itIfDrawn('without any configuration', () =>
    tell({
      files: TABLES,
      env: () => ({ DATABASE_URL: '' }),
      steps: ['up --config missing.json', 'create x --config missing.json'],
    }),
  );

  itIfDrawn('another table for the history', () =>
    tell({
      files: TABLES,
      history: { real: 'other_history', alias: 'knex_migrations' },
      steps: [
        'up -c 2 -t other_history',
        'down --table other_history',
        'check --migration-table=other_history',
        'reset -t=other_history',
      ],
    }),
  );

  itIfDrawn('a configuration out of the environment', () =>
    tell({
      files: {
        ...TABLES,
        'database.json': JSON.stringify({
          live: {
            driver: 'pg',
            host: { ENV: 'DB_HOST' },
            port: { ENV: 'DB_PORT' },
            user: { ENV: 'DB_USER' },
            password: { ENV: 'DB_PASSWORD' },
            database: { ENV: 'DB_NAME' },
          },
          url: { ENV: 'DB_URL' },
          defaultEnv: 'live',
        }),
      },
      env: ({ config, url }) => ({
        DB_HOST: String(config.host),
        DB_PORT: String(config.port),
        DB_USER: String(config.user),
        DB_PASSWORD: String(config.password),
        DB_NAME: String(config.database),
        DB_URL: url,
      }),
      steps: ['up -c 1', 'up -c 1 -e url', 'down -e live', 'up -e dev'],
    }),
  );

  itIfDrawn('.db-migraterc', () =>
    tell({
      files: {
        '.db-migraterc': JSON.stringify({
          'migrations-dir': 'db',
          table: 'other_history',
          count: 2,
        }),
        'db/20200101000001-t1.js': legacyTable('t1'),
        'db/20200101000002-t2.js': legacyTable('t2'),
        'db/20200101000003-t3.js': legacyTable('t3'),
      },
      history: { real: 'other_history', alias: 'knex_migrations' },
      steps: ['up', 'check', 'up --count 1', 'create later', 'down', 'down --count 5'],
    }),
  );

  itIfDrawn('a schema in the configuration', () =>
    tell({
      files: {
        ...TABLES,
        'database.json': JSON.stringify({ dev: { driver: 'pg', schema: 'app' } }),
      },
      schemas: ['app'],
      history: { real: 'app.migrations', alias: 'app.knex_migrations' },
      steps: [
        async ({ database }) => {
          await database.query('create schema app');
        },
        'up',
        'down',
        'check',
        'reset',
      ],
    }),
  );

  itIfDrawn('failures', () =>
    tell({
      files: {
        ...TABLES,
        'migrations/20200201000000-fails.js': `
          exports.up = (db) => db.runSql('create table half (id int)').then(() => db.runSql('select 1/0'));
          exports.down = () => null;`,
      },
      steps: [
        'up',
        'up',
        'up --non-transactional',
        ({ project }) =>
          project.write({
            'migrations/20200201000000-fails.js': `
              exports.up = (db, callback) => db.runSql('drop table half', callback);
              exports.down = (db, callback) => db.runSql('select 1/0', callback);`,
          }),
        'up --non-transactional -c 1',
        'down',
        'down --non-transactional',
        ({ project }) => rmSync(join(project.root, 'migrations/20200201000000-fails.js')),
        'down',
        'up',
        'down',
        'check',
      ],
    }),
  );

  itIfDrawn('a file that cannot be loaded', () =>
    tell({
      files: { ...TABLES, 'migrations/20200401000000-broken.js': 'exports.up = (' },
      steps: [
        {
          because: 'Files are loaded before the first one runs',
          real: [['up', 1]],
          alias: [
            ['up', 1],
            ['up -c 4', 0],
          ],
        },
        'up',
        'down',
      ],
    }),
  );

  itIfDrawn('goes on where db-migrate has left off', () => {
    const files = {
      ...TABLES,
      'migrations/tenant/20200101000001-t1.js': legacyTable('tenant_t1'),
    };
    const byDbMigrate =
      (...args: string[]) =>
      async ({ database }: Side) => {
        const legacy = createLegacyProject(files);
        const outcome = await dbMigrate(legacy, args, { DATABASE_URL: database.url });
        legacy.remove();
        expect({ args, code: outcome.code }).toEqual({ args, code: 0 });
      };
    return tell({
      files,
      steps: [
        async (side) => {
          await byDbMigrate('up', '-c', '2')(side);
          await byDbMigrate('up:tenant')(side);
          await side.run(['down', '--check']);
          await side.run(['check']);
          // What only reads carries nothing over.
          expect(await namesIn(side.database, 'knex_migrations')).toEqual([]);
          expect(await namesIn(side.database, 'migrations')).toHaveLength(3);
          await side.run(['up', '-c', '1']);
        },
        'check',
        'down -c 2',
        'down:tenant',
        'up -c 2',
        'up:tenant',
        // Somebody is late with the switch: what his db-migrate does is copied too.
        async (side) => {
          if ((await namesIn(side.database, 'knex_migrations')).length > 0) {
            await side.database.query(
              `create table t4 (id serial primary key);
               insert into migrations (name, run_on) values ('/20200301000000-t4', now())`,
            );
          }
          expect(await side.run(['up'])).toMatchObject({ code: 0 });
        },
        'down',
        'reset',
      ],
    });
  });

  itIfDrawn('db:create and db:drop', () => {
    const name = `made_${process.pid}_${Date.now()}`;
    return tell({
      files: TABLES,
      steps: [
        {
          because: 'What goes wrong ends with 1',
          real: [
            ['db:create', 0],
            ['db', 0],
          ],
          alias: [
            ['db:create', 1],
            ['db', 1],
          ],
        },
        ({ run }) =>
          run(['db:create', name])
            .then(({ code, stdout }) => {
              expect({ code, stdout }).toEqual({
                code: 0,
                stdout: `[INFO] Created database "${name}"\n`,
              });
              return run(['db:create', name]).then((again) => expect(again.code).toBe(1));
            })
            .then(() => run(['db:drop', name]))
            .then(({ code }) => expect(code).toBe(0)),
        `db:drop ${name}`,
      ],
    });
  });

  itIfDrawn('questions about itself', () =>
    tell({
      files: TABLES,
      steps: ['--version', '-i', '--help', '-h', '', 'nonsense', 'up --help'],
    }),
  );

  (WHOLE ? it : it.skip)('has been asked often enough to mean something', () => {
    expect(countInvocations()).toBeGreaterThanOrEqual(100);
  });
});
