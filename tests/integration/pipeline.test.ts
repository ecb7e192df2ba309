import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { createDatabase, type TestDatabase } from '../support/database';
import { closeGate, waitingSessions } from '../support/gate';
import { createProject, KNEXFILE, type Project, REPOSITORY } from '../support/project';
import { ProtocolProxy } from '../support/protocol-proxy';
import { SEED, sizeOf } from '../support/sizes';
import { waitFor } from '../support/wait-for';

const nameOf = (i: number): string => `20260101000${String(i).padStart(3, '0')}_m${i}`;

/** What a drawn file does: what a pipeline can carry, what ends one, and what fails in one. */
const SQL: Record<string, (i: number) => string> = {
  table: (i) => `create table t${i} (id int); insert into t${i} values (${i});`,
  comment: (i) => `create table t${i} (id int); comment on table t${i} is 'commit; rollback';`,
  'only a comment': () => '-- nothing',
  'commits itself': (i) => `create table t${i} (id int); commit; insert into t${i} values (1);`,
  'commits and begins anew': (i) => `create table t${i} (id int); commit; begin; select ${i};`,
  'rolls back': (i) => `create table t${i} (id int); rollback;`,
  'commits behind a backslash': (i) =>
    `create table t${i} (id int); select '\\'' ; commit; select '';`,
  'sets the search path': (i) =>
    `create schema if not exists other; set search_path = other; create table t${i} ();`,
  'sets it locally': (i) => `set local search_path = pg_temp; create table t${i} ();`,
  'resets all': (i) => `create table t${i} (id int); reset all;`,
  'sets its session read-only': (i) =>
    `create table t${i} (id int); set default_transaction_read_only = on;`,
  'sets the encoding': (i) => `create table t${i} (id int); set client_encoding = latin1;`,
  'sets the encoding in a block': (i) =>
    `create table t${i} (id int); do $$ begin execute 'set client_' || 'encoding = latin1'; end $$;`,
  'beyond ASCII': (i) => `create table t${i} (id int); comment on table t${i} is 'é → ü';`,
  'resets all in a block': (i) =>
    `create table t${i} (id int); do $$ begin execute 'reset all'; end $$;`,
  'takes the transaction for another': (i) =>
    `create table t${i} (id int); do $$ begin perform set_config('knexward.xid', '7', true); end $$;`,
  'has names of the grammar': (i) =>
    `create table t${i} (begin int); create function f${i}(begin int) returns int language sql as 'select 1';`,
  'is unfinished': (i) => `create table t${i} (id int); select (1`,
  'temporary table': () => 'create temp table scratch (id int) on commit drop;',
  'keeps a temporary table': (i) => `create temp table kept${i} (id int);`,
  listens: (i) => `listen news; create table t${i} (id int);`,
  'advisory lock': (i) => `select pg_advisory_lock(${1000 + i}); create table t${i} (id int);`,
  'outside a transaction': (i) => `-- knexward: no-transaction\ncreate table t${i} (id int);`,
  copies: (i) => `create table t${i} (id int); copy t${i} from stdin;`,
  'copies as psql does': (i) => `create table t${i} (id int);\n\\copy t${i} from 'x.csv'\n`,
  'discards all': (i) => `create table t${i} (id int); discard all;`,
  'discards all in a block': (i) =>
    `create table t${i} (id int); do $$ begin execute 'discard temp'; end $$;`,
  'sets a setting for its session': (i) =>
    `create table t${i} (id int); select set_config('knexward.test', '1', false), set_config('DateStyle', 'German', false);`,
  'takes a role': (i) => `create table t${i} (id int); set role pg_monitor;`,
  'commits in a block': (i) => `create table t${i} (id int); do $$ begin commit; end $$;`,
  'rolls back in a block': (i) => `create table t${i} (id int); do $$ begin rollback; end $$;`,
  'prepares a transaction': (i) => `create table t${i} (id int); prepare transaction 'p${i}';`,
  'keeps a prepared statement': (i) => `create table t${i} (id int); prepare p${i} as select 1;`,
  'has several answers': (i) =>
    `select ${i}; create table t${i} (id int); values (1), (2); select 3;`,
  'raises a notice': (i) =>
    `drop table if exists none; do $$ begin raise warning 'hm %', ${i}; end $$; create table t${i} (id int);`,
  'is empty': () => '',
  'has a limit of its own': (i) =>
    `create table t${i} (id int); set local statement_timeout = 50; select pg_sleep(5);`,
  'declares a cursor': (i) =>
    `create table t${i} (id int); declare c${i} cursor with hold for select 1;`,
  'cannot run in a transaction': () => 'vacuum knex_migrations;',
  'is serializable': (i) => `set transaction isolation level serializable; create table t${i} ();`,
  'defers constraints': (i) => `set constraints all deferred; create table t${i} (id int);`,
  'removes the lock row': (i) => `create table t${i} (id int); delete from knex_migrations_lock;`,
  'removes the row ahead': (i) =>
    `create table t${i} (id int); delete from knex_migrations where name = '${nameOf(i - 1)}.up.sql';`,
  'does not parse': (i) => `create table t${i} (id int); crate table x;`,
  'names what is not there': (i) => `create table t${i} (id int);\nselect * from missing;`,
  'fails at its commit': (i) =>
    `create table t${i} (id int unique deferrable initially deferred); insert into t${i} values (1), (1);`,
  'terminates its session': (i) =>
    `create table t${i} (id int); select pg_terminate_backend(pg_backend_pid());`,
  'drops the journal': (i) => `create table t${i} (id int); drop table knexward_journal;`,
  'records itself': (i) =>
    `insert into knex_migrations (name, batch) values ('${nameOf(i + 1)}.up.sql', 1);`,
};

interface Run {
  json: unknown;
  history: unknown;
  journal: unknown;
  tables: unknown;
}

describe('SQL files in a pipeline (FR-006, FR-014)', () => {
  let databases: TestDatabase[];
  let project: Project;
  beforeEach(async () => {
    databases = [await createDatabase(), await createDatabase()];
  });
  afterEach(async () => {
    project.remove();
    for (const database of databases) await database.drop();
  });

  const write = (kinds: readonly string[]): void => {
    const files = kinds.flatMap((kind, i): [string, string][] => [
      [`migrations/${nameOf(i)}.up.sql`, SQL[kind]!(i)],
      [
        `migrations/${nameOf(i)}.down.sql`,
        i % 7 === 5 ? 'drop table missing' : `drop table if exists t${i}, other.t${i}`,
      ],
    ]);
    project = createProject({ 'knexfile.js': KNEXFILE, ...Object.fromEntries(files) });
  };

  const run = async (database: TestDatabase, url: string, ...args: string[]): Promise<Run> => {
    const outcome = await project.knexward([...args, '--json'], { TEST_DATABASE_URL: url });
    const plain = outcome.stdout
      .replaceAll(database.name, 'DATABASE')
      .replace(/"runId":"[^"]*"/, '')
      .replace(/"durationMs":[\d.]+/g, '');
    return {
      json: `${outcome.code} ${plain}`,
      history: await database.query('select name, batch from knex_migrations order by id'),
      journal: (await hasJournal(database))
        ? await database.query(
            `select event, migration, batch, checksum, details, duration_ms is null as timeless
               from knexward_journal where event <> 'started' order by id`,
          )
        : null,
      tables: await database.query(
        `select relnamespace::regnamespace::text as schema, relname, obj_description(oid) as comment
           from pg_class where relname ~ '^t\\d' and relnamespace <> pg_my_temp_schema() order by 1, 2`,
      ),
    };
  };
  const hasJournal = async (database: TestDatabase): Promise<boolean> =>
    (
      await database.query<{ there: boolean }>(
        `select to_regclass('knexward_journal') is not null as there`,
      )
    )[0]?.there === true;

  it('drawn histories come to the same end as one by one', async () => {
    const kinds = fc.array(
      fc.oneof(
        { weight: 4, arbitrary: fc.constant('table') },
        fc.constantFrom(...Object.keys(SQL)),
      ),
      { minLength: 2, maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(kinds, async (drawn) => {
        write(drawn);
        const [together, alone] = databases as [TestDatabase, TestDatabase];
        // With a limit for each answer, nothing is sent ahead.
        const url = `${alone.url}?query_timeout=600000`;
        for (const args of [['up'], ['up'], ['down', '--all', '-y'], ['up']]) {
          expect(await run(together, together.url, ...args)).toEqual(
            await run(alone, url, ...args),
          );
        }
        project.remove();
        for (const database of databases) await database.drop();
        databases = [await createDatabase(), await createDatabase()];
      }),
      { numRuns: sizeOf('drawnPipelines'), seed: SEED, endOnFailure: true },
    );
  });

  it.each([
    'sets its session read-only',
    'resets all in a block',
    'takes the transaction for another',
  ])('a file that %s keeps none behind it from being applied', async (kind) => {
    write(['table', kind, 'table', 'table']);
    const [together, alone] = databases as [TestDatabase, TestDatabase];
    for (const url of [together.url, `${alone.url}?query_timeout=600000`]) {
      const outcome = await project.knexward(['up', '--json'], { TEST_DATABASE_URL: url });
      expect(outcome).toMatchObject({ code: 0 });
      expect(told(outcome.stdout).done).toHaveLength(4);
    }
  });

  it('behind a file that sets the encoding, the journal has the name of a machine beyond ASCII as it is', async () => {
    const [database] = databases as [TestDatabase];
    write(['table', 'sets the encoding in a block', 'table', 'table']);
    project.write({
      'büro.cjs': `require('os').hostname = () => 'büro'; require('module').syncBuiltinESMExports();`,
    });
    const outcome = await project.knexward(['up', '--json'], {
      TEST_DATABASE_URL: database.url,
      NODE_OPTIONS: `--require ${JSON.stringify(join(project.root, 'büro.cjs'))}`,
    });
    expect(outcome).toMatchObject({ code: 0 });
    const rows = await database.query<{ actor: string }>(
      `select substring(actor from '@(.*),') as actor from knexward_journal where event = 'applied' order by id`,
    );
    expect(rows.map(({ actor }) => actor)).toEqual(['büro', 'büro', 'büro', 'büro']);
  });

  it.each([
    'fails at its commit',
    'removes the row ahead',
    'records itself',
    'removes the lock row',
  ])(
    'a file that %s is told as one by one, and what is behind it is done or not as there',
    async (kind) => {
      write(['table', kind, 'table', 'table']);
      const [together, alone] = databases as [TestDatabase, TestDatabase];
      const url = `${alone.url}?query_timeout=600000`;
      expect(await run(together, together.url, 'up')).toEqual(await run(alone, url, 'up'));
    },
  );

  it.each([
    ['one that is in the history already and does not parse', ['records itself', 'does not parse']],
    ['the place of an error', ['names what is not there']],
    ['text beyond ASCII behind another encoding', ['sets the encoding in a block', 'beyond ASCII']],
  ])('%s: as one by one', async (_, kinds) => {
    write(['table', ...kinds, 'table', 'table']);
    const [together, alone] = databases as [TestDatabase, TestDatabase];
    const url = `${alone.url}?query_timeout=600000`;
    expect(await run(together, together.url, 'up')).toEqual(await run(alone, url, 'up'));
  });

  /** Files of which the sixth waits for the gate; those behind it are with the server meanwhile. */
  async function stopAtSixth(count = 12, urlOf = ({ url }: TestDatabase): string => url) {
    const [database] = databases as [TestDatabase];
    write(Array.from({ length: count }, () => 'table'));
    const gate = await closeGate(database, 1);
    project.write({ [`migrations/${nameOf(5)}.up.sql`]: `create table t5 (); ${gate.statement};` });
    const child = spawn(process.execPath, [join(REPOSITORY, 'bin/knexward.js'), 'up', '--json'], {
      cwd: project.root,
      env: { PATH: process.env['PATH'], TEST_DATABASE_URL: urlOf(database) },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let stdout = '';
    child.stdout.on('data', (data: Buffer) => (stdout += String(data)));
    const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout }));
    await waitFor(async () => (await waitingSessions(database)) === 1);
    const [{ pid } = { pid: 0 }] = await database.query<{ pid: number }>(
      `select pid from pg_locks where locktype = 'advisory' and not granted
          and database = (select oid from pg_database where datname = current_database())`,
    );
    return { database, gate, child, ended, pid };
  }

  const applied = async (database: TestDatabase): Promise<string[]> =>
    (await database.query<{ name: string }>('select name from knex_migrations order by id')).map(
      ({ name }) => name,
    );
  const tablesOf = async (database: TestDatabase): Promise<string[]> =>
    (
      await database.query<{ relname: string }>(
        `select relname from pg_class where relname ~ '^t\\d' order by length(relname), relname`,
      )
    ).map(({ relname }) => relname);
  const names = (count: number): string[] =>
    Array.from({ length: count }, (_, i) => `${nameOf(i)}.up.sql`);
  const told = (stdout: string) =>
    JSON.parse(stdout) as {
      done: { name: string }[];
      failed: {
        name: string;
        code: string;
        leftovers: boolean;
        endUnknown: boolean;
        alsoUnknown?: string[];
      } | null;
      notReached: string[];
    };

  it('after a signal, what is done is told, and neither the change under way nor those behind it leave anything', async () => {
    const { database, gate, child, ended } = await stopAtSixth();
    child.kill('SIGINT');
    const { code, stdout } = await ended;
    await gate.open();
    const { done, failed, notReached } = told(stdout);
    expect(code).toBe(130);
    expect(done.map(({ name }) => name)).toEqual(names(5));
    expect(failed).toMatchObject({ name: names(6)[5], code: 'INTERRUPTED', leftovers: false });
    expect(notReached).toHaveLength(6);
    expect(await applied(database)).toEqual(names(5));
    expect(await tablesOf(database)).toEqual(['t0', 't1', 't2', 't3', 't4']);
  });

  it('after a SIGKILL, the server carries out none of those behind the change under way', async () => {
    const { database, gate, child, ended } = await stopAtSixth();
    child.kill('SIGKILL');
    await ended;
    await waitFor(
      async () =>
        (
          await database.query(`select from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'`)
        ).length === 0,
    );
    await gate.open();
    expect(await applied(database)).toEqual(names(5));
    const next = await project.knexward(['up', '--json'], { TEST_DATABASE_URL: database.url });
    expect(next.code).toBe(0);
    expect(await applied(database)).toEqual(names(12));
    expect(await tablesOf(database)).toHaveLength(12);
  });

  it('where the server ends the session, the change is told as rolled back, and nothing behind it ran', async () => {
    const { database, gate, ended, pid } = await stopAtSixth();
    await database.query('select pg_terminate_backend($1)', [pid]);
    const { code, stdout } = await ended;
    await gate.open();
    expect(code).toBe(1);
    expect(told(stdout)).toMatchObject({
      failed: { name: names(6)[5], leftovers: false, endUnknown: false },
    });
    expect(await applied(database)).toEqual(names(5));
    expect(await tablesOf(database)).toHaveLength(5);
  });

  it('where the lock is lost meanwhile, no more is sent behind what is with the server', async () => {
    const { database, gate, ended } = await stopAtSixth(20);
    await database.query(`select pg_terminate_backend(pid) from pg_locks
      where locktype = 'advisory' and classid = x'6b6e7864'::int and granted
        and database = (select oid from pg_database where datname = current_database())`);
    await new Promise((resolve) => setTimeout(resolve, 500));
    await gate.open();
    const { done, failed } = told((await ended).stdout);
    expect(failed).toMatchObject({ code: 'LOCK_LOST' });
    expect(done.length).toBeGreaterThan(5);
    expect(done.length).toBeLessThan(14);
    expect(done.map(({ name }) => name)).toEqual(await applied(database));
  });

  it('what stands first in a message is the name of its migration', async () => {
    const { database, gate, ended, pid } = await stopAtSixth();
    const seen = await database.query('select query from pg_stat_activity where pid = $1', [pid]);
    await gate.open();
    await ended;
    expect(seen).toEqual([
      { query: expect.stringMatching(`^/\\* knexward: ${names(6)[5]} \\*/`) as string },
    ]);
  });

  it('where the network drops all packets, what the server may go on with is not told as not reached', async () => {
    const { host, port } = (databases[0] as TestDatabase).config as { host: string; port: number };
    const proxy = new ProtocolProxy({ host, port });
    const proxyPort = await proxy.listen();
    try {
      const { database, gate, child, ended } = await stopAtSixth(8, ({ url }) =>
        url.replace(`:${port}/`, `:${proxyPort}/`),
      );
      proxy.freeze();
      await gate.open();
      await waitFor(async () => (await applied(database)).length === 8);
      child.kill('SIGINT');
      const { done, failed, notReached } = told((await ended).stdout);
      // How many answers came through before is chance.
      const reached = [...done.map(({ name }) => name), failed?.name];
      expect(failed).toMatchObject({ endUnknown: true });
      expect([...reached, ...(failed?.alsoUnknown ?? [])]).toEqual(names(8));
      expect(notReached).toEqual([]);
    } finally {
      await proxy.close();
    }
  });

  it('where another run takes over meanwhile, nothing behind the change under way runs', async () => {
    const { database, gate, ended } = await stopAtSixth();
    // As a run does that finds the lock of one that was cut off.
    await database.query('update knex_migrations_lock set is_locked = 2000000000');
    await gate.open();
    const { code, stdout } = await ended;
    expect(code).toBe(4);
    const { done, failed } = told(stdout);
    expect(done.map(({ name }) => name)).toEqual(await applied(database));
    expect(done).toHaveLength(6);
    expect(failed).toMatchObject({ name: names(7)[6], code: 'LOCK_LOST' });
    expect(await tablesOf(database)).toHaveLength(6);
  });
});
