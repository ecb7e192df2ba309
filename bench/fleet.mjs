// How long a fleet of schemas in one database takes, in one run against a loop of knex.migrate.latest and, where
// psql is installed, against one psql for each schema, which does nothing but the change itself:
// node bench/fleet.mjs [schemas]
//
// Only the look at schemas with nothing pending, of which all but one are copies made in SQL:
// node bench/fleet.mjs 10000 idle
import { performance } from 'node:perf_hooks';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BenchServer } from './database.mjs';
import { REPOSITORY } from './folders.mjs';

const SCHEMAS = Number(process.argv[2] ?? 1000);
const IDLE_ONLY = process.argv[3] === 'idle';
/** In one transaction, each table takes a place among the server's locks. */
const COPIES_AT_ONCE = 200;

const KNEXFILE = `module.exports = {
  client: 'pg',
  connection: process.env.URL,
  migrations: { directory: './migrations' },
  knexward: { fleet: { targets: 'select name as id, name as schema from tenants order by name' } },
};`;

/** What Knex's users write: one after the other, each on a pool of its own. */
const LOOP = `const createKnex = require('knex');
const config = require('./knexfile.js');
(async () => {
  const root = createKnex(config);
  for (const { name } of await root('tenants').select().orderBy('name')) {
    const knex = createKnex({ ...config, searchPath: [name], pool: { min: 0, max: 1 } });
    await knex.migrate.latest({ schemaName: name });
    await knex.destroy();
  }
  await root.destroy();
})();`;

const FIRST = `exports.up = (knex) => knex.schema.createTable('users', (t) => { t.increments(); t.text('email'); });
exports.down = (knex) => knex.schema.dropTable('users');`;
const CHANGE = `exports.up = (knex) => knex.schema.alterTable('users', (t) => { t.boolean('active').notNullable().defaultTo(true); });
exports.down = (knex) => knex.schema.alterTable('users', (t) => { t.dropColumn('active'); });`;

/** The same changes as SQL, for psql. */
const IN_SQL = new Map([
  [FIRST, 'create table users (id serial primary key, email text);'],
  [CHANGE, 'alter table users add column active boolean not null default true;'],
]);

/** Copies of the first schema, with its tables and their rows. */
const copies = (/** @type {number} */ from, /** @type {number} */ to) => `do $$
  declare schema text; name text;
  begin
    for place in ${from} .. ${to} loop
      schema := 'tenant_' || lpad(place::text, 5, '0');
      execute format('create schema %I', schema);
      insert into tenants values (schema);
      for name in select relname from pg_class where relkind = 'r' and relnamespace = 'tenant_00000'::regnamespace loop
        execute format('create table %I.%I (like tenant_00000.%2$I including all)', schema, name);
        execute format('insert into %I.%I overriding system value select * from tenant_00000.%2$I', schema, name);
      end loop;
    end loop;
  end $$`;

const folder = mkdtempSync(join(tmpdir(), 'knexward-fleet-'));
mkdirSync(join(folder, 'node_modules'));
for (const name of ['knex', 'pg']) {
  symlinkSync(join(REPOSITORY, 'node_modules', name), join(folder, 'node_modules', name), 'dir');
}
const write = (/** @type {string} */ name, /** @type {string} */ text) => {
  mkdirSync(join(folder, 'migrations'), { recursive: true });
  writeFileSync(join(folder, name), text);
};
write('knexfile.js', KNEXFILE);
write('loop.js', LOOP);

const server = await BenchServer.start();
const { host, port, user, password } = server.server;

/** @type {(name: string, database: string, command: string, args: readonly string[]) => void} */
const run = (name, database, command, args) => {
  const URL = `postgresql://${user}:${password}@${host}:${port}/${database}`;
  const { status, stderr, error } = spawnSync(command, args, {
    ...{ cwd: folder, encoding: 'utf8', env: { ...process.env, URL } },
  });
  if (status !== 0) throw new Error(`${name}: ${error?.message ?? stderr}`);
};

/** @type {(what: string, work: () => void) => void} */
const measure = (what, work) => {
  const started = performance.now();
  work();
  const seconds = (performance.now() - started) / 1000;
  const rate = (SCHEMAS / seconds).toFixed(0);
  console.log(`${what}, ${SCHEMAS} schemas: ${seconds.toFixed(1)} s (${rate} a second)`);
};

const knexward = [join(REPOSITORY, 'bin/knexward.js'), 'fleet'];

async function idle() {
  const first = `create table tenants (name text primary key); insert into tenants values ('tenant_00000'); create schema tenant_00000`;
  const database = await server.database(first, true);
  write('migrations/20260101000000_users.js', FIRST);
  write('migrations/20260102000000_active.js', CHANGE);
  run('knexward', database, process.execPath, [...knexward, 'up']);
  for (let from = 1; from < SCHEMAS; from += COPIES_AT_ONCE) {
    await server.query(database, copies(from, Math.min(from + COPIES_AT_ONCE, SCHEMAS) - 1));
  }
  await server.query(database, 'analyze');
  for (const verb of ['up', 'status', 'up', 'status']) {
    measure(`nothing pending: knexward fleet ${verb}`, () =>
      run('knexward', database, process.execPath, [...knexward, verb]),
    );
  }
}

async function changes() {
  const names = [...Array(SCHEMAS).keys()].map(
    (place) => `tenant_${String(place).padStart(5, '0')}`,
  );
  const made = names.map(
    (name) => `create schema ${name}; insert into tenants values ('${name}');`,
  );
  const sql = `create table tenants (name text primary key); ${made.join('\n')}`;
  /** @type {Record<string, (database: string, change: string) => void>} */
  const contestants = {
    'knexward fleet up': (database) =>
      run('knexward', database, process.execPath, [...knexward, 'up']),
    'a loop of knex.migrate.latest': (database) =>
      run('knex', database, process.execPath, ['loop.js']),
  };
  if (spawnSync('psql', ['--version']).status === 0) {
    contestants['one psql each'] = (database, change) => {
      const url = `postgresql://${user}:${password}@${host}:${port}/${database}`;
      const statement = IN_SQL.get(change) ?? 'select 1';
      for (const name of names)
        run('psql', database, 'psql', [url, '-qc', `set search_path to ${name}; ${statement}`]);
    };
  }
  const databases = new Map();
  for (const name of Object.keys(contestants))
    databases.set(name, await server.database(sql, true));
  const steps = [
    ['the first migration', '20260101000000_users.js', FIRST],
    ['a typical change', '20260102000000_active.js', CHANGE],
    ['nothing pending', '', ''],
  ];
  for (const [step = '', file = '', text = ''] of steps) {
    if (file !== '') write(`migrations/${file}`, text);
    for (const [name, migrate] of Object.entries(contestants))
      measure(`${step}: ${name}`, () => migrate(databases.get(name), text));
  }
}

try {
  await (IDLE_ONLY ? idle() : changes());
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
