import { existsSync } from 'node:fs';
import { Client } from 'pg';
import { resolveConfig } from '../../src/config/resolve';
import { rehearse } from '../../src/rehearsal/rehearse';
import { takeBaseline } from '../../src/squash/write';
import { serverAddress, urlFor } from '../support/database';
import { OwnServer } from '../support/own-server';
import { createProject, KNEXFILE, type Project } from '../support/project';
import { sampleOf } from '../support/sizes';

/*
 * Rehearsals run migrations in a temporary database. Where that is on the server of the project's
 * own, nothing of the server may change but that database.
 */

const NAME = '20260101000001-wide';
/** What no migration may write. */
const FILE = '/tmp/knexward-confined';

/** The files of one migration. */
type Files = Record<string, string>;

const knexFile = (body: string, more = ''): Files => ({
  [`migrations/${NAME}.js`]: `exports.up = async (knex) => { ${body} };\nexports.down = async () => {};\n${more}`,
});
const raw = (sql: string, more?: string) =>
  knexFile(`await knex.raw(${JSON.stringify(sql)});`, more);
const outside = 'exports.config = { transaction: false };';
const inDo = (sql: string) => `do $$ begin execute ${quoted(sql)}; end $$`;
const deferred = (sql: string) => `create table c (id int);
  create function go() returns trigger language plpgsql as $f$ begin execute ${quoted(sql)}; return null; end $f$;
  create constraint trigger go after insert on c deferrable initially deferred for each row execute function go();
  insert into c values (1)`;
const quoted = (sql: string) => `'${sql.replaceAll("'", "''")}'`;

/** What a transaction of a migration may do to a server. */
const CHANGES: Record<string, string> = {
  'a role': 'create role wide',
  'a role dropped': 'drop role stale',
  'a password': "alter role app_user password 'other'",
  'a setting of a role': "alter role app_user set work_mem to '8MB'",
  'a setting taken back': 'alter role app_user reset work_mem',
  'a setting of a role in the project’s database':
    "alter role app_user in database shop set work_mem to '8MB'",
  'a setting of a database': "alter database shop set work_mem to '9MB'",
  'a database': 'alter database shop connection limit 7',
  'a membership': 'grant readers to app_user',
  'a right on a database': 'grant connect on database shop to app_user',
  'a comment on a role': "comment on role app_user is 'other'",
  'a comment on a database': "comment on database shop is 'other'",
};
/** What only a superuser may do. */
const OF_SUPERUSERS: Record<string, string> = {
  'the owner of databases': 'reassign owned by app_user to readers',
  ...(process.env['PG_MAJOR'] !== '14' && {
    'a right on a parameter': 'grant set on parameter work_mem to app_user',
  }),
  'a replication origin': "select pg_replication_origin_create('wide')",
};
/** What no transaction takes back, so that its first words count. */
const NOT_TRANSACTIONAL: Record<string, string> = {
  'a new database': 'create database wide',
  'a dropped database': 'drop database stale_db',
  'a setting of the server': "alter system set work_mem to '8MB'",
  'a tablespace': "create tablespace wide location '/tmp/wide'",
  'a subscription': "create subscription wide connection 'host=nowhere' publication wide",
  'a program': "copy (select 1) to program 'cat'",
  'a file': `copy (select 1) to '${FILE}'`,
  'a prepared transaction': "prepare transaction 'wide'",
};

/** Ways to send a statement: each that a migration has. */
const WAYS: Record<string, (sql: string) => Files> = {
  'a SQL file': (sql) => ({ [`migrations/${NAME}.up.sql`]: `-- first\nselect 1;\n${sql};\n` }),
  'knex.raw': (sql) => raw(sql),
  'the schema builder': (sql) =>
    knexFile(
      `await knex.schema.createTable('t', (t) => t.increments()).raw(${JSON.stringify(sql)});`,
    ),
  'db-migrate’s driver': (sql) => ({
    [`migrations/${NAME}.js`]: `exports.setup = () => undefined;
      exports.up = (db) => db.runSql(${JSON.stringify(sql)}); exports.down = () => null;`,
  }),
  'an error that is caught': (sql) =>
    knexFile(
      `try { await knex.raw(${JSON.stringify(sql)}); } catch { await knex.raw('select 1').catch(() => {}); }`,
    ),
  'a connection, with a callback': (sql) =>
    knexFile(`const connection = await knex.client.acquireConnection();
      await new Promise((resolve) => connection.query(${JSON.stringify(sql)}, resolve));`),
  'a connection, with a callback, outside a transaction': (sql) =>
    knexFile(
      `const connection = await knex.client.acquireConnection();
      await new Promise((resolve) => connection.query(${JSON.stringify(sql)}, resolve));
      await knex.client.releaseConnection(connection);`,
      outside,
    ),
  'outside a transaction': (sql) => raw(sql, outside),
  'a SQL file outside a transaction': (sql) => ({
    [`migrations/${NAME}.up.sql`]: `-- knexward: no-transaction\n${sql};\n`,
  }),
  'a COMMIT in the same message': (sql) => raw(`${sql}; commit`),
  'a COMMIT after it': (sql) =>
    knexFile(`await knex.raw(${JSON.stringify(sql)}); await knex.raw('commit');`),
  'a transaction of its own': (sql) =>
    knexFile(`await knex.transaction((trx) => trx.raw(${JSON.stringify(sql)}));`, outside),
};
/** Ways on which no word of the statement is seen. */
const UNSEEN: Record<string, (sql: string) => Files> = {
  'a DO block': (sql) => raw(inDo(sql)),
  'a DO block in a SQL file': (sql) => ({ [`migrations/${NAME}.up.sql`]: `${inDo(sql)};\n` }),
  'a DO block, and a COMMIT after it': (sql) =>
    knexFile(`await knex.raw(${JSON.stringify(inDo(sql))}); await knex.raw('commit');`),
  'a DO block in a transaction of its own': (sql) =>
    knexFile(`await knex.transaction((trx) => trx.raw(${JSON.stringify(inDo(sql))}));`, outside),
  'a function': (sql) =>
    raw(
      `create function go() returns void language plpgsql as $f$ begin execute ${quoted(sql)}; end $f$; select go()`,
    ),
  'a deferred trigger': (sql) => raw(deferred(sql)),
  'a deferred trigger, and a COMMIT after it': (sql) =>
    knexFile(`await knex.raw(${JSON.stringify(deferred(sql))}); await knex.raw('commit');`),
  'a transaction begun anew': (sql) =>
    knexFile(`await knex.raw('commit'); await knex.raw('begin');
      await knex.raw(${JSON.stringify(inDo(sql))});`),
  'a savepoint': (sql) =>
    knexFile(`await knex.transaction((trx) => trx.raw(${JSON.stringify(inDo(sql))}));`),
};

/** What is confined to the temporary database, or is so already. */
const ALLOWED: Record<string, string> = {
  'what is so already': `grant readers to member; alter role app_user set search_path to 'app';
    alter database shop set lock_timeout to '7s'; comment on role app_user is 'an application'`,
  'a role where there is none': `do $$ begin
    if not exists (select from pg_roles where rolname = 'app_user') then create role app_user; end if;
    begin create role app_user; exception when duplicate_object then null; end; end $$`,
  'the temporary database itself': `do $$ begin
    execute format('alter database %I set work_mem to ''8MB''', current_database());
    execute format('comment on database %I is ''other''', current_database());
    execute format('grant connect on database %I to app_user', current_database());
    execute format('alter role app_user in database %I set work_mem to ''8MB''', current_database()); end $$`,
  'rights in the database': `create table t (id int); grant select on t to app_user;
    alter default privileges grant select on tables to readers`,
  'a transaction that it ends': 'create table t (id int); commit',
};

describe('a rehearsal on the project’s own server', () => {
  let server: OwnServer;
  let admin: Client;
  let project: Project;
  const urlOf = (user: string) => {
    const { host, port, password } = server.address;
    const secret = user === 'postgres' ? password : user;
    return `postgresql://${user}:${secret}@${host}:${port}/shop`;
  };

  beforeAll(async () => {
    server = await OwnServer.create();
    admin = new Client({ ...server.address, database: 'postgres' });
    await admin.connect();
    for (const statement of [
      "create role creator login createrole createdb password 'creator'",
      'create role readers',
      "create role app_user password 'app'",
      'create role stale',
      'create role member',
      'grant readers, app_user, stale, member to creator with admin option',
      'create database shop owner creator',
      'create database stale_db owner app_user',
      "alter role app_user set search_path to 'app'",
      "alter role app_user set work_mem to '7MB'",
      "comment on role app_user is 'an application'",
      "alter database shop set lock_timeout to '7s'",
      'grant readers to member',
      'set role creator; grant readers to member; reset role',
    ])
      await admin.query(statement);
  });
  afterAll(async () => {
    await admin.end();
    await server.remove();
  });
  afterEach(() => project.remove());

  /** All that the server has outside of its databases, and the shadows that were left behind. */
  const state = async () =>
    (
      await admin.query<{ state: unknown }>(
        `select json_build_array(
          (select json_agg(a order by rolname) from pg_authid a),
          (select json_agg(m order by roleid, member, grantor) from pg_auth_members m),
          (select json_agg(s order by setdatabase, setrole) from pg_db_role_setting s),
          (select json_agg(to_jsonb(d) - '{datfrozenxid,datminmxid}'::text[] order by datname) from pg_database d),
          (select json_agg(t order by spcname) from pg_tablespace t),
          (select json_agg(c order by objoid) from pg_shdescription c),
          (select json_agg(o order by roname) from pg_replication_origin o),
          (select query_to_xml('select * from pg_parameter_acl', true, true, '')
             where to_regclass('pg_parameter_acl') is not null),
          pg_read_file('postgresql.auto.conf')) as state`,
      )
    ).rows[0]?.state;

  const config = async (files: Files, user: string) => {
    project = createProject({
      'knexfile.js': `module.exports = { client: 'pg', connection: '${urlOf(user)}' };`,
      ...files,
    });
    return resolveConfig({ cwd: project.root });
  };
  const changes = (user: string): [string, string, Files][] => [
    ...Object.entries({ ...CHANGES, ...(user === 'postgres' && OF_SUPERUSERS) }).flatMap(
      ([what, sql]): [string, string, Files][] => [
        [user, what, raw(sql)],
        [user, `${what}, in a DO block`, raw(inDo(sql))],
      ],
    ),
    ...Object.entries(NOT_TRANSACTIONAL).map(([what, sql]): [string, string, Files] => [
      user,
      what,
      raw(sql, outside),
    ]),
    ...Object.entries({ ...WAYS, ...UNSEEN }).map(([how, way]): [string, string, Files] => [
      user,
      `a role, by ${how}`,
      way('create role wide'),
    ]),
  ];

  it.each(sampleOf('confinedChanges', ['postgres', 'creator'].flatMap(changes)))(
    'refuses, as %s: %s',
    async (user, _, files) => {
      const before = await state();
      await expect(rehearse(await config(files, user), { direction: 'up' })).rejects.toMatchObject({
        code: 'SERVER_WIDE_CHANGE',
        message: expect.stringContaining(NAME) as string,
      });
      expect(await state()).toEqual(before);
      expect(existsSync(FILE)).toBe(false);
    },
  );

  it.each(['a SQL file', 'a DO block in a SQL file', 'db-migrate’s driver'])(
    'refuses a role in a replay without Knex, by %s',
    async (how) => {
      const before = await state();
      const files = { ...WAYS, ...UNSEEN }[how]?.('create role wide') as Files;
      await expect(takeBaseline(await config(files, 'creator'), undefined)).rejects.toMatchObject({
        code: 'SERVER_WIDE_CHANGE',
      });
      expect(await state()).toEqual(before);
    },
  );

  it('names another server where the applied migrations have made a role', async () => {
    const exists = raw('create role app_user');
    await expect(takeBaseline(await config(exists, 'postgres'), undefined)).rejects.toMatchObject({
      code: 'REPLAY_FAILED',
      fix: expect.stringContaining('knexward: { shadow:') as string,
    });
  });

  it.each(
    ['postgres', 'creator'].flatMap((user) =>
      Object.entries(ALLOWED).map(([what, sql]) => [user, what, sql] as const),
    ),
  )('allows, as %s: %s', async (user, _, sql) => {
    const before = await state();
    const { failed, changes: done } = await rehearse(await config(raw(sql), user), {
      direction: 'up',
    });
    expect({ failed, count: done.length }).toEqual({ failed: null, count: 1 });
    expect(await state()).toEqual(before);
  });

  describe('in each command', () => {
    const applied = '20260101000000_first.js';
    const wide = "exports.up = (knex) => knex.raw('create role wide'); exports.down = exports.up;";
    const files = (name: string, content: string) => ({ [`migrations/${name}`]: content });
    const fine =
      "exports.up = (knex) => knex.raw('create table first (id int)'); exports.down = (knex) => knex.raw('drop table first');";
    const open = (...more: Files[]) => {
      project = createProject(
        Object.assign({ 'knexfile.js': KNEXFILE, ...files(applied, fine) }, ...more) as Files,
      );
    };
    const run = (...args: string[]) =>
      project.knexward(args, { TEST_DATABASE_URL: urlOf('creator') });
    const tables = 'knex_migrations, knex_migrations_lock, knexward_journal, first';
    const inShop = async (sql: string) => {
      const client = new Client({ connectionString: urlOf('postgres') });
      await client.connect();
      await client.query(sql).finally(() => client.end());
    };
    const unchanged = async (work: () => Promise<void>) => {
      const before = await state();
      await work();
      expect(await state()).toEqual(before);
    };
    beforeEach(async () => {
      open();
      await run('up');
    });
    afterEach(() => inShop(`drop table if exists ${tables}`));

    const pending = files('20260101000001_wide.js', wide);
    it.each([
      ['plan', pending],
      ['plan --down', files(applied, wide)],
      ['verify', files(applied, wide)],
      ['verify --round-trip', pending],
      ['baseline', pending],
    ])('%s says so (SERVER_WIDE_CHANGE)', (command, written) =>
      unchanged(async () => {
        project.write(written);
        const outcome = await run(...command.split(' '));
        expect(outcome.code).toBe(2);
        expect(outcome.stderr).toContain('SERVER_WIDE_CHANGE');
        expect(outcome.stderr).toContain('would change the whole server, not only its database: ');
        expect(outcome.stderr).toContain('knexward: { shadow:');
      }),
    );

    it('a dry run lists the names, and says why there is no SQL', () =>
      unchanged(async () => {
        project.write(pending);
        const outcome = await run('up', '--dry-run');
        expect(outcome).toMatchObject({ code: 0 });
        expect(outcome.stdout).toContain('20260101000001_wide.js');
        expect(outcome.stderr).toContain(
          'No SQL is shown. 20260101000001_wide.js would change the whole server',
        );
      }));

    it('report says so in the place of the SQL and of the drift', () =>
      unchanged(async () => {
        project.write({ ...pending, ...files(applied, wide) });
        expect((await run('report', '--json')).json()).toMatchObject({
          planFailed: { code: 'SERVER_WIDE_CHANGE' },
          driftFailed: { code: 'SERVER_WIDE_CHANGE' },
        });
      }));

    it('a plan needs no replay of what is applied: the schema does', () =>
      unchanged(async () => {
        project.write({
          ...files(applied, wide),
          ...files('20260101000001_next.js', fine.replaceAll('first', 'next')),
        });
        const plan = (await run('plan', '--json')).json();
        expect(plan).toMatchObject({
          base: 'schema',
          baseReason: expect.stringContaining('would change the whole server') as string,
          failed: null,
        });
      }));

    it('a hook of the knexfile is confined as well', () =>
      unchanged(async () => {
        project.write({
          ...files('20260101000001_next.js', fine.replaceAll('first', 'next')),
          'knexfile.js': KNEXFILE.replace(
            'migrations: {',
            "migrations: { beforeAll: (knex) => knex.raw('create role wide'),",
          ),
        });
        const outcome = await run('plan');
        expect(outcome).toMatchObject({ code: 2 });
        expect(outcome.stderr).toContain('SERVER_WIDE_CHANGE');
      }));

    it('knexward.shadow on the same server is no way out, and on another one it is', async () => {
      const name = `confined_${Date.now()}`;
      const other = new Client({ ...serverAddress(), database: 'postgres' });
      await other.connect();
      project.write(
        files('20260101000001_wide.js', wide.replaceAll('create role wide', `create role ${name}`)),
      );
      const withShadow = (url: string) =>
        project.write({
          'knexfile.js': KNEXFILE.replace('client:', `knexward: { shadow: '${url}' }, client:`),
        });
      await unchanged(async () => {
        withShadow(urlOf('postgres').replace('/shop', '/postgres'));
        expect((await run('plan')).stderr).toContain('SERVER_WIDE_CHANGE');
        withShadow(urlFor(serverAddress(), 'postgres'));
        expect(await run('plan')).toMatchObject({ code: 0 });
      });
      const { rowCount } = await other.query('select from pg_roles where rolname = $1', [name]);
      expect(rowCount).toBe(1);
      await other.query(`drop role ${name}`);
      await other.end();
    });
  });
});
