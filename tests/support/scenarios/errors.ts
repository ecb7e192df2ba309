import { type ErrorCode } from '../../../src/errors';
import { KNEXFILE } from '../project';
import { dbMigrateHistory, FIRST, migration, type Scenario, type World } from './scenario';

/** Its history is not adopted, and its row has no file. */
const OLD_HISTORY = { '/20150101000000-old': '2015-01-01 12:00:00' };
const DATABASE_JSON = '{ "dev": { "driver": "pg", "url": { "ENV": "TEST_DATABASE_URL" } } }';
const oldHistory = (world: World): Promise<void> => dbMigrateHistory(world, OLD_HISTORY);

/** The end of the URL, which is the database's name, or the password before the host. */
const wrongPassword = ({ database }: World): string =>
  database.url.replace(/:[^:@/]+@/, ':wr0ng-s3cret@');

/** For each error: a project in which the command line really ends with it. */
export const ERROR_SCENARIOS: Record<ErrorCode, Scenario> = {
  MIGRATION_FAILED: {
    files: { 'migrations/20260101000001_b.js': migration("await knex.raw('select broken');") },
    args: ['up'],
  },
  BASELINE_DIFFERS: {
    files: {
      'migrations/20260101000001_b.js': migration(
        "await knex.raw('create table b (id int); select lo_create(4711);');",
      ),
    },
    args: ['baseline'],
  },
  SEED_FAILED: {
    files: { 'seeds/a.js': "exports.seed = () => { throw new Error('no data'); };" },
    args: ['seed'],
  },
  FLEET_TARGETS: {
    files: {
      'knexfile.js': KNEXFILE.replace(
        'migrations:',
        "knexward: { fleet: { targets: 'select 1 as id' } }, migrations:",
      ),
    },
    args: ['fleet', 'up'],
  },
  RESET_REFUSED: {
    url: ({ database }) => database.url.replace(/[^/]*$/, 'postgres'),
    args: ['reset', '--yes'],
  },
  DATABASE_IN_USE: {
    before: ({ database }) => database.query('select 1'),
    args: ['reset', '--yes'],
  },
  BASELINE_FILE: { args: ['baseline', '--check'] },
  SERVER_REFUSED: {
    before: async ({ run, database }) => {
      await run('up');
      await database.query('begin; lock table knex_migrations');
    },
    args: ['status'],
    url: ({ database }) => `${database.url}?options=-c%20lock_timeout%3D100ms`,
  },
  USAGE: { args: ['up', '--frobnicate'] },
  KNEXFILE_NOT_FOUND: { args: ['up', '--knexfile', 'nowhere.js'] },
  KNEXFILE_BROKEN: { files: { 'knexfile.js': 'module.exports = {' }, args: ['up'] },
  AMBIGUOUS_KNEXFILE: {
    files: { 'sub/knexfile.cjs': 'module.exports = {};' },
    args: ['up', '--cwd', 'sub'],
  },
  AMBIGUOUS_ENVIRONMENT: {
    files: {
      'knexfile.js': null,
      'database.json': '{ "dev": { "driver": "pg" }, "production": { "driver": "pg" } }',
    },
    args: ['adopt', '--yes'],
    env: { NODE_ENV: 'production' },
  },
  INVALID_CONNECTION: {
    files: { 'knexfile.js': "module.exports = { client: 'pg', connection: process.env.URL };" },
    args: ['up'],
    env: { URL: 'postgresql://app:pa/ss@db.example.com/app' },
  },
  UNKNOWN_ENVIRONMENT: { args: ['up', '--env', 'staging'] },
  UNSUPPORTED_CLIENT: {
    files: { 'knexfile.js': "module.exports = { client: 'mysql2', connection: {} };" },
    args: ['up'],
  },
  NO_DATABASE: {
    files: { 'knexfile.js': "module.exports = { client: 'pg' };" },
    args: ['up', '--env', 'production'],
  },
  NO_EMBEDDED_SERVER: {
    files: {
      'knexfile.js': null,
      'other-system.js': "Object.defineProperty(process, 'arch', { value: 'mips' });",
    },
    args: ['up'],
    env: { NODE_OPTIONS: '--require ./other-system.js' },
  },
  EMBEDDED_SERVER_FAILED: {
    files: {
      'knexfile.js': null,
      '.knexward/cluster/data/PG_VERSION': '9\n',
      '.knexward/cluster/password': 'x',
    },
    args: ['up'],
  },
  CONFIRMATION_REQUIRED: {
    files: { 'knexfile.js': KNEXFILE.replace('development', 'production') },
    before: ({ run }) => run('up', '--env', 'production'),
    args: ['down', '--env', 'production'],
  },
  INVALID_NAME: { args: ['create', '../outside'] },
  UNKNOWN_MIGRATION: { args: ['up', 'nowhere'] },
  AMBIGUOUS_MIGRATION: {
    files: { 'migrations/20260101000001_b.js': migration('') },
    args: ['up', '2026'],
  },
  MIGRATIONS_FOLDER: {
    files: { 'knexfile.js': KNEXFILE.replace('./migrations', './knexfile.js') },
    args: ['up'],
  },
  INVALID_MIGRATION: {
    files: { 'migrations/20260101000001_b.js': 'exports.down = () => {};' },
    args: ['up'],
  },
  DUPLICATE_FILE: {
    files: { [`migrations/${FIRST.replace('.js', '.ts')}`]: 'export async function up() {}' },
    args: ['up'],
  },
  TIME_ZONE_REQUIRED: {
    files: { 'knexfile.js': null, 'database.json': DATABASE_JSON },
    before: oldHistory,
    args: ['adopt'],
    env: { TZ: 'Europe/Berlin' },
  },
  UNKNOWN_TIME_ZONE: { args: ['adopt', '--time-zone', 'Mars/Olympus'] },
  NOT_A_DB_MIGRATE_PROJECT: { files: { 'knexfile.js': null }, args: ['adopt'] },
  DB_MIGRATE_CONFIG: {
    files: { 'knexfile.js': null, 'database.json': '{ "dev": ' },
    args: ['adopt'],
  },
  SCHEMA_MISSING: {
    files: { 'knexfile.js': KNEXFILE.replace('directory:', "schemaName: 'nowhere', directory:") },
    args: ['up'],
  },
  REPLAY_FAILED: {
    before: async ({ run, project }) => {
      await run('up');
      project.write({ [`migrations/${FIRST}`]: migration("await knex.raw('select broken');") });
    },
    args: ['verify'],
  },
  SERVER_WIDE_CHANGE: {
    files: { 'migrations/20260101000001_b.js': migration("await knex.raw('create role b');") },
    args: ['plan'],
  },
  NO_SHADOW: {
    files: {
      'other-system.js': "Object.defineProperty(process, 'arch', { value: 'mips' });",
    },
    args: ['verify'],
    env: { NODE_OPTIONS: '--require ./other-system.js' },
    url: async ({ database, role }) => (await role()).url(database),
  },
  SNAPSHOT_FILE: { args: ['snapshot', '--check'] },
  SEARCH_PATH_POOLED: {
    files: {
      'knexfile.js': KNEXFILE.replace('migrations:', "searchPath: ['app'], migrations:"),
      'migrations/20260101000001_b.js': `${migration('')} exports.config = { transaction: false };`,
    },
    before: ({ database }) => database.query('create schema app'),
    pooled: true,
    args: ['up'],
  },
  PERMISSION_DENIED: {
    // As it is from PostgreSQL 15 on.
    before: ({ database }) => database.query('revoke create on schema public from public'),
    args: ['up'],
    url: async ({ role, database }) => (await role()).url(database),
  },
  // The file itself may have that name, but no temporary one beside it a longer one.
  FILE_NOT_WRITABLE: {
    files: {
      'knexfile.js': null,
      'database.json': DATABASE_JSON,
      [`.github/workflows/${'x'.repeat(246)}.yml`]:
        'jobs:\n  a:\n    steps:\n      - run: npx db-migrate up\n',
    },
    before: oldHistory,
    // The second time there is a knexfile, and the workflow is left to a person.
    once: true,
    args: ['adopt', '--yes'],
  },
  CONNECTION_FAILED: { args: ['up'], url: () => 'postgresql://app:s3cret@127.0.0.1:1/app' },
  AUTHENTICATION_FAILED: { args: ['up'], url: wrongPassword },
  DATABASE_MISSING: {
    args: ['up'],
    url: ({ database }) => database.url.replace(/[^/]+$/, 'nowhere'),
  },
  TOO_MANY_CONNECTIONS: {
    args: ['up'],
    url: async ({ role, database }) => {
      const busy = await role();
      await database.query(`alter role "${busy.name}" connection limit 0`);
      return busy.url(database);
    },
  },
  LOCKED: {
    before: async ({ run, database }) => {
      await run('up');
      await run('down');
      await database.query('update knex_migrations_lock set is_locked = 1');
    },
    args: ['up'],
  },
  LOCK_LOST: {
    files: {
      'migrations/20260101000001_b.js': migration(
        `await knex.raw(\`select pg_terminate_backend(pid) from pg_stat_activity
           where datname = current_database() and pid <> pg_backend_pid()\`);
         await knex.raw('select pg_sleep(0.5)');`,
      ),
      'migrations/20260101000002_c.js': migration(''),
    },
    once: true,
    args: ['up'],
  },
  NOT_ADOPTED: { before: oldHistory, args: ['up'] },
  HISTORY_TABLE_SHAPE: {
    before: ({ database }) => database.query('create table knex_migrations (version bigint)'),
    args: ['up'],
  },
  MISSING_FILE: {
    before: async ({ run, database }) => {
      await run('up');
      await database.query("update knex_migrations set name = '20200101000000_gone.js'");
    },
    args: ['down'],
  },
  CHANGED_FILE: {
    files: {
      'knexfile.js': KNEXFILE.replace(
        "client: 'pg',",
        "client: 'pg', knexward: { checksums: 'stop' },",
      ),
    },
    before: async ({ run, project }) => {
      await run('up');
      project.write({ [`migrations/${FIRST}`]: migration('') });
    },
    args: ['up'],
  },
  RENAMED_FILE: {
    before: async ({ run, project }) => {
      await run('up');
      const content = project.read(`migrations/${FIRST}`);
      project.delete(`migrations/${FIRST}`);
      project.write({ 'migrations/20260101000001_renamed.js': content });
    },
    args: ['up'],
  },
  RENAME_REFUSED: {
    files: { 'migrations/20260101000001_b.js': migration('') },
    before: ({ run }) => run('up', '-c', '1'),
    args: ['resolve', FIRST, '--renamed-to', '20260101000001_b.js'],
  },
  OUT_OF_ORDER: {
    files: {
      'knexfile.js': KNEXFILE.replace(
        "client: 'pg',",
        "client: 'pg', knexward: { outOfOrder: 'refuse' },",
      ),
    },
    before: async ({ run, project }) => {
      await run('up');
      project.write({ 'migrations/20250101000000_late.js': migration('') });
    },
    args: ['up'],
  },
  PLAN_CHANGED: {
    files: { 'migrations/20260101000001_b.js': migration('') },
    before: async ({ run, database }) => {
      await run('up');
      await database.query(`
        create function meanwhile() returns trigger language plpgsql as
          $$ begin delete from knex_migrations where name like '%_b.js'; return new; end $$;
        create trigger meanwhile after update on knex_migrations_lock
          for each row execute function meanwhile();`);
    },
    once: true,
    args: ['down', '-c', '1'],
  },
  UNFINISHED: {
    files: {
      'migrations/20260101000001_b.js': `${migration("process.kill(process.pid, 'SIGKILL');")}
        exports.config = { transaction: false };`,
    },
    before: ({ run }) => run('up'),
    args: ['up'],
  },
  UNDO_BLOCKED: {
    before: ({ run }) => run('up'),
    args: ['adopt', '--undo', '--yes'],
  },
  ADOPT_MISMATCH: {
    files: { 'knexfile.js': null, 'database.json': DATABASE_JSON },
    before: async (world) => {
      await oldHistory(world);
      await world.database.query(
        `create table knex_migrations (id serial primary key, name varchar(255), batch int, migration_time timestamptz);
         create function meddle() returns trigger language plpgsql as
           'begin new.batch := 77; return new; end';
         create trigger meddle before insert on knex_migrations
           for each row execute function meddle()`,
      );
    },
    args: ['adopt', '--yes'],
  },
  STILL_PENDING: { args: ['wait', '--timeout', '0'] },
  INTERRUPTED: {
    files: {
      'migrations/20260101000001_b.js': migration(
        "process.kill(process.pid, 'SIGINT'); await knex.raw('select pg_sleep(30)');",
      ),
    },
    args: ['up'],
  },
  INTERNAL: {
    // As if a line of ours were wrong.
    files: {
      'wrong.js': "require('pg').Client.prototype.query = () => { throw new TypeError('a bug'); };",
    },
    args: ['up'],
    env: { NODE_OPTIONS: '--require ./wrong.js' },
  },
};
