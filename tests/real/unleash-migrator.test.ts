import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createDatabase, type TestDatabase } from '../support/database';
import { createLegacyProject, dbMigrate } from '../support/db-migrate';
import { asDbMigrateWrites, differences, namesIn } from '../support/db-migrate-alias';
import { type Project } from '../support/project';
import { copyUnleash, UNLEASH_MIGRATIONS } from '../support/unleash';
import { createUnleashDatabase } from '../support/unleash-database';
import { callUnleash, createUnleashProject } from '../support/unleash-migrator';
import { itOfSample } from '../support/sizes';

const itIfDrawn = itOfSample('unleashMigrator');

/*
 * Unleash migrates its database with db-migrate's API, in dist/migrator.js. Here that module runs
 * as it was published, on knexward-db-migrate, in a folder from which neither db-migrate nor one of
 * its drivers can be found.
 */
describe("Unleash's own migrator", () => {
  let legacy: Project;
  let project: Project;
  /** Where real db-migrate has applied everything. */
  let judge: TestDatabase;
  let database: TestDatabase;

  const real = async (target: TestDatabase, ...args: string[]): Promise<void> => {
    const { code, stderr } = await dbMigrate(legacy, args, { DATABASE_URL: target.url });
    expect({ code, stderr }).toMatchObject({ code: 0 });
  };
  const history = async () => asDbMigrateWrites(await namesIn(database, 'knex_migrations'));
  const call = async (name: Parameters<typeof callUnleash>[2], stopAt?: string) =>
    (await callUnleash(project, database, name, stopAt)).result;

  beforeAll(async () => {
    legacy = createLegacyProject({});
    await copyUnleash(join(legacy.root, 'migrations'));
    project = await createUnleashProject();
    judge = await createUnleashDatabase();
  });
  afterAll(async () => {
    legacy.remove();
    project.remove();
    await judge.drop();
  });
  beforeEach(async () => {
    database = await createDatabase();
  });
  afterEach(() => database.drop());
  const startFrom = async (other: TestDatabase): Promise<void> => {
    await database.drop();
    database = other;
  };

  it.each(['db-migrate-pg', 'db-migrate-base', 'yargs'])('cannot find %s', (name) => {
    const from = createRequire(join(project.root, 'node_modules/db-migrate/dist/index.js'));
    expect(() => from.resolve(name)).toThrow(`Cannot find module '${name}'`);
    const { name: alias } = from('../package.json') as { name: string };
    expect(alias).toBe('knexward-db-migrate');
  });

  itIfDrawn('on an empty database: nothing to reset, everything to migrate', async () => {
    expect(await call('requiresMigration')).toBe(true);
    await call('resetDb');
    expect(await history()).toEqual([]);
    await call('migrateDb');
    expect(await history()).toEqual(await namesIn(judge, 'migrations'));
    expect(await history()).toHaveLength(UNLEASH_MIGRATIONS);
    expect(await differences(judge, database)).toEqual([]);
    expect(await call('requiresMigration')).toBe(false);
  });

  itIfDrawn('says nothing where Unleash has set the log to errors', async () => {
    const { outcome } = await callUnleash(project, database, 'migrateDb', '20141');
    expect(outcome.stdout).toBe('TOLDnull');
    expect(outcome.stderr).toBe('');
    expect((await history()).every((name) => name < '/20142')).toBe(true);
    expect(await history()).not.toEqual([]);
  });

  itIfDrawn(
    'on a half migrated database: carries over, goes on, stops where it is told to',
    async () => {
      await startFrom(await createUnleashDatabase({ count: 200 }));
      expect(await call('requiresMigration')).toBe(true);
      expect(await history()).toEqual([]);
      const all = await namesIn(judge, 'migrations');
      await call('migrateDb', all[249]?.slice(1));
      expect(await history()).toEqual(all.slice(0, 250));
      await call('migrateDb');
      expect(await history()).toEqual(all);
      expect(await differences(judge, database)).toEqual([]);
      expect(await call('requiresMigration')).toBe(false);
      // An old release may start at any moment, and has to find all that is applied.
      expect(await namesIn(database, 'migrations')).toEqual(all);
    },
  );

  itIfDrawn(
    'on a half migrated database: resetDb reverts what db-migrate has applied',
    async () => {
      await startFrom(await createUnleashDatabase({ count: 100 }));
      const reset = await createUnleashDatabase({ count: 100 });
      await call('resetDb');
      await real(reset, 'reset');
      expect(await history()).toEqual(await namesIn(reset, 'migrations'));
      expect(await differences(reset, database)).toEqual([]);
      await reset.drop();
    },
  );

  itIfDrawn(
    'on a fully migrated database: nothing runs again; resetDb reverts what can be reverted',
    async () => {
      await startFrom(await createUnleashDatabase());
      expect(await call('requiresMigration')).toBe(false);
      await call('migrateDb');
      expect(await history()).toEqual(await namesIn(judge, 'migrations'));
      expect(await differences(judge, database)).toEqual([]);
      await call('resetDb');
      const reset = await createUnleashDatabase();
      await real(reset, 'reset');
      expect(await history()).toEqual(await namesIn(reset, 'migrations'));
      expect(await differences(reset, database)).toEqual([]);
      await reset.drop();
    },
  );
});
