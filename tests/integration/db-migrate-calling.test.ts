import Bluebird from 'bluebird';
import { Client } from 'pg';
import { createDriver, type MigrationDriver } from '../../src/db-migrate/driver/index.js';
import { type Callback } from '../../src/db-migrate/driver/callback.js';
import { STANDARD_ERROR_LOG } from '../../src/db-migrate/driver/log.js';
import { type DbMigrateFile } from '../../src/db-migrate/load.js';
import { runDbMigrateMigration } from '../../src/db-migrate/migration.js';
import { statementOf } from '../../src/statement.js';
import { createDatabase, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
let client: Client;

beforeAll(async () => {
  database = await createDatabase();
  client = new Client(database.config);
  await client.connect();
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

beforeEach(() => client.query('BEGIN'));
afterEach(() => client.query('ROLLBACK'));

type Up = DbMigrateFile['up'];

/** Runs a migration in the test's transaction, which is rolled back after the test. */
function run(file: Up | Omit<DbMigrateFile, 'path'>, direction: 'up' | 'down' = 'up') {
  const functions = typeof file === 'function' ? { up: file } : file;
  const path = '/app/migrations/20150101000000-pets.js';
  return runDbMigrateMigration(
    { ...functions, path },
    direction,
    createDriver({ connection: client }),
  );
}

async function tables(): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
  );
  return rows.map(({ name }) => name);
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error('It should have failed.');
    },
    (error: unknown) => error,
  );
}

describe('a migration is done', () => {
  const createPets = (db: MigrationDriver) => db.createTable('pets', { id: 'int' });

  it.each<[string, Up]>([
    ['when it calls back', (db, callback) => void createPets(db).nodeify(callback)],
    ['when its Bluebird promise is fulfilled', (db) => createPets(db)],
    ['when its own promise is fulfilled', async (db) => void (await createPets(db))],
    [
      'when its thenable is fulfilled',
      (db) => ({ then: (resolve: () => void) => void createPets(db).then(resolve) }),
    ],
    ['when it returns null, after what it sent', (db) => (createPets(db), null)],
    [
      'when it calls back through arguments',
      function (this: void, ...given: unknown[]) {
        const [db, callback] = given as [MigrationDriver, Callback];
        createPets(db).nodeify(callback);
      },
    ],
    [
      'when it calls back through a parameter with a default',
      (db, callback = () => undefined) => void createPets(db).nodeify(callback),
    ],
    [
      'when it calls back before what that led to has ended',
      (db, callback) => {
        void db.runSql('SELECT 1').then(() => createPets(db));
        callback(null);
      },
    ],
  ])('%s', async (_, up) => {
    await run(up);
    expect(await tables()).toEqual(['pets']);
  });
});

describe('a migration fails', () => {
  const wrong = { type: 'int', defaultValue: {} };

  it.each<[string, Up]>([
    ['when it throws', () => void fail('boom')],
    ['when its promise is rejected', () => Promise.reject(new Error('boom'))],
    ['when it calls back with an error', (_, callback) => callback(new Error('boom'))],
    ['when it calls back with a text', (_, callback) => callback('boom')],
    [
      'when it calls back again, with an error',
      (db, callback) => {
        callback(null);
        void db.runSql('SELECT 1').then(() => callback(new Error('boom')));
      },
    ],
    [
      'when a callback throws',
      (db, _callback) => void db.runSql('SELECT 1', () => void fail('boom')),
    ],
    [
      'when a step throws that nobody waits for',
      (db) => {
        void db.runSql('SELECT 1', () => void fail('boom'));
        return null;
      },
    ],
  ])('%s', async (_, up) => {
    await expect(run(up)).rejects.toThrow('boom');
  });

  it('when its promise is rejected without a reason', async () => {
    await expect(run(() => Bluebird.reject(undefined))).rejects.toThrow('without a reason');
  });

  it('when it can never say that it is done', async () => {
    const up: Up = (db) => void db.createTable('pets', { id: 'int' });
    await expect(run(up)).rejects.toMatchObject({
      code: 'INVALID_MIGRATION',
      message: expect.stringContaining('20150101000000-pets.js') as string,
    });
  });

  it('when it looks as if it called back, and does not take a callback', async () => {
    const up: Up = (db) => {
      const columns = { ...{ id: 'int' } };
      void db.createTable('pets', columns).catch((...reasons) => reasons.length);
    };
    await expect(run(up)).rejects.toMatchObject({ code: 'INVALID_MIGRATION' });
  });

  it('when it has no way in the asked direction', async () => {
    await expect(run(() => null, 'down')).rejects.toMatchObject({
      code: 'INVALID_MIGRATION',
      message: expect.stringContaining('"down"') as string,
    });
  });

  it.each<[string, Up]>([
    ['nobody waits for', (db) => (void db.createTable('pets', { id: wrong }), null)],
    ['it catches', (db) => db.addColumn('pets', 'id', wrong).catch(() => null)],
    [
      'a callback does not look at',
      (db, done) => void db.createTable('pets', { id: wrong }, () => done(null)),
    ],
  ])('for a call that was refused and that %s', async (_, up) => {
    await expect(run(up)).rejects.toMatchObject({ code: 'INVALID_MIGRATION' });
  });

  it.each<[string, Up]>([
    ['nobody waits for', (db) => (db.runSql('DROP TABLE missing'), null)],
    [
      'the callback came before',
      (db, callback) => {
        void db.runSql('SELECT 1').then(() => db.runSql('DROP TABLE missing'));
        callback(null);
      },
    ],
    ['it ignores', (db) => db.runSql('DROP TABLE missing').catch(() => null)],
    [
      'a later one suffers from',
      (db, callback) =>
        void db.runSql('DROP TABLE missing', () => void db.runSql('SELECT 1', callback)),
    ],
  ])('for a statement that %s', async (_, up) => {
    const error = await failureOf(run(up));
    expect(error).toMatchObject({ code: '42P01' });
    expect(statementOf(error)?.sql).toBe('DROP TABLE missing');
  });
});

describe('the error of a statement', () => {
  it('is passed on as it is, and its statement and place are known', async () => {
    let seen: unknown;
    const up: Up = (db, callback) =>
      void db.runSql('SELECT ?::int', ['one'], (error) => callback((seen = error)));
    const error = await failureOf(run(up));
    expect(error).toBe(seen);
    expect(error).toMatchObject({ code: '22P02' });
    expect(statementOf(error)).toMatchObject({ sql: 'SELECT $1::int', bindings: ['one'] });
    expect(statementOf(error)?.stack).toContain(__filename);
  });

  it.each<[string, Up]>([
    [
      'a foreign key of createTable',
      (db) =>
        db.createTable('pets', {
          owner: {
            type: 'int',
            foreignKey: { name: 'pets_owner', table: 'owners', mapping: 'id' },
          },
        }),
    ],
    [
      'the last statement of changeColumn',
      (db) =>
        db
          .createTable('pets', { name: 'string' })
          .then(() => db.changeColumn('pets', 'name', { type: 'no_such_type' })),
    ],
  ])('leads to the migration also from %s', async (_, up) => {
    const error = await failureOf(run(up));
    expect(statementOf(error)?.stack).toContain(__filename);
  });
});

describe('after its end', () => {
  it.each<[string, Up, number]>([
    ['done', () => null, 1],
    ['failed', () => Promise.reject(new Error('boom')), 0],
  ])('a migration that has %s reaches the database no more', async (_, up, complaints) => {
    const log = { ...STANDARD_ERROR_LOG, error: jest.fn() };
    const driver = createDriver({ connection: client, log });
    const path = 'late.js';
    await runDbMigrateMigration({ up, path }, 'up', driver).catch(() => undefined);
    await expect(driver.runSql('CREATE TABLE late (id int)')).rejects.toMatchObject({
      code: 'INVALID_MIGRATION',
    });
    expect(log.error).toHaveBeenCalledTimes(complaints);
    expect(await tables()).toEqual([]);
  });

  it('nothing is left that was still waiting when it failed', async () => {
    const up: Up = (db) => {
      for (let n = 0; n < 5; n += 1) void db.runSql(`CREATE TABLE waiting_${n} (id int)`);
      throw new Error('boom');
    };
    await expect(run(up)).rejects.toThrow('boom');
    expect(await tables()).toEqual(['waiting_0']);
  });
});

describe('the driver', () => {
  it('leaves the transaction to the one who opened it', async () => {
    await run(async (db) => {
      await db.startMigration();
      await db.createTable('pets', { id: 'int' });
      await db.endMigration();
      await db.close();
    });
    await client.query('ROLLBACK');
    await client.query('BEGIN');
    expect(await tables()).toEqual([]);
  });

  it('has methods that need no object', async () => {
    await run(async ({ createTable, addIndex, insert, runSql, removeColumn }) => {
      await createTable('pets', { id: 'int', name: 'string' });
      await addIndex('pets', 'pets_name', ['name']);
      await insert('pets', ['id', 'name'], [1, 'Rex']);
      await runSql('UPDATE pets SET name = ?', ['Max']);
      await removeColumn('pets', 'id');
    });
    const { rows } = await client.query('SELECT * FROM pets');
    expect(rows).toEqual([{ name: 'Max' }]);
  });

  it('calls back with the result of pg', async () => {
    const results: unknown[][] = [];
    await run(async (db) => {
      await db.runSql('SELECT 1 AS n', (...given) => void results.push(given));
      await db.runSql('SELECT 2 AS n; SELECT 3 AS n', (...given) => void results.push(given));
      await db.all('SELECT 4 AS n', (...given) => void results.push(given));
    });
    expect(results).toMatchObject([
      [null, { rows: [{ n: 1 }], rowCount: 1 }],
      [null, [{ rows: [{ n: 2 }] }, { rows: [{ n: 3 }] }]],
      [null, [{ n: 4 }]],
    ]);
  });

  it('calls back with one argument where there is no result', async () => {
    const given: unknown[][] = [];
    await run((db) => db.switchDatabase(null, (...all) => void given.push(all)));
    expect(given).toEqual([[null]]);
  });

  it('works in the schema that it is switched to, and names it', async () => {
    await client.query('CREATE SCHEMA app');
    const driver = createDriver({ connection: client });
    const up: Up = (db) =>
      db.switchDatabase({ schema: 'app' }).then(() => db.createTable('pets', { id: 'int' }));
    await runDbMigrateMigration({ up, path: 'switch.js' }, 'up', driver);
    expect(driver.schema).toBe('app');
    const { rows } = await client.query("SELECT to_regclass('app.pets')::text AS name");
    expect(rows).toEqual([{ name: 'pets' }]);
  });

  it('sends statements in the order they were asked for', async () => {
    const sent: unknown[] = [];
    const silent = () => undefined;
    const log = { info: silent, warn: silent, error: silent, verbose: silent };
    const driver = createDriver({
      connection: client,
      log: { ...log, sql: (...parts) => void sent.push(parts) },
    });
    const up: Up = (db) =>
      Bluebird.all([db.runSql('SELECT 1'), db.all('SELECT $1::int', [2]), db.runSql('SELECT 3')]);
    await runDbMigrateMigration({ up, path: 'order.js' }, 'up', driver);
    expect(sent).toEqual([['SELECT 1'], ['SELECT $1::int', [2]], ['SELECT 3']]);
  });

  it.each(['createCollection', 'checkDBMS'] as const)(
    'says of %s that it is not there (EC-02)',
    async (method) => {
      await expect(run((db) => db[method]())).rejects.toMatchObject({
        code: 'INVALID_MIGRATION',
        message: expect.stringContaining(`db.${method}`) as string,
      });
    },
  );
});

describe('setup', () => {
  it('comes first and receives what db-migrate hands out', async () => {
    const calls: unknown[] = [];
    await run({
      setup: async (options, seedLink) => {
        await options.Promise.delay(1);
        seedLink.link('people');
        calls.push(options.dbmigrate.dataType.STRING, options.ignoreOnInit, seedLink.links);
      },
      up: () => (calls.push('up'), null),
    });
    expect(calls).toEqual(['string', false, ['people'], 'up']);
  });

  it('makes the migration fail when it fails', async () => {
    const up = jest.fn(() => null);
    await expect(run({ setup: () => void fail('boom'), up })).rejects.toThrow('boom');
    expect(up).not.toHaveBeenCalled();
  });
});

function fail(message: string): never {
  throw new Error(message);
}
