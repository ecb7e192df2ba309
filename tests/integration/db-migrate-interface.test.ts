import { Client } from 'pg';
import { connect, type Driver } from '../../src/db-migrate/index.js';
import { createDriver } from '../../src/db-migrate/driver/index.js';
import { createDatabase, type TestDatabase } from '../support/database.js';

/*
 * The names that real db-migrate's driver has, asked of the real object at run time, against the
 * names that ours has: nothing missing, nothing more.
 */

/** Left over in the objects of db-migrate's class library and of its event emitter. */
const LEFTOVERS = ['_super', 'init', 'constructor', '_original', 'eventEmmiter'];
/** The state of an event emitter, copied from a prototype, where it has no value. */
const EMITTER_STATE = ['_events', '_eventsCount', '_maxListeners'];

interface DbMigratePg {
  connect(
    config: object,
    intern: object,
    callback: (error: Error | null, db: object) => void,
  ): void;
}
interface Shared {
  log: object;
  dataType: object;
  util: { reduceToInterface(driver: object, originInterface: unknown): object };
}

let database: TestDatabase;
let theirs: { connection: Client };
let ours: Driver;

beforeAll(async () => {
  database = await createDatabase();
  theirs = await connectTheirs();
  ours = await new Promise((resolve, reject) =>
    connect({ ...database.config }, {}, (error, driver) =>
      driver ? resolve(driver) : reject(error ?? new Error('There is no driver.')),
    ),
  );
});

afterAll(async () => {
  await theirs.connection.end();
  await ours.close();
  await database.drop();
});

function shared(): Shared {
  return jest.requireActual<Shared>('db-migrate-shared');
}

function connectTheirs(): Promise<typeof theirs> {
  const { log, dataType: type } = shared();
  const intern = { mod: { log, type }, migrationTable: 'migrations', seedTable: 'seeds' };
  return new Promise((resolve, reject) =>
    jest
      .requireActual<DbMigratePg>('db-migrate-pg')
      .connect({ ...database.config }, intern, (error, db) =>
        error ? reject(error) : resolve(db as typeof theirs),
      ),
  );
}

/** Each enumerable name, inherited ones too, with the kind of thing that it names. */
function namesOf(object: object, ...without: string[]): Record<string, string> {
  const names: Record<string, string> = {};
  for (const name in object) {
    if (!without.includes(name)) names[name] = typeof Reflect.get(object, name);
  }
  return names;
}

describe('the driver that a migration receives', () => {
  it('has the names that db-migrate reduces its driver to, and no other', () => {
    const reduced = shared().util.reduceToInterface(
      theirs,
      jest.requireActual('db-migrate/lib/interface/migratorInterface.js'),
    );
    const connection = new Client();
    const offered = createDriver({ connection });
    const expected = namesOf(reduced, ...LEFTOVERS, ...EMITTER_STATE);
    expect(Object.keys(expected).length).toBeGreaterThan(60);
    expect(namesOf(offered)).toEqual(expected);
    expect(offered).toMatchObject({
      connection,
      schema: 'public',
      type: shared().dataType,
      _escapeDDL: '"',
      _escapeString: "'",
      _meta: Reflect.get(reduced, '_meta') as object,
      internals: { migrationTable: 'migrations', seedTable: 'seeds', dryRun: false },
    });
  });
});

describe('the driver that a program connects', () => {
  it('has the names of the one that db-migrate-pg connects, and no other', () => {
    const expected = namesOf(theirs, ...LEFTOVERS);
    expect(Object.keys(expected).length).toBeGreaterThan(80);
    expect(namesOf(ours)).toEqual(expected);
  });

  it('has as few methods that end in Async as the original, which is none', () => {
    const hidden = (object: object): string[] => {
      const names: string[] = [];
      for (let at: object | null = object; at; at = Object.getPrototypeOf(at) as object | null) {
        names.push(...Object.getOwnPropertyNames(at));
      }
      return names.filter((name) => name.endsWith('Async'));
    };
    expect(hidden(theirs)).toEqual([]);
    expect(hidden(ours)).toEqual([]);
  });

  it('speaks as an event emitter', () => {
    const heard: unknown[] = [];
    ours.on('told', (...given: unknown[]) => void heard.push(given));
    expect(ours.emit('told', 1, 2)).toBe(true);
    expect(heard).toEqual([[1, 2]]);
  });
});
