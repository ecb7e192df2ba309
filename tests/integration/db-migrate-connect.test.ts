import { type EventEmitter } from 'node:events';
import Bluebird from 'bluebird';
import { Client } from 'pg';
import {
  connect,
  type Driver,
  type DriverConfig,
  type Internals,
} from '../../src/db-migrate/index.js';
import { STANDARD_ERROR_LOG } from '../../src/db-migrate/driver/log.js';
import { compareCatalogs, readCatalog } from '../support/catalog.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { createProject } from '../support/project.js';

/*
 * The driver that programs connect, beside the one that db-migrate-pg connects: the same calls on
 * two databases must answer the same and leave the same behind.
 */

type Connect = typeof connect;

let theirs: TestDatabase;
let ours: TestDatabase;

beforeEach(async () => {
  [theirs, ours] = await Promise.all([createDatabase(), createDatabase()]);
});

afterEach(() => Promise.all([theirs.drop(), ours.drop()]));

const INTERN = { migrationTable: 'changes', seedTable: 'seeds', dryRun: false };

/** db-migrate's own log prints; this one keeps still, in both drivers. */
function intern(more: Partial<Internals>): Partial<Internals> {
  const { dataType } = jest.requireActual<{ dataType: Internals['mod']['type'] }>(
    'db-migrate-shared',
  );
  const silent = () => undefined;
  const log = { ...STANDARD_ERROR_LOG, info: silent, warn: silent };
  return { ...INTERN, ...more, mod: { log, type: dataType } };
}

function open(connectIt: Connect, config: DriverConfig, more: Partial<Internals>): Promise<Driver> {
  return new Promise((resolve, reject) =>
    connectIt(config, intern(more), (error, driver) => {
      if (driver && !error) {
        // db-migrate-pg does not listen: one that is closing may be ended as its database is dropped.
        (driver.connection as unknown as EventEmitter).on('error', () => undefined);
        resolve(driver);
      } else reject(error ?? new Error('There is no driver.'));
    }),
  );
}

type Scenario = (db: Driver) => unknown;

/** What a scenario answers: a value, or what its error says of itself. */
async function outcomeOf(scenario: Scenario, db: Driver): Promise<unknown> {
  try {
    return { answer: await scenario(db) };
  } catch (error) {
    return { code: (error as { code?: string }).code };
  } finally {
    await db.close();
  }
}

async function runBoth(
  scenario: Scenario,
  config: { schema?: string } = {},
  more: Partial<Internals> = {},
): Promise<{ expected: unknown; actual: unknown }> {
  const original = jest.requireActual<{ connect: Connect }>('db-migrate-pg').connect;
  const [their, our] = await Promise.all([
    open(original, { ...theirs.config, ...config }, more),
    open(connect, { ...ours.config, ...config }, more),
  ]);
  return { expected: await outcomeOf(scenario, their), actual: await outcomeOf(scenario, our) };
}

async function catalogOf(database: TestDatabase): Promise<string[]> {
  return readCatalog(async (sql, params) => ({ rows: await database.query(sql, params) }));
}

/** Many methods answer through their callback alone. */
function called<Answer>(method: (done: (error: unknown, answer?: Answer) => void) => unknown) {
  return new Promise<Answer | undefined>((resolve, reject) => {
    method((error, answer) => (error instanceof Error ? reject(error) : resolve(answer)));
  });
}

const names = (rows: Record<string, unknown>[] | undefined) => rows?.map(({ name }) => name);
const PETS = { id: 'int', name: 'string', age: 'int' };

const withPets = (scenario: Scenario): Scenario => {
  return async (db) => {
    await db.createTable('pets', { ...PETS });
    await db.insert('pets', ['id', 'name', 'age'], [1, 'Rex', 3]);
    await db.insert('pets', ['id', 'name', 'age'], [2, "Max's", 5]);
    await scenario(db);
    return db.all('SELECT * FROM pets ORDER BY id');
  };
};

const history: Scenario = async (db) => {
  await db.createMigrationsTable();
  await called((done) => db.createMigrationsTable(done));
  for (const name of ['/1-a', '/2-b', '/3-c']) {
    await called((done) => db.addMigrationRecord(name, done));
  }
  await called((done) => db.deleteMigration('/2-b', done));
  return [names(await db.allLoadedMigrations()), await db.all('SHOW search_path')];
};

const seeds: Scenario = async (db) => {
  await db.createSeedsTable();
  await called((done) => db.addSeedRecord('birds', done));
  await called((done) => db.addSeedRecord('trees', done));
  await called((done) => db.deleteSeed('birds', done));
  return names(await db.allLoadedSeeds());
};

describe('the driver of connect does what that of db-migrate-pg does', () => {
  it.each<[string, Scenario]>([
    ['history of migrations', history],
    ['history of seeds', seeds],
    [
      'a transaction that is given up',
      async (db) => {
        await db.startMigration();
        await db.createTable('pets', { ...PETS });
        await db.connection.query('ROLLBACK');
        return db.all("SELECT to_regclass('pets')::text AS name");
      },
    ],
    [
      'a transaction that is ended',
      async (db) => {
        await called((done) => db.startMigration(done));
        await db.createTable('pets', { ...PETS });
        await called((done) => db.endMigration(done));
        await db.connection.query('ROLLBACK');
        return db.all("SELECT to_regclass('pets')::text AS name");
      },
    ],
    [
      'another schema',
      async (db) => {
        await db.runSql('CREATE SCHEMA app');
        await called((done) => db.switchDatabase({ schema: 'app' }, done));
        await db.createTable('pets', { ...PETS });
        await db.createMigrationsTable();
        return [db.schema, await db.all('SHOW search_path')];
      },
    ],
    ['update by id', withPets((db) => db.update('pets', { name: "it's", age: 9 }, 1))],
    ['update by one id in an array', withPets((db) => db.update('pets', { age: null }, [2]))],
    ['update by values', withPets((db) => db.update('pets', { age: 7 }, { name: 'Rex', age: 3 }))],
    [
      'update by conditions',
      withPets((db) =>
        db.update('pets', { age: 8 }, [
          { name: 'age', operator: '>', value: 4 },
          { name: 'id', operator: '<', value: 9 },
        ]),
      ),
    ],
    ['truncate', withPets((db) => db.truncate('pets'))],
    [
      'a created database',
      async (db) => {
        const [{ name } = {}] = (await db.all('SELECT current_database() AS name')) ?? [];
        await called((done) => db.createDatabase(`${String(name)}_2`, done));
        await called((done) => db.dropDatabase(`${String(name)}_2`, done));
        await called((done) => db.dropDatabase(`${String(name)}_2`, { ifExists: true }, done));
      },
    ],
  ])('with %s', async (_, scenario) => {
    const { expected, actual } = await runBoth(scenario);
    expect(expected).toHaveProperty('answer');
    expect(actual).toEqual(expected);
    expect(compareCatalogs(await catalogOf(theirs), await catalogOf(ours))).toEqual([]);
  });

  it.each<[string, Scenario, string]>([
    [
      'update of a missing column',
      withPets((db) => db.update('pets', { color: 'red' }, 1)),
      '42703',
    ],
    ['truncate of a missing table', (db) => db.truncate('pets'), '42P01'],
    ['a wrong statement', (db) => db.runSql('SELECT * FROM nowhere'), '42P01'],
    [
      'the drop of a missing database',
      (db) => called((done) => db.dropDatabase('none', done)),
      '3D000',
    ],
  ])('fails as it does: %s', async (_, scenario, code) => {
    expect(await runBoth(scenario)).toEqual({ expected: { code }, actual: { code } });
  });

  it('with a history in a schema of its own', async () => {
    for (const database of [theirs, ours]) await database.query('CREATE SCHEMA "App Data"');
    const { expected, actual } = await runBoth(history, { schema: 'App Data' });
    expect(actual).toEqual(expected);
    expect(compareCatalogs(await catalogOf(theirs), await catalogOf(ours))).toEqual([]);
  });

  it.each<[string, Partial<Internals>]>([
    ['on a dry run', { dryRun: true }],
    ['without transactions', { notransactions: true }],
  ])('%s', async (_, more) => {
    const scenario: Scenario = async (db) => {
      await db.startMigration();
      await db.createTable('pets', { ...PETS });
      await db.connection.query('ROLLBACK');
      return db.all("SELECT to_regclass('pets')::text AS name");
    };
    const { expected, actual } = await runBoth(scenario, {}, more);
    expect(actual).toEqual(expected);
  });
});

describe('what is stored beside the history', () => {
  const stored: Scenario = async (db) => {
    await db._createKV('kept');
    await db._insertKV('kept', 'a', '1');
    await db._createList('listed');
    for (const name of ['first', 'second']) await db._insertEntry('listed', name);
    const { run_on: moment, ...entry }: Record<string, unknown> = {
      ...(await db._getKV('kept', 'a')),
    };
    const list = await db._getList('listed');
    return {
      ...{ entry, nobody: await db._getKV('kept', 'b') },
      isText: /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/.test(String(moment)),
      list: list.map(({ id, name }) => [id, name] as unknown[]),
    };
  };

  it('is read as it is from a driver whose methods were promisified', async () => {
    const { expected, actual } = await runBoth((db) => stored(Bluebird.promisifyAll(db)));
    expect(expected).toMatchObject({ answer: { entry: { key: 'a', value: '1' }, isText: true } });
    expect(actual).toEqual(expected);
  });

  it('is read without that too, where db-migrate-pg fails', async () => {
    const { expected, actual } = await runBoth(stored);
    expect(expected).toEqual({ code: undefined });
    expect(actual).toMatchObject({ answer: { entry: { key: 'a', value: '1' } } });
  });
});

describe('where db-migrate-pg only ever fails', () => {
  const where = { a: 1 };
  it.each<[string, Scenario]>([
    ['createSequence', (db) => called((done) => call(db, 'createSequence', ['s', {}, done]))],
    ['dropSequence', (db) => called((done) => call(db, 'dropSequence', ['s', {}, done]))],
    ['remove', (db) => call(db, 'remove', ['pets', where])],
    ['buildWhereClause', (db) => db.update('pets', { a: 1 }, call(db, 'ids', []))],
    ['update', (db) => call(db, 'update', ['pets', ['a', 'b'], [1, 2], 1, () => undefined])],
  ])('with a syntax error, ours says so: %s', async (_, scenario) => {
    const { expected, actual } = await runBoth(scenario);
    expect(expected).toEqual({ code: '42601' });
    expect(actual).toEqual({ code: 'INVALID_MIGRATION' });
  });

  it.each<[string, Scenario]>([
    ['showDatabase', (db) => call(db, 'showDatabase', [])],
    ['checkDBMS', (db) => call(db, 'checkDBMS', ['pg'])],
  ])('without a word from the server, ours says so: %s', async (_, scenario) => {
    const { expected, actual } = await runBoth(scenario);
    expect(expected).toEqual({ code: undefined });
    expect(actual).toEqual({ code: 'INVALID_MIGRATION' });
  });

  /** The types know that these calls are wrong. */
  function call<Answer>(db: Driver, method: string, given: unknown[]): Answer {
    if (method === 'ids') return [1, 2] as Answer;
    const called = Reflect.get(db, method) as (...given: unknown[]) => Answer;
    return called.apply(db, given);
  }

  it('lookup finds the row that db-migrate-pg looks for in the wrong place', async () => {
    const scenario: Scenario = async (db) => {
      await withPets(() => undefined)(db);
      return db.lookup('pets', 'name', 1);
    };
    expect(await runBoth(scenario)).toEqual({
      expected: { answer: undefined },
      actual: { answer: { name: 'Rex' } },
    });
  });
});

describe('connect', () => {
  it('calls back once, with the error, where there is no connection', async () => {
    const calls: unknown[][] = [];
    await new Promise<void>((resolve) =>
      connect({ ...ours.config, database: 'nowhere' }, {}, (...given) => {
        calls.push(given);
        setTimeout(resolve, 100);
      }),
    );
    expect(calls).toEqual([[expect.objectContaining({ code: '3D000' })]]);
  });

  it('works on the database postgres unless told otherwise, and on a client it is given', async () => {
    const { database: _, ...server } = ours.config;
    const db = await open(connect, server, {});
    const [row] = (await db.all('SELECT current_database() AS name')) ?? [];
    await db.close();
    expect(row).toEqual({ name: 'postgres' });

    const client = new Client(ours.config);
    const onClient = await open(connect, { db: client }, {});
    await onClient.close();
    expect(onClient.connection).toBe(client);
  });

  it('is there for a program under knexward/db-migrate, whose own errors are not swallowed', async () => {
    const project = createProject({
      'program.js': `
        const { connect } = require('knexward/db-migrate');
        connect({ connectionString: process.argv[2] }, {}, (error, db) => {
          if (error) throw error;
          db.createTable('pets', { id: 'int' }, () => { throw new Error('from the callback'); });
        });`,
    });
    try {
      const { code, stderr } = await project.node(['program.js', ours.url]);
      expect(stderr).toContain('from the callback');
      expect(code).toBe(1);
      expect(await ours.query("SELECT to_regclass('pets')::text AS name")).toEqual([
        { name: 'pets' },
      ]);
    } finally {
      project.remove();
    }
  });
});
