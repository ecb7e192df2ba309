// What a user does with knexward, from the first migration to the takeover of an old project.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { REPOSITORY } from './install.mjs';
import { expect, expectEqual } from './project.mjs';

const REAL_DB_MIGRATE = join(REPOSITORY, 'node_modules/db-migrate/bin/db-migrate');
const KILLED_WITHIN_MS = 30_000;

const TABLE_IN_TYPESCRIPT = `import type { Knex } from 'knex';
export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('first', (table) => { table.increments(); });
}
export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('first');
}
`;
/** While SMOKE_SLEEP is set it never ends: it is there to be killed. */
const SLOW = `exports.up = async (knex) => {
  await knex.raw('create table slow (id int)');
  if (process.env.SMOKE_SLEEP) await knex.raw('select pg_sleep(600)');
};
exports.down = (knex) => knex.raw('drop table slow');
`;
const OLD = `exports.setup = function () {};
exports.up = function (db, callback) {
  db.createTable('NAME', { id: { type: 'int', primaryKey: true, autoIncrement: true } }, callback);
};
exports.down = function (db, callback) { db.dropTable('NAME', callback); };
exports._meta = { version: 1 };
`;

/** Each part gets a project, and the URL of a database of its own where it needs one. */
export const PARTS = { loads, freshProject, severalRunners, proofs, takeover };

/** The package loads both ways, and its face of db-migrate under that name. */
async function loads(project) {
  expect(await project.knexward(['--version']), /^\d+\.\d+\.\d+\n$/);
  const members = 'typeof migrationSource + typeof createMigrator + typeof KnexwardError';
  const names = 'migrationSource, createMigrator, KnexwardError';
  const commonJs = `const { ${names} } = require('knexward'); console.log(${members})`;
  const esModule = `import { ${names} } from 'knexward'; console.log(${members})`;
  const face = "console.log(typeof require('db-migrate').getInstance)";
  for (const args of [
    ['-e', commonJs],
    ['--input-type=module', '-e', esModule],
    ['-e', face],
  ]) {
    const { stdout, stderr } = await project.node(args);
    expect(stdout + stderr, /^(function)+\n$/);
  }
}

/** The first ten minutes: a migration in TypeScript and one in SQL, up, down, up again. */
async function freshProject(project) {
  const created = await project.knexward(['create', 'first', '--ts']);
  const [, file] = expect(created, /Created Migration: (.*_first\.ts)\n/);
  project.write(file, TABLE_IN_TYPESCRIPT);
  expect(await project.knexward(['status', '--check'], 6), /Found 1 pending migration/);
  expect(await project.knexward(['up']), /Batch 1 run: 1 migrations\n/);
  expect(await project.knexward(['up']), /Already up to date\n/);
  project.write('migrations/29990101000000_second.up.sql', 'create table second (id int);\n');
  project.write('migrations/29990101000000_second.down.sql', 'drop table second;\n');
  expect(await project.knexward(['up']), /Batch 2 run: 1 migrations\n/);
  expect(await project.knexward(['redo']), /Batch 2 run: 1 migrations\n/);
  expect(await project.knexward(['status', '--json']), /"upToDate":true/);
  expect(await project.knexward(['down', '--all']), /2 migrations\n/);
  expect(await project.knexward(['down']), /Already at the base schema version\n/);
}

/** Of several that start at once one migrates; one that is killed leaves neither table nor lock. */
async function severalRunners(project, url) {
  project.write('migrations/20260101000000_slow.js', SLOW);
  const killed = spawn(process.execPath, [project.program, 'up'], {
    cwd: project.folder,
    env: { ...project.environment, SMOKE_SLEEP: '1' },
    stdio: 'ignore',
  });
  await untilAsleep(project, url, killed);
  killed.kill('SIGKILL');
  await once(killed, 'exit');
  expect(await project.knexward(['status', '--json']), /"upToDate":false/);

  const outputs = await Promise.all([1, 2, 3].map(() => project.knexward(['up'])));
  expectEqual(outputs.filter((text) => /Batch 1 run: 1 migrations\n/.test(text)).length, 1);
  expectEqual(outputs.filter((text) => /Already up to date\n/.test(text)).length, 2);
  expect(await project.knexward(['wait']), /Already up to date\n/);
}

/** The proofs find nothing wrong, and then what was changed by hand. */
async function proofs(project, url) {
  project.write(
    'migrations/20260101000000_users.up.sql',
    'create table users (id int primary key, name text not null);\n',
  );
  project.write('migrations/20260101000000_users.down.sql', 'drop table users;\n');
  await project.knexward(['up']);
  expect(await project.knexward(['doctor', '--json']), /"healthy":true/);
  expect(await project.knexward(['verify', '--json']), /"inSync":true/);
  await project.knexward(['snapshot']);
  expect(await project.knexward(['snapshot', '--check', '--json']), /"inSync":true/);
  await query(project, url, 'create index by_hand on users (name)');
  expect(await project.knexward(['verify'], 6), /by_hand is unexpected/);
  expect(await project.knexward(['snapshot', '--check'], 6), /by_hand is unexpected/);
}

/** Real db-migrate builds a history; knexward takes it over, row by row, and goes on. */
async function takeover(project, url) {
  project.write('database.json', '{ "dev": { "driver": "pg" } }\n');
  const old = ['20150101000000-a', '20160101000000-b'];
  for (const name of old) project.write(`migrations/${name}.js`, OLD.replaceAll('NAME', name[15]));
  const { stdout, stderr } = await project.node([REAL_DB_MIGRATE, 'up']);
  expect(stdout + stderr, /Done/);
  // Only now: db-migrate would find the package that stands in for it, and call that.
  const modules = join(project.folder, 'node_modules');
  symlinkSync(join(project.installed, 'node_modules'), modules, 'junction');

  await project.knexward(['adopt', '--yes', '--time-zone', 'UTC']);
  const rows = await query(
    project,
    url,
    `select k.name, k.batch, k.migration_time = m.run_on at time zone 'UTC' as "sameMoment"
     from knex_migrations k left join migrations m on '/' || k.name = m.name || '.js' order by k.id`,
  );
  expectEqual(
    rows,
    old.map((name, index) => ({ name: `${name}.js`, batch: index + 1, sameMoment: true })),
  );
  expect(await project.knexward(['up']), /Already up to date\n/);

  const face = join(modules, 'db-migrate/bin/db-migrate.js');
  project.write('migrations/20170101000000-c.js', OLD.replaceAll('NAME', 'c'));
  const up = await project.node([face, 'up']);
  expect(up.stdout + up.stderr, /Processed migration 20170101000000-c/);
  expect(await project.knexward(['down']), /Batch 3 rolled back: 1 migrations\n/);
  rmSync(modules, { recursive: false, force: true });
}

async function untilAsleep(project, url, runner) {
  const deadline = Date.now() + KILLED_WITHIN_MS;
  while (runner.exitCode === null && Date.now() < deadline) {
    const rows = await query(
      project,
      url,
      "select 1 from pg_stat_activity where query like '%pg_sleep(600)%' and pid <> pg_backend_pid() and datname = current_database()",
    );
    if (rows.length > 0) return;
    await sleep(20);
  }
  throw new Error('The runner that was to be killed did not come to its statement.');
}

/** Asks the database past knexward. */
export async function query(project, url, sql) {
  const client = new (project.require('pg').Client)({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
