import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { createDatabase, createRole, type TestDatabase } from './database';
import { DB_MIGRATE_PACKAGES } from './db-migrate';
import { install, link, symlinkBin } from './install-packages';
import { REPOSITORY } from './project';
import { type Place } from './run-documents';

/** Makes the project that a document's commands run in. */
export async function makePlace(name: string): Promise<Place> {
  const make = PROJECTS[name];
  if (!make) throw new Error(`There is no project "${name}"; make it in document-projects.ts.`);
  return make();
}

/** A project, with what is needed to prepare it. */
interface Prepared extends Place {
  write: (files: Record<string, string>) => void;
  run: (command: string) => void;
}

const PROJECTS: Record<string, () => Promise<Place>> = {
  'an empty folder': () => Promise.resolve(emptyFolder()),
  'a db-migrate project': dbMigrateProject,
  'a db-migrate project with knexward': async () => {
    const place = await dbMigrateProject();
    place.install(place.root, ['knexward', 'knex', 'pg']);
    return place;
  },
  'a shop': shop,
  'a shop, with one pending': () => shopWith(PENDING),
  'a shop, with two to rehearse': () => shopWith(PLANS, USERS_PLAN),
  'a shop, with three to take up and down': () => shopWith(PLANS, FORGETFUL),
  'a shop, a failing migration': async () => {
    const place = await shop();
    place.write({ 'migrations/20261122135622_add_emoji_to_options.js': FAILING });
    return place;
  },
  'a shop, changed by hand': async () => {
    const place = await shop();
    await place.database.query(BY_HAND);
    return place;
  },
  'a shop, changed by hand since its snapshot': async () => {
    const place = await shop();
    place.run('knexward snapshot');
    await place.database.query(BY_HAND);
    return place;
  },
  'a shop, and a role that lacks rights': shopOfAnotherRole,
  'a shop, cut off while an index was built': async () => {
    const place = await shop();
    place.write(INDEX);
    await place.database.query(CUT_OFF);
    return place;
  },
  'a shop, locked by a killed Knex': async () => {
    const place = await shop();
    place.write(PENDING);
    await place.database.query('update knex_migrations_lock set is_locked = 1');
    return place;
  },
};

const KNEXFILE = `const config = {
  client: 'pg',
  connection: process.env.DATABASE_URL,
  migrations: { directory: './migrations' },
};

module.exports = { development: config, production: config };
`;

const SHOP = {
  'package.json': '{ "name": "shop", "private": true }\n',
  'knexfile.js': KNEXFILE,
  'migrations/20260301090000_create_users.up.sql': `
create table users (
  id bigint generated always as identity primary key,
  email varchar(80) not null unique,
  name text
);`,
  'migrations/20260301090000_create_users.down.sql': 'drop table users;',
  'migrations/20260302090000_create_orders.up.sql': `
create table orders (
  id bigint generated always as identity primary key,
  user_id bigint not null references users,
  total integer not null
);
create index orders_user_id on orders (user_id);`,
  'migrations/20260302090000_create_orders.down.sql': 'drop table orders;',
};

const PENDING = {
  'migrations/20261122140812_add_email.up.sql': 'alter table orders add column email text;',
  'migrations/20261122140812_add_email.down.sql': 'alter table orders drop column email;',
};

const PLANS = {
  'migrations/20261120093000_add_plan.ts': `import { type Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('plans', (table) => {
    table.increments();
    table.text('name').notNullable();
  });
  await knex('plans').insert([{ name: 'free' }, { name: 'team' }]);
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('plans');
}
`,
};

const USERS_PLAN = {
  'migrations/20261121101500_users_plan.js': `exports.up = async function (knex) {
  await knex.schema.alterTable('users', (table) => table.integer('plan_id'));
  const [free] = await knex('plans').select('id').where({ name: 'free' });
  await knex('users').update({ plan_id: free.id });
};

exports.down = (knex) => knex.schema.alterTable('users', (table) => table.dropColumn('plan_id'));
`,
};

/** Their downs: one forgets what it did, one is not there. */
const FORGETFUL = {
  'migrations/20261121101500_users_plan.js': `// An index for the list of users.

exports.up = async function (knex) {
  await knex.schema.alterTable('users', (table) => table.index('name', 'users_name_index'));
};

exports.down = async function () {};
`,
  'migrations/20261122080000_drop_legacy.js': `exports.up = (knex) => knex.schema.dropTableIfExists('legacy');
`,
};

const INDEX = {
  'migrations/20261122140812_index_orders_total.up.sql':
    '-- knexward: no-transaction\ncreate index concurrently orders_total on orders (total);',
};

/** What is left where the process was killed in the middle of it, and the server gave up too. */
const CUT_OFF = `
  insert into knexward_journal (run_id, event, migration, batch, actor, details)
    values (gen_random_uuid(), 'started', '20261122140812_index_orders_total.up.sql', 2, 'ci@host, app',
      '{"direction": "up"}');
  create index orders_total on orders (total);
  update pg_index set indisvalid = false where indexrelid = 'orders_total'::regclass;`;

/** What somebody did at night, past the migrations. */
const BY_HAND = `
  create index users_by_hand on users (name);
  alter table users alter column email type text;`;

const FAILING = `exports.up = async function (knex) {
  await knex.schema.alterTable('optoins', (table) => {
    table.string('emoji', 8);
  });
};

exports.down = async function (knex) {
  await knex.schema.alterTable('optoins', (table) => {
    table.dropColumn('emoji');
  });
};
`;

/** A project on knexward whose migrations are applied; `DATABASE_URL` names its database. */
async function shop(): Promise<Prepared & { database: TestDatabase }> {
  const place = await withDatabase(({ url }) => ({ DATABASE_URL: url }));
  place.install(place.root, ['knexward', 'knex', 'pg']);
  place.write(SHOP);
  place.run('knexward up');
  return place;
}

/** The same, with further files. */
async function shopWith(...files: Record<string, string>[]): Promise<Place> {
  const place = await shop();
  place.write(Object.assign({}, ...files) as Record<string, string>);
  return place;
}

/** The same, used by a role that may not write the history and has a statement_timeout. */
async function shopOfAnotherRole(): Promise<Place> {
  const place = await shop();
  const role = await createRole();
  await place.database.query(`
    alter role ${role.name} in database ${place.database.name} set statement_timeout = '30s';
    grant usage, create on schema public to ${role.name};
    grant all on all tables in schema public to ${role.name};
    grant all on all sequences in schema public to ${role.name};
    revoke insert, delete on knex_migrations from ${role.name};`);
  place.env['DATABASE_URL'] = role.url(place.database);
  return {
    ...place,
    async remove() {
      await role.drop(place.database);
      await place.remove();
    },
  };
}

/** Nothing but a folder; the only PostgreSQL there is the embedded one. */
function emptyFolder(): Prepared {
  const base = mkdtempSync(join(tmpdir(), 'knexward-document-'));
  // The embedded server may run as another user, who has to enter the folder.
  chmodSync(base, 0o755);
  const root = join(base, 'app');
  for (const folder of ['app', 'home']) mkdirSync(join(base, folder));
  const { PATH = '' } = process.env;
  const env = {
    PATH: [join(root, 'node_modules/.bin'), PATH].join(delimiter),
    HOME: join(base, 'home'),
    TZ: 'UTC',
    npm_config_offline: 'true',
    npm_config_update_notifier: 'false',
  };
  return {
    root,
    env,
    install,
    write(files) {
      for (const [path, content] of Object.entries(files)) {
        mkdirSync(dirname(join(root, path)), { recursive: true });
        writeFileSync(join(root, path), content);
      }
    },
    run: (command) => {
      execFileSync('sh', ['-c', command], { cwd: root, env, stdio: ['ignore', 'ignore', 'pipe'] });
    },
    remove: () => Promise.resolve(rmSync(base, { recursive: true, force: true })),
  };
}

/** The same, with the packages and a database of its own that `DATABASE_URL` names. */
async function withDatabase(
  environmentOf: (database: TestDatabase) => Record<string, string>,
): Promise<Prepared & { database: TestDatabase }> {
  const place = emptyFolder();
  const database = await createDatabase();
  Object.assign(place.env, environmentOf(database));
  return {
    ...place,
    database,
    query: (sql) => database.query(sql),
    async remove() {
      await place.remove();
      await database.drop();
    },
  };
}

/** `examples/legacy-polls`, whose history real db-migrate has made. */
async function dbMigrateProject(): Promise<Prepared> {
  const place = await withDatabase(({ name, config }) => ({
    POSTGRES_HOST: String(config.host),
    POSTGRES_PORT: String(config.port),
    POSTGRES_DB: name,
    POSTGRES_USER: String(config.user),
    POSTGRES_PASSWORD: String(config.password),
  }));
  cpSync(join(REPOSITORY, 'examples/legacy-polls'), place.root, { recursive: true });
  for (const name of DB_MIGRATE_PACKAGES) link(place.root, name);
  symlinkBin(place.root, 'db-migrate', 'db-migrate/bin/db-migrate');
  place.run('db-migrate up');
  return place;
}
