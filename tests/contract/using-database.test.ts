import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { leaves } from '../support/commands';
import { createDatabase, createRole, serverAddress, type TestDatabase } from '../support/database';
import { createLegacyProject, legacyTable } from '../support/db-migrate';
import { createProject, KNEXFILE, type Project } from '../support/project';

const NAME = '20260101000000_a.js';
const FLEET = "knexward: { fleet: { targets: [{ id: 'one', schema: 'public' }] } }, migrations:";
const MIGRATIONS = {
  [`migrations/${NAME}`]: 'exports.up = async () => {}; exports.down = async () => {};',
  'seeds/a.js': "exports.seed = (knex) => knex.raw('create table if not exists seeded ()');",
  'migrations/20260102000000_b.js': 'exports.up = async () => {}; exports.down = async () => {};',
};

/** Each command, as it would change something if it could, and its exit code where it may not. */
const COMMANDS: Record<string, { args: string[]; readOnly: number }> = {
  up: { args: ['up'], readOnly: 2 },
  down: { args: ['down'], readOnly: 2 },
  redo: { args: ['redo'], readOnly: 2 },
  unlock: { args: ['unlock', '--yes'], readOnly: 2 },
  resolve: { args: ['resolve', NAME, '--reverted'], readOnly: 2 },
  reset: { args: ['reset'], readOnly: 2 },
  seed: { args: ['seed'], readOnly: 1 },
  status: { args: ['status'], readOnly: 0 },
  currentVersion: { args: ['currentVersion'], readOnly: 0 },
  wait: { args: ['wait', '--timeout', '0'], readOnly: 6 },
  doctor: { args: ['doctor'], readOnly: 6 },
  plan: { args: ['plan'], readOnly: 0 },
  // That it is read-only is a difference.
  verify: { args: ['verify'], readOnly: 6 },
  baseline: { args: ['baseline'], readOnly: 0 },
  snapshot: { args: ['snapshot'], readOnly: 0 },
  report: { args: ['report', '-o', 'report.html'], readOnly: 0 },
  'fleet up': { args: ['fleet', 'up'], readOnly: 2 },
  'fleet status': { args: ['fleet', 'status'], readOnly: 0 },
};

const WITHOUT_DATABASE = new Set(['create', 'seed:make', 'completion', 'init', 'db']);

describe('every command says which database it acts on', () => {
  let database: TestDatabase;
  let project: Project;
  const place = () => {
    const { host, port, user } = serverAddress();
    return { user, host, port, database: database.name, schema: 'public' };
  };
  const line = (of = place()): string =>
    `Using database: ${of.user}@${of.host}:${of.port}/${of.database} (schema ${of.schema})`;
  const knexward = (...args: string[]) =>
    project.knexward(args, { TEST_DATABASE_URL: database.url });
  const readOnly = (value: 'on' | 'off') =>
    database.query(`alter database ${database.name} set default_transaction_read_only = ${value}`);

  beforeEach(async () => {
    database = await createDatabase();
    project = createProject({
      'knexfile.js': KNEXFILE.replace('migrations:', FLEET),
      ...MIGRATIONS,
    });
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  it('all of them are tried here; create, seed:make, completion, init and db have no database (FR-017)', async () => {
    const names = (await leaves())
      .map(({ words }) => words.join(' '))
      .filter((name) => !WITHOUT_DATABASE.has(name));
    expect([...Object.keys(COMMANDS), 'adopt'].sort()).toEqual(names.sort());
  });

  it.each(Object.entries(COMMANDS))('%s: before the first change (FR-017)', async (_, command) => {
    await knexward('up', '-c', '1');
    await database.query('update knex_migrations_lock set is_locked = 1');
    if (command.args[0] !== 'unlock')
      await database.query('update knex_migrations_lock set is_locked = 0');
    await readOnly('on');
    const { stdout, code } = await knexward(...command.args);
    expect(stdout.split('\n').slice(0, 2)).toEqual(['Using environment: development', line()]);
    expect(code).toBe(command.readOnly);
  });

  it.each(Object.values(COMMANDS))('$args --json (FR-017)', async ({ args }) => {
    await knexward('up', ...(args[0] === 'wait' ? [] : ['-c', '1']));
    const answered = args[0] === 'reset' ? ['--yes', '--force'] : [];
    expect((await knexward(...args, ...answered, '--json')).json()).toMatchObject({
      ...{ version: 1, environment: 'development', database: place() },
    });
  });

  it('adopt, --finish and --undo as well (FR-017)', async () => {
    const legacy = createLegacyProject({ 'migrations/20150101000000-a.js': legacyTable('a') });
    await database.query(`create table a (); create table migrations
      (id serial primary key, name varchar(255) not null, run_on timestamp not null);
      insert into migrations (name, run_on) values ('/20150101000000-a', now())`);
    for (const way of [[], ['--finish'], ['--undo']]) {
      const run = (...more: string[]) =>
        legacy.knexward(['adopt', ...way, ...more], { DATABASE_URL: database.url });
      await readOnly('on');
      const { stdout, code } = await run('--yes');
      await readOnly('off');
      expect(stdout.split('\n').slice(0, 2)).toEqual(['Using environment: dev', line()]);
      expect(code).toBe(2);
      const document = (await run('--yes', '--json')).json();
      expect(document).toMatchObject({ environment: 'dev', database: place() });
    }
    legacy.remove();
  });

  it('a migration finds it said already (FR-017)', async () => {
    project.write({
      'migrations/20260101000000_a.js': `const { readFileSync } = require('node:fs');
        exports.up = async () => { console.error('SEEN', readFileSync('out', 'utf8')); };`,
      'run.js': `const { openSync } = require('node:fs');
        const { spawnSync } = require('node:child_process');
        const bin = require.resolve('knexward/package.json').replace('package.json', 'bin/knexward.js');
        spawnSync(process.execPath, [bin, 'up'], { stdio: ['ignore', openSync('out', 'w'), 'inherit'] });`,
    });
    const { stderr } = await project.node(['run.js'], { TEST_DATABASE_URL: database.url });
    expect(stderr).toContain(`SEEN Using environment: development\n${line()}\n`);
  });

  it('plan --sql says it on stderr: stdout is for the SQL alone (FR-017)', async () => {
    const { stdout, stderr } = await knexward('plan', '--sql');
    expect(stderr).toContain(`Using environment: development\n${line()}\n`);
    expect(stdout).toMatch(/^-- A plan: /);
  });

  const WAYS: Record<string, string> = {
    'a text': 'connection: process.env.URL',
    'an object': 'connection: { ...JSON.parse(process.env.ADDRESS) }',
    'a function': 'connection: async () => ({ connectionString: process.env.URL })',
    DATABASE_URL: '',
    'PG* variables': '',
  };
  it.each(Object.entries(WAYS))(
    'named by %s; never with the password (FR-017)',
    async (way, connection) => {
      const { host, port, user, password } = serverAddress();
      const address = { host, port, user, password, database: database.name };
      const variables: Record<string, Record<string, string>> = {
        DATABASE_URL: { DATABASE_URL: database.url },
        'PG* variables': {
          ...{ PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password },
          PGDATABASE: database.name,
        },
      };
      if (connection === '') rmSync(join(project.root, 'knexfile.js'));
      else project.write({ 'knexfile.js': `module.exports = { client: 'pg', ${connection} };` });
      const { stdout, stderr } = await project.knexward(
        ['status'],
        variables[way] ?? { URL: database.url, ADDRESS: JSON.stringify(address) },
      );
      expect(stdout).toContain(`${line()}\n`);
      expect(stdout + stderr).not.toContain(password);
    },
  );

  it('in the words of the server: the role that is worked as, the schema of the history (FR-017)', async () => {
    const role = await createRole();
    await database.query(`create schema tenant; grant all on schema tenant to "${role.name}"`);
    await database.query(`alter database ${database.name} set search_path = tenant`);
    const asRole = `(c, done) => c.query('set role "${role.name}"', done)`;
    project.write({
      'knexfile.js': KNEXFILE.replace("'pg',", `'pg', pool: { afterCreate: ${asRole} },`),
    });
    const { stdout } = await knexward('up');
    expect(stdout).toContain(line({ ...place(), user: role.name, schema: 'tenant' }));
    await role.drop(database);
  });

  it('the embedded one, by its folder (FR-017)', async () => {
    const own = createProject(MIGRATIONS);
    const { stdout } = await own.knexward(['up']);
    own.remove();
    expect(stdout).toContain(
      `Using database: embedded PostgreSQL in ${own.root}/.knexward (schema public)\n`,
    );
  });
});
