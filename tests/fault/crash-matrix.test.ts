import { createDatabase, type TestDatabase } from '../support/database';
import { createProject, type Project } from '../support/project';
import { type FaultPoint, ProtocolProxy } from '../support/protocol-proxy';
import { Runner, type RunnerAnswer } from '../support/runner';

/*
 * The exhaustive crash matrix: for every message that knexward sends to the server, the runner is
 * killed, or its connection cut, just before and just after it. After each: nothing ran twice,
 * history and schema agree (or one unfinished change is reported), no lock is left, and the next
 * run comes to the same end as an undisturbed one.
 */

/**
 * Parse, Bind and Describe change nothing on the server until Execute and Sync do: a fault at them is
 * the fault before the next Execute. CRASH_MATRIX=all strikes at them as well (2.5 times the points).
 */
const PASSED_OVER = new Set(process.env['CRASH_MATRIX'] === 'all' ? [] : ['P', 'B', 'D']);

/** Evaluated anew for each run, because a runner serves many databases. */
const KNEXFILE = `module.exports = () => ({
  client: 'pg',
  connection: process.env.TEST_DATABASE_URL,
  migrations: { directory: './migrations' },
});
`;

/** A change that can be seen in the schema, counts itself, and fails where it is run twice. */
const CHANGES: Record<string, { table: string; content: string }> = {
  '20150101000000-old.js': {
    table: 'old',
    content: `
exports.up = function (db, callback) {
  db.createTable('old', { id: 'int' }, function (error) {
    if (error) return callback(error);
    db.runSql('insert into ran values (?)', ['old'], callback);
  });
};
exports.down = function (db) { return db.dropTable('old'); };`,
  },
  '20260101000000_plain.js': {
    table: 'plain',
    content: `
exports.up = async (knex) => {
  await knex.schema.createTable('plain', (table) => { table.increments(); });
  await knex('ran').insert({ name: 'plain' });
};
exports.down = (knex) => knex.schema.dropTable('plain');`,
  },
  '20260101000001_outside.js': {
    table: 'outside',
    content: `
exports.config = { transaction: false };
exports.up = (knex) => knex.raw('create table outside (id int)');
exports.down = (knex) => knex.raw('drop table outside');`,
  },
  '20260101000002_last.up.sql': {
    table: 'last',
    content: "create table last (id int); insert into ran values ('last');",
  },
};

interface State {
  tables: string[];
  history: string[];
  unfinished: string[];
  ran: string[];
}

type FaultName = 'kill' | 'cut';

describe('the crash matrix (SC-007)', () => {
  let project: Project;
  let proxy: ProtocolProxy;
  let proxyPort: number;
  /** A runner that is never killed, for what comes after the fault. */
  let calm: Runner;
  let template: TestDatabase;

  beforeAll(async () => {
    project = createProject({
      'knexfile.js': KNEXFILE,
      'migrations/20260101000002_last.down.sql': 'drop table last;',
      ...Object.fromEntries(
        Object.entries(CHANGES).map(([name, { content }]) => [`migrations/${name}`, content]),
      ),
    });
    template = await createDatabase();
    const { hostname, port } = new URL(template.url);
    proxy = new ProtocolProxy({ host: hostname, port: Number(port) }, PASSED_OVER);
    proxyPort = await proxy.listen();
    calm = new Runner();
  });
  afterAll(async () => {
    calm.kill();
    await proxy.close();
    await template.drop();
    project.remove();
  });

  const throughProxy = (url: string): string => {
    const proxied = new URL(url);
    proxied.port = String(proxyPort);
    return proxied.href;
  };

  async function readState(database: TestDatabase): Promise<State> {
    const tables = Object.values(CHANGES).map(({ table }) => table);
    const [row] = await database.query<{ present: string[]; kept: boolean }>(
      `select array(select t from unnest($1::text[]) t where to_regclass(t) is not null) as present,
              to_regclass('knex_migrations') is not null as kept`,
      [tables],
    );
    const kept = row?.kept ?? false;
    const names = async (sql: string): Promise<string[]> =>
      (await database.query<{ name: string }>(sql)).map(({ name }) => name);
    return {
      tables: row?.present ?? [],
      history: kept ? await names('select name from knex_migrations order by id') : [],
      unfinished: kept
        ? await names(`select name from (
            select distinct on (migration) migration as name, event, details from knexward_journal
             where event <> 'adopted' order by migration, id desc) last
            where event = 'started' or details ? 'endUnknown'`)
        : [],
      ran: await names('select name from ran order by name'),
    };
  }

  /** History and schema agree, or what does not is reported as unfinished. */
  function expectTruth(state: State, where: string): void {
    for (const [name, { table }] of Object.entries(CHANGES)) {
      const applied = state.history.includes(name);
      const present = state.tables.includes(table);
      if (applied !== present)
        expect({ where, name, unfinished: state.unfinished }).toEqual({
          where,
          name,
          unfinished: [name],
        });
    }
    expect({ where, twice: state.ran.filter((name, i) => state.ran[i + 1] === name) }).toEqual({
      where,
      twice: [],
    });
  }

  /** Nobody of the broken run is connected any more: its locks went with its connections. */
  async function untilGone(database: TestDatabase): Promise<void> {
    for (const deadline = Date.now() + 10_000; Date.now() < deadline;) {
      const others = await database.query(
        "select from pg_stat_activity where datname = current_database() and application_name like 'knexward%'",
      );
      if (others.length === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    throw new Error('A connection of the broken run stays.');
  }

  /** What a person would do: look at the database, say what is so, and run again. */
  async function goOn(database: TestDatabase, action: 'up' | 'down', where: string): Promise<void> {
    const ask = (more: { action: 'up' | 'down' | 'resolve'; name?: string; verdict?: string }) =>
      calm.ask({ cwd: project.root, url: database.url, ...more });
    let answer = await ask({ action });
    if (answer.error?.code === 'UNFINISHED') {
      const { unfinished, tables } = await readState(database);
      const [name = ''] = unfinished;
      const present = tables.includes(CHANGES[name]?.table ?? '');
      await ask({ action: 'resolve', name, verdict: present ? 'applied' : 'reverted' });
      answer = await ask({ action });
    }
    expect({ where, error: answer.error, failed: failedOf(answer) }).toEqual({
      where,
      error: undefined,
      failed: null,
    });
  }

  const failedOf = (answer: RunnerAnswer): unknown =>
    (answer.value as { failed?: unknown } | undefined)?.failed ?? null;

  /** Runs an action undisturbed through the proxy, to learn how many messages it sends. */
  async function countMessages(prepare: Prepare, action: Action): Promise<number> {
    const database = await prepare();
    proxy.arm();
    const answer = await calm.ask({ action, cwd: project.root, url: throughProxy(database.url) });
    expect(answer.error).toBeUndefined();
    const { messages } = proxy;
    await database.drop();
    return messages;
  }

  type Prepare = () => Promise<TestDatabase>;
  type Action = 'up' | 'down' | 'adopt';
  type Check = (database: TestDatabase, where: string) => Promise<void>;

  /** Strikes at every point, and returns how many there were. */
  async function strikeEverywhere(prepare: Prepare, action: Action, check: Check): Promise<number> {
    const messages = await countMessages(prepare, action);
    let points = 0;
    let spare = new Runner();
    for (const fault of ['kill', 'cut'] as FaultName[]) {
      for (let message = 1; message <= messages; message++) {
        for (const when of ['before', 'after'] as FaultPoint['when'][]) {
          const where = `${action}: ${fault} ${when} message ${message} of ${messages}`;
          const database = await prepare();
          const victim = fault === 'kill' ? spare : calm;
          // The next victim loads while this one runs.
          if (fault === 'kill') spare = new Runner();
          proxy.arm({ message, when }, (cut) => (fault === 'kill' ? victim.kill() : cut()));
          await victim.ask({ action, cwd: project.root, url: throughProxy(database.url) });
          expect({ where, struck: !proxy.pending }).toEqual({ where, struck: true });
          await untilGone(database);
          await check(database, where);
          await database.drop();
          points++;
        }
      }
    }
    spare.kill();
    return points;
  }

  const emptyDatabase: Prepare = async () => {
    const database = await createDatabase();
    await database.query('create table ran (name text)');
    return database;
  };

  it('up: transactional, outside a transaction, db-migrate format, SQL', async () => {
    const points = await strikeEverywhere(emptyDatabase, 'up', async (database, where) => {
      expectTruth(await readState(database), where);
      await goOn(database, 'up', where);
      expect({ where, ...(await readState(database)) }).toEqual({
        where,
        tables: ['old', 'plain', 'outside', 'last'],
        history: Object.keys(CHANGES),
        unfinished: [],
        ran: ['last', 'old', 'plain'],
      });
    });
    console.info(`crash matrix, up: ${points} points`);
  }, 900_000);

  it('down: everything, in all formats', async () => {
    const prepare: Prepare = async () => {
      const database = await emptyDatabase();
      await calm.ask({ action: 'up', cwd: project.root, url: database.url });
      return database;
    };
    const points = await strikeEverywhere(prepare, 'down', async (database, where) => {
      expectTruth(await readState(database), where);
      await goOn(database, 'down', where);
      expect({ where, ...(await readState(database)) }).toEqual({
        where,
        tables: [],
        history: [],
        unfinished: [],
        ran: ['last', 'old', 'plain'],
      });
    });
    console.info(`crash matrix, down: ${points} points`);
  }, 900_000);

  it('adopt: all rows or none', async () => {
    const prepare: Prepare = async () => {
      const database = await createDatabase();
      await database.query(`
        create table migrations (id serial primary key, name varchar(255) not null, run_on timestamp not null);
        insert into migrations (name, run_on) values
          ('/20150101000000-old', '2015-01-01 00:00:00'), ('/20150101000001-gone', '2015-01-02 00:00:00')`);
      return database;
    };
    const carried = (database: TestDatabase) =>
      database.query(`select h.name, h.batch, j.event from knex_migrations h
        left join knexward_journal j on j.migration = h.name order by h.id`);
    const complete = [
      { name: '20150101000000-old.js', batch: 1, event: 'adopted' },
      { name: '20150101000001-gone.js', batch: 2, event: 'adopted' },
    ];
    const points = await strikeEverywhere(prepare, 'adopt', async (database, where) => {
      const [row] = await database.query<{ made: boolean }>(
        "select to_regclass('knex_migrations') is not null as made",
      );
      if (row?.made)
        expect({ where, rows: await carried(database) }).toEqual({ where, rows: complete });
      const again = await calm.ask({ action: 'adopt', cwd: project.root, url: database.url });
      expect({ where, error: again.error }).toEqual({ where, error: undefined });
      expect({ where, rows: await carried(database) }).toEqual({ where, rows: complete });
      expect(await database.query('select name from migrations order by id')).toHaveLength(2);
    });
    console.info(`crash matrix, adopt: ${points} points`);
  }, 900_000);
});
