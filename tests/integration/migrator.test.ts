import createKnex, { type Knex } from 'knex';
import { DatabaseError, Pool } from 'pg';
import {
  type Config,
  createMigrator,
  errorOf,
  type EnvironmentConfig,
  KnexwardError,
  type MigratorOptions,
  type RunEvent,
} from '../../src/index';
import { createDatabase, createRole, type TestDatabase } from '../support/database';
import { createProject, KNEXFILE, type Project } from '../support/project';
import { waitFor } from '../support/wait-for';

const TABLE = (name: string) => `
exports.up = (knex) => knex.schema.createTable('${name}', (table) => { table.increments(); });
exports.down = (knex) => knex.schema.dropTable('${name}');
`;
const A = '20260101000000_a.js';
const B = '20260101000001_b.js';
const BROKEN = '20260101000002_broken.js';

describe('createMigrator', () => {
  let database: TestDatabase;
  let project: Project;
  let knex: Knex | undefined;

  const config = (more: Partial<EnvironmentConfig> = {}): EnvironmentConfig => ({
    client: 'pg',
    connection: database.url,
    migrations: { directory: `${project.root}/migrations` },
    ...more,
  });
  const application = (more: Partial<EnvironmentConfig> = {}): Knex =>
    (knex = createKnex(config(more)));
  const tables = async (schema = 'public'): Promise<string[]> => {
    const rows = await database.query<{ name: string }>(
      `select relname as name from pg_class where relkind = 'r' and relname not like 'knex%'
          and relnamespace = $1::regnamespace order by 1`,
      [schema],
    );
    return rows.map(({ name }) => name);
  };
  const codeOf = async (call: Promise<unknown>): Promise<unknown> =>
    call.then(
      () => 'no error',
      (error: unknown) => (error instanceof KnexwardError ? error.code : error),
    );

  beforeEach(async () => {
    database = await createDatabase();
    project = createProject({
      [`migrations/${A}`]: TABLE('a'),
      [`migrations/${B}`]: TABLE('b'),
    });
  });
  afterEach(async () => {
    await knex?.destroy();
    knex = undefined;
    delete process.env['TEST_DATABASE_URL'];
    project.remove();
    await database.drop();
  });

  it('up, down, status, plan and wait return values', async () => {
    const migrator = createMigrator({ config: config() });
    expect(await codeOf(migrator.wait({ timeoutMs: 0 }))).toBe('STILL_PENDING');
    const plan = await migrator.plan();
    expect(plan).toMatchObject({ direction: 'up', batch: 1, steps: [{ name: A }, { name: B }] });
    expect(await tables()).toEqual([]);

    const up = await migrator.up({ count: 1 });
    expect(up).toMatchObject({ direction: 'up', batch: 1, done: [{ name: A }], failed: null });
    const rest = await migrator.up({ name: '20260101000001_b' });
    expect(rest).toMatchObject({ batch: 2, done: [{ name: B }] });
    expect(await migrator.up()).toMatchObject({ batch: null, done: [] });
    expect(await migrator.status()).toMatchObject({
      upToDate: true,
      applied: [
        { name: A, batch: 1 },
        { name: B, batch: 2 },
      ],
    });
    await migrator.wait();

    const back = await migrator.plan({ direction: 'down', all: true });
    expect(back.steps.map(({ name }) => name)).toEqual([B, A]);
    expect(await migrator.down()).toMatchObject({ batch: 2, done: [{ name: B }] });
    expect(await migrator.down({ all: true })).toMatchObject({ done: [{ name: A }] });
    expect(await tables()).toEqual([]);
  });

  it('a failed migration is a value; errorOf is the error as it was thrown', async () => {
    project.write({ [`migrations/${BROKEN}`]: TABLE('a') });
    const { done, failed, notReached } = await createMigrator({ config: config() }).up();
    expect(done.map(({ name }) => name)).toEqual([A, B]);
    expect(failed).toMatchObject({ name: BROKEN, code: 'MIGRATION_FAILED', sqlstate: '42P07' });
    expect(notReached).toEqual([]);
    expect(failed && errorOf(failed)).toBeInstanceOf(DatabaseError);
    // The description is plain data: what was thrown is not part of it.
    expect(Object.values(failed ?? {}).some((value) => value instanceof Error)).toBe(false);
  });

  it('a knexfile, with env and cwd; a configuration with several environments', async () => {
    project.write({ 'knexfile.js': KNEXFILE.replace('development', 'staging') });
    process.env['TEST_DATABASE_URL'] = database.url;
    const migrator = createMigrator({ cwd: project.root, env: 'staging' });
    expect(await migrator.up({ count: 1 })).toMatchObject({ environment: 'staging' });
    project.write({
      'elsewhere/own.js': project.read('knexfile.js').replace('./migrations', '../migrations'),
    });
    const named = { cwd: project.root, knexfile: 'elsewhere/own.js', env: 'staging' };
    expect(await createMigrator(named).status()).toMatchObject({ pending: [{ name: B }] });
    const several: Config = {
      one: config({ connection: 'postgres://no.such.host/x' }),
      two: config(),
    };
    expect(await createMigrator({ config: several, env: 'two' }).up()).toMatchObject({
      environment: 'two',
      done: [{ name: B }],
    });
    expect(await codeOf(createMigrator({ config: several, env: 'three' }).up())).toBe(
      'UNKNOWN_ENVIRONMENT',
    );
  });

  it("an application's Knex is used as it is configured, password included (FR-010)", async () => {
    const role = await createRole();
    await database.query(`create schema app authorization "${role.name}"`);
    const { username, password, hostname, port, pathname } = new URL(role.url(database));
    const connection = {
      user: username,
      password,
      host: hostname,
      port: Number(port),
      database: pathname.slice(1),
    };
    const app = application({ connection, searchPath: ['app'] });
    // Knex hides the password in its configuration: a plain copy of that would not have it.
    const { client } = app as unknown as { client: { config: { connection: object } } };
    expect(Object.keys(client.config.connection)).not.toContain('password');
    for (const options of [
      { knex: app },
      { config: config({ connection, searchPath: ['app'] }) },
    ]) {
      const migrator = createMigrator(options);
      expect((await migrator.up()).done).toHaveLength(2);
      expect(await tables('app')).toEqual(['a', 'b']);
      expect((await migrator.down()).done).toHaveLength(2);
    }
    await role.drop(database);
  });

  it('a function that hands out connections, and a pool that Knex was given', async () => {
    let asked = 0;
    const connection = () => {
      asked += 1;
      return Promise.resolve({ ...database.config, expirationChecker: () => true });
    };
    const app = application({ connection: connection as Knex.ConnectionConfigProvider });
    const migrator = createMigrator({ knex: app });
    await migrator.up({ count: 1 });
    await migrator.status();
    // Each call asks anew: a password may have expired.
    expect(asked).toBe(2);
    await app.destroy();

    const pool = new Pool({ ...database.config, max: 1 });
    const pooled = createKnex({
      client: 'pg',
      connectionPool: pool,
      migrations: { directory: `${project.root}/migrations` },
    });
    expect(await createMigrator({ knex: pooled }).up()).toMatchObject({ done: [{ name: B }] });
    expect([pool.totalCount, pool.ended]).toEqual([0, false]);
    await pool.end();
  });

  it('pool.afterCreate prepares every connection, as it does in the application (US10)', async () => {
    await database.query('create schema prepared');
    const afterCreate = (
      connection: { query(sql: string, done: (error: Error | null) => void): void },
      done: (error: Error | null) => void,
    ) => connection.query('set search_path to prepared', done);
    const app = application({ pool: { min: 0, max: 1, afterCreate } });
    expect((await createMigrator({ knex: app }).up()).done).toHaveLength(2);
    expect(await tables('prepared')).toEqual(['a', 'b']);
    expect(await createMigrator({ knex: app }).status()).toMatchObject({ upToDate: true });
  });

  it("the application's pool is neither needed, nor changed, nor closed", async () => {
    const app = application({
      pool: { min: 0, max: 1 },
      searchPath: ['public'],
      knexward: { lockTimeout: '3s', statementTimeout: '30s' },
    });
    const look = async (client: Knex): Promise<unknown> =>
      (
        await client.raw<{ rows: unknown[] }>(
          `select pg_backend_pid() as pid, current_setting('search_path') as path,
                  current_setting('lock_timeout') as lock, current_setting('statement_timeout') as statement,
                  current_setting('application_name') as name`,
        )
      ).rows[0];
    const before = await look(app);
    // Its only connection is busy all the while.
    const during = await app.transaction(async (trx) => {
      const inside = await look(trx);
      expect((await createMigrator({ knex: app }).up()).done).toHaveLength(2);
      expect(await look(trx)).toEqual(inside);
      return inside;
    });
    expect(during).toEqual(before);
    expect(await look(app)).toEqual(before);
    await waitFor(async () => {
      const sessions = await database.query(
        `select application_name from pg_stat_activity
          where datname = current_database() and application_name like 'knexward%'`,
      );
      return sessions.length === 0;
    });
  });

  it("who listens to the application's queries hears those of its migrations", async () => {
    const app = application().withUserParams({ table: 'named_by_the_application' });
    project.write({
      [`migrations/${B}`]: `
        exports.up = (knex) => knex.raw('create table ?? ()', [knex.userParams.table]);
        exports.down = () => {};`,
    });
    const heard: string[] = [];
    app.on('query', ({ sql }: { sql: string }) => heard.push(sql));
    expect((await createMigrator({ knex: app }).up()).failed).toBeNull();
    expect(heard).toContain('create table "named_by_the_application" ()');
    await app.destroy();
  });

  it('options that contradict each other, or are misspelt, are refused', async () => {
    const app = application();
    const refused: [string, () => unknown][] = [
      ['two sources', () => createMigrator({ knex: app, config: config() } as never)],
      ['a Knex by itself', () => createMigrator(app as never)],
      ['not set yet', () => createMigrator({ knex: undefined })],
      ['a misspelt option', () => createMigrator({ knexFile: './knexfile.js' } as never)],
      ['no number', () => createMigrator({ knex: app }).up({ count: -1 })],
      ['a misspelt extent', () => createMigrator({ knex: app }).down({ step: 1 } as never)],
      ['two extents', () => createMigrator({ knex: app }).down({ count: 1, all: true })],
      [
        'two to plan',
        () => createMigrator({ knex: app }).plan({ direction: 'down', count: 1, all: true }),
      ],
      ['no Knex at all', () => createMigrator({ knex: {} as Knex }).up()],
      ['a transaction', () => app.transaction((trx) => createMigrator({ knex: trx }).up())],
    ];
    for (const [what, call] of refused) {
      const outcome = await codeOf(Promise.resolve().then(call));
      expect([what, outcome]).toEqual([what, 'USAGE']);
    }
    const sqlite = createKnex({ client: 'sqlite3', useNullAsDefault: true });
    expect(await codeOf(createMigrator({ knex: sqlite }).up())).toBe('UNSUPPORTED_CLIENT');
    expect(await tables()).toEqual([]);
  });

  it('no database but the one that is named: never another, never an embedded one', async () => {
    const { DATABASE_URL } = process.env;
    process.env['DATABASE_URL'] = database.url;
    try {
      const without = createKnex({ client: 'pg' });
      expect(await codeOf(createMigrator({ knex: without }).up())).toBe('NO_DATABASE');
      delete process.env['DATABASE_URL'];
      const production: MigratorOptions = { config: { client: 'pg' }, env: 'production' };
      expect(await codeOf(createMigrator({ ...production, cwd: project.root }).up())).toBe(
        'NO_DATABASE',
      );
    } finally {
      if (DATABASE_URL === undefined) delete process.env['DATABASE_URL'];
      else process.env['DATABASE_URL'] = DATABASE_URL;
    }
  });

  it('events tell of the progress; a listener that throws does not disturb it', async () => {
    const events: RunEvent[] = [];
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    try {
      const migrator = createMigrator({
        config: config(),
        listener: (event) => {
          events.push(event);
          throw new Error('the listener is broken');
        },
      });
      expect((await migrator.up()).done).toHaveLength(2);
      expect(events.map(({ type }) => type)).toEqual([
        'planned',
        'started',
        'done',
        'started',
        'done',
      ]);
      expect(events[1]).toMatchObject({ name: A, index: 0, total: 2 });
      const own: string[] = [];
      const listener = (async (event: RunEvent) => {
        own.push(event.type);
        await Promise.reject(new Error('later'));
      }) as (event: RunEvent) => void;
      await migrator.down({ listener });
      expect(own).toContain('done');
      expect(events).toHaveLength(5);
      expect(warn.mock.calls.map(([message]) => message)).toEqual([
        'A listener threw; the run goes on: the listener is broken',
        'A listener threw; the run goes on: later',
      ]);
    } finally {
      warn.mockRestore();
    }
  });

  it('an AbortSignal cancels, rolls back and records; before any work it throws', async () => {
    project.write({
      [`migrations/${B}`]: `
        exports.up = (knex) => knex.raw('create table half_done (); select pg_sleep(3600)');
        exports.down = () => {};`,
    });
    const migrator = createMigrator({ config: config() });
    const controller = new AbortController();
    const running = migrator.up({ signal: controller.signal });
    await waitFor(async () => {
      const rows = await database.query(
        `select from pg_stat_activity where datname = current_database() and state = 'active'
            and query like '%pg_sleep(3600)' and pid <> pg_backend_pid()`,
      );
      return rows.length > 0;
    });
    controller.abort();
    const { done, failed } = await running;
    expect(done.map(({ name }) => name)).toEqual([A]);
    expect(failed).toMatchObject({ name: B, code: 'INTERRUPTED' });
    expect(await tables()).toEqual(['a']);
    const journal = await database.query(
      "select migration from knexward_journal where event = 'failed'",
    );
    expect(journal).toEqual([{ migration: B }]);
    for (const method of ['up', 'down', 'wait'] as const) {
      const call = migrator[method]({ signal: controller.signal });
      expect(await codeOf(call)).toBe('INTERRUPTED');
    }
    expect(await tables()).toEqual(['a']);
  });

  it('confirm is shown the plan, and stops it by throwing', async () => {
    const migrator = createMigrator({ config: config() });
    const seen: string[][] = [];
    const confirm = (plan: { steps: { name: string }[] }) => {
      seen.push(plan.steps.map(({ name }) => name));
      return Promise.reject(new Error('not now'));
    };
    await expect(migrator.up({ confirm })).rejects.toThrow('not now');
    expect(seen).toEqual([[A, B]]);
    expect(await tables()).toEqual([]);
  });

  it('settings go before the configuration: adopt "auto" carries over, then runs (US4)', async () => {
    const old = '20200101000000-old.js';
    project.write({
      [`migrations/${old}`]: "exports.up = (db) => db.runSql('create table old ()');",
    });
    await database.query(
      `create table migrations (id serial primary key, name varchar(255) not null, run_on timestamp not null);
       insert into migrations (name, run_on) values ('/20200101000000-old', '2020-01-01')`,
    );
    const app = application();
    expect(await codeOf(createMigrator({ knex: app }).up())).toBe('NOT_ADOPTED');
    const migrator = createMigrator({ knex: app, settings: { adopt: 'auto' } });
    expect((await migrator.up()).done.map(({ name }) => name)).toEqual([A, B]);
    const { applied } = await migrator.status();
    expect(applied.map(({ name }) => name)).toEqual([old, A, B]);
  });

  it.each([
    ['stop', 'report', 'no error'],
    ['report', 'stop', 'CHANGED_FILE'],
  ] as const)(
    'settings go before those of the configuration: checksums "%s" there, "%s" here',
    async (there, here, expected) => {
      const given = { config: config({ knexward: { checksums: there } }) };
      await createMigrator(given).up();
      project.write({ [`migrations/${A}`]: `${TABLE('a')}// edited` });
      const migrator = createMigrator({ ...given, settings: { checksums: here } });
      expect(await codeOf(migrator.up())).toBe(expected);
    },
  );

  it('a scope is migrated alone', async () => {
    project.write({ 'migrations/tenant/20260201000000_t.js': TABLE('t') });
    const migrator = createMigrator({ config: config(), scope: 'tenant' });
    expect((await migrator.up()).done.map(({ name }) => name)).toEqual([
      'tenant/20260201000000_t.js',
    ]);
    expect(await tables()).toEqual(['t']);
  });
});
