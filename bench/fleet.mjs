// How long a fleet of schemas in one database takes, against a loop of knex.migrate.latest, in one run:
// node bench/fleet.mjs [schemas]
import { performance } from 'node:perf_hooks';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BenchServer } from './database.mjs';
import { REPOSITORY } from './folders.mjs';

const SCHEMAS = Number(process.argv[2] ?? 1000);

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
try {
  const names = [...Array(SCHEMAS).keys()].map(
    (place) => `tenant_${String(place).padStart(5, '0')}`,
  );
  const made = names.map(
    (name) => `create schema ${name}; insert into tenants values ('${name}');`,
  );
  const sql = `create table tenants (name text primary key); ${made.join('\n')}`;
  const contestants = {
    'knexward fleet up': [join(REPOSITORY, 'bin/knexward.js'), 'fleet', 'up'],
    'a loop of knex.migrate.latest': ['loop.js'],
  };
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
    for (const [name, args] of Object.entries(contestants)) {
      const URL = `postgresql://${user}:${password}@${host}:${port}/${databases.get(name)}`;
      const started = performance.now();
      const { status, stderr } = spawnSync(process.execPath, args, {
        ...{ cwd: folder, encoding: 'utf8', env: { ...process.env, URL } },
      });
      if (status !== 0) throw new Error(`${name}: ${stderr}`);
      const seconds = (performance.now() - started) / 1000;
      const rate = (SCHEMAS / seconds).toFixed(0);
      console.log(
        `${step}, ${SCHEMAS} schemas: ${name} ${seconds.toFixed(1)} s (${rate} a second)`,
      );
    }
  }
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
