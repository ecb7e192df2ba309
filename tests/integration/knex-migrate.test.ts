import fc from 'fast-check';
import createKnex, { type Knex } from 'knex';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { knexMigrate, type KnexMigrate, migrationSource } from '../../src/index';
import { createDatabase, type TestDatabase } from '../support/database';
import { waitFor } from '../support/wait-for';

const TABLE = (name: string) => `
exports.up = (knex) => knex.schema.createTable('${name}', (table) => { table.increments(); });
exports.down = (knex) => knex.schema.dropTable('${name}');
`;
const A = '20260101000000_a.js';
const B = '20260101000001_b.js';
const C = '20260101000002_c.js';
const UNKNOWN = '20990101000000_nowhere.js';

type Face = Pick<Knex.Migrator, keyof KnexMigrate>;
type Call = (migrate: Face) => Promise<unknown>;

/** How a call ended: the value, or the error. */
async function outcomeOf(call: () => Promise<unknown>): Promise<unknown> {
  try {
    return { value: await call() };
  } catch (error) {
    const { message, code, constructor } = error as Error & { code?: string };
    return { message, code, type: constructor.name };
  }
}

/** One database under real Knex and one under knexward, with the same migrations. */
class SideBySide {
  readonly folder = mkdtempSync(join(tmpdir(), 'knexward-face-'));
  readonly instances: Knex[] = [];
  databases: TestDatabase[] = [];

  static async create(): Promise<SideBySide> {
    const sides = new SideBySide();
    sides.databases = [await createDatabase(), await createDatabase()];
    sides.write({ [`m/${A}`]: TABLE('a'), [`m/${B}`]: TABLE('b'), [`m/${C}`]: TABLE('c') });
    sides.configure({ directory: join(sides.folder, 'm') });
    return sides;
  }

  write(files: Record<string, string>): void {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(this.folder, path)), { recursive: true });
      writeFileSync(join(this.folder, path), content);
    }
  }

  /** Makes the applications' two Knex instances anew. */
  configure(migrations: Knex.MigratorConfig): void {
    const log = { warn: () => undefined, error: () => undefined };
    const made = this.databases.map(({ url }) =>
      createKnex({ client: 'pg', connection: url, migrations, log }),
    );
    this.instances.push(...made);
  }

  private get current(): [Knex, Knex] {
    return this.instances.slice(-2) as [Knex, Knex];
  }

  /** Calls both, requires the same answer, and returns it. */
  async same(call: Call, tidy: (outcome: unknown) => unknown = (it) => it): Promise<unknown> {
    const [real, own] = this.current;
    const expected = tidy(await outcomeOf(() => call(real.migrate)));
    expect(tidy(await outcomeOf(() => call(knexMigrate(own))))).toEqual(expected);
    await this.sameState();
    return expected;
  }

  /** What the databases hold: history, lock and tables. */
  private async sameState(): Promise<void> {
    const states = this.databases.map(async (database) => ({
      tables: await database.query(
        `select relname from pg_class where relkind = 'r' and relname not like 'knex%'
            and relnamespace = 'public'::regnamespace order by 1`,
      ),
      history: await database
        .query('select name, batch from public.knex_migrations order by id')
        .catch(() => []),
      locked: await database
        .query('select is_locked from public.knex_migrations_lock where is_locked > 0')
        .catch(() => []),
    }));
    const [expected, own] = await Promise.all(states);
    expect(own).toEqual(expected);
  }

  async reset(): Promise<void> {
    for (const database of this.databases) {
      await database.query('drop schema public cascade');
      await database.query('create schema public');
    }
  }

  async end(): Promise<void> {
    await Promise.all(this.instances.map((knex) => knex.destroy()));
    await Promise.all(this.databases.map((database) => database.drop()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Knex reverts "all" by the files' order, knexward as they were applied: the same migrations. */
function inAnyOrder(outcome: unknown): unknown {
  const { value } = outcome as { value?: [number, string[]] };
  return Array.isArray(value) ? { value: [value[0], [...value[1]].sort()] } : outcome;
}

describe('the face of knex.migrate, beside real Knex (US10)', () => {
  let sides: SideBySide;
  beforeEach(async () => {
    sides = await SideBySide.create();
  });
  afterEach(() => sides.end());

  it('step by step up and down, what every method tells is what Knex tells', async () => {
    await sides.same((migrate) => migrate.currentVersion());
    await sides.same((migrate) => migrate.list());
    await sides.same((migrate) => migrate.status());
    expect(await sides.same((migrate) => migrate.up())).toEqual({ value: [1, [A]] });
    await sides.same((migrate) => migrate.list());
    await sides.same((migrate) => migrate.status());
    await sides.same((migrate) => migrate.currentVersion());
    await sides.same((migrate) => migrate.up({ name: C }));
    await sides.same((migrate) => migrate.up({ name: C }));
    expect(await sides.same((migrate) => migrate.latest())).toEqual({ value: [3, [B]] });
    expect(await sides.same((migrate) => migrate.latest())).toEqual({ value: [3, []] });
    await sides.same((migrate) => migrate.up());
    await sides.same((migrate) => migrate.list());
    await sides.same((migrate) => migrate.down({ name: A }));
    await sides.same((migrate) => migrate.down());
    await sides.same((migrate) => migrate.latest());
    await sides.same((migrate) => migrate.rollback());
    await sides.same((migrate) => migrate.rollback({}, true));
    await sides.same((migrate) => migrate.rollback());
    await sides.same((migrate) => migrate.rollback({}, true));
    await sides.same((migrate) => migrate.down());
    await sides.same((migrate) => migrate.currentVersion());
  });

  it('any sequence of calls tells the same and leaves the same', async () => {
    const names = [undefined, A, B, C, UNKNOWN];
    const named = (method: 'up' | 'down') =>
      fc.constantFrom(...names).map((name) => ({
        label: `${method} ${name ?? ''}`,
        call: (migrate: Face) => migrate[method](name === undefined ? undefined : { name }),
      }));
    const plain: { label: string; call: Call }[] = [
      { label: 'latest', call: (migrate) => migrate.latest() },
      { label: 'rollback', call: (migrate) => migrate.rollback() },
      { label: 'rollback all', call: (migrate) => migrate.rollback(undefined, true) },
      { label: 'list', call: (migrate) => migrate.list() },
      { label: 'currentVersion', call: (migrate) => migrate.currentVersion() },
    ];
    const step = fc.oneof(named('up'), named('down'), fc.constantFrom(...plain));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 7 }), async (steps) => {
        await sides.reset();
        for (const { call, label } of steps) {
          await sides.same(call, label === 'rollback all' ? inAnyOrder : undefined);
        }
      }),
      { numRuns: 15, endOnFailure: true },
    );
  });

  it('names that do not fit reject with the same words', async () => {
    const unknown = await sides.same((migrate) => migrate.up({ name: UNKNOWN }));
    expect(unknown).toMatchObject({ message: `Migration "${UNKNOWN}" not found.` });
    const notRun = await sides.same((migrate) => migrate.down({ name: A }));
    expect(notRun).toMatchObject({ message: `Migration "${A}" was not run.` });
    // A beginning of a name is no name here: Knex's rules hold.
    await sides.same((migrate) => migrate.up({ name: '20260101000000_a' }));
  });

  it('a failing migration rejects with its own error, up and down', async () => {
    sides.write({
      'broken/20260101000000_twice.js': `
        exports.up = (knex) => knex.raw('create table twice (); create table twice ()');
        exports.down = () => {};`,
      'odd/20260101000000_throws.js': `
        class OwnError extends Error {}
        exports.up = () => Promise.reject(Object.assign(new OwnError('on purpose'), { code: 'OWN' }));
        exports.down = () => {};`,
      'stuck/20260101000000_stuck.js': `
        exports.up = (knex) => knex.raw('create table stuck ()');
        exports.down = (knex) => knex.raw('drop table no_such_table');`,
    });
    const directory = (name: string) => ({ directory: join(sides.folder, name) });
    const twice = await sides.same((migrate) => migrate.latest(directory('broken')));
    expect(twice).toMatchObject({ code: '42P07', type: 'DatabaseError' });
    await sides.same((migrate) => migrate.up(directory('broken')));
    const odd = await sides.same((migrate) => migrate.latest(directory('odd')));
    expect(odd).toEqual({ message: 'on purpose', code: 'OWN', type: 'OwnError' });
    await sides.same((migrate) => migrate.latest(directory('stuck')));
    const stuck = await sides.same((migrate) => migrate.rollback(directory('stuck')));
    expect(stuck).toMatchObject({ code: '42P01' });
    await sides.same((migrate) => migrate.down(directory('stuck')));
    await sides.same((migrate) => migrate.list(directory('stuck')));
  });

  it('a file that is gone rejects with the same words, unless told not to look', async () => {
    await sides.same((migrate) => migrate.latest());
    rmSync(join(sides.folder, 'm', B));
    for (const method of ['latest', 'up', 'down', 'rollback', 'list'] as const) {
      const outcome = await sides.same((migrate) => migrate[method]());
      expect(outcome).toMatchObject({ message: expect.stringContaining('is corrupt') as string });
    }
    await sides.same((migrate) => migrate.status());
    await sides.same((migrate) => migrate.currentVersion());
    const config = { disableMigrationsListValidation: true };
    await sides.same((migrate) => migrate.list(config));
    await sides.same((migrate) => migrate.latest(config));
    await sides.same((migrate) => migrate.down(config));
  });

  it('to and before a migration by its name', async () => {
    expect(await sides.same((migrate) => migrate.before({ name: B }))).toEqual({ value: [1, [A]] });
    expect(await sides.same((migrate) => migrate.before({ name: A }))).toEqual({ value: [0, []] });
    expect(await sides.same((migrate) => migrate.to({ name: B }))).toEqual({ value: [2, [B]] });
    await sides.same((migrate) => migrate.to({ name: B }));
    await sides.same((migrate) => migrate.to({ name: UNKNOWN }));
    await sides.same((migrate) => migrate.to());
    await sides.same((migrate) => migrate.before());
  });

  it('a migration source for one call counts, whatever folder the instance has', async () => {
    const migrationSource: Knex.MigrationSource<string> = {
      getMigrations: () => Promise.resolve(['own']),
      getMigrationName: (name) => name,
      getMigration: () =>
        Promise.resolve({
          up: (knex) => knex.schema.createTable('own', () => undefined),
          down: (knex) => knex.schema.dropTable('own'),
        }),
    };
    const outcome = await sides.same((migrate) => migrate.latest({ migrationSource }));
    expect(outcome).toEqual({ value: [1, ['own']] });
  });

  it('several folders, sorted together or one by one; a folder that is not there', async () => {
    sides.write({ 'n/20250101000000_older.js': TABLE('older') });
    const directory = ['m', 'n'].map((name) => join(sides.folder, name));
    await sides.same((migrate) => migrate.list({ directory }));
    await sides.same((migrate) => migrate.list({ directory, sortDirsSeparately: true }));
    await sides.same((migrate) => migrate.up({ directory, sortDirsSeparately: true }));
    await sides.same((migrate) => migrate.latest({ directory }));
    await sides.same((migrate) => migrate.rollback({ directory }));
    const missing = { directory: join(sides.folder, 'nowhere') };
    const outcome = await sides.same((migrate) => migrate.latest(missing));
    expect(outcome).toMatchObject({ code: 'ENOENT' });
    await sides.same((migrate) => migrate.status(missing));
    await sides.same((migrate) => migrate.currentVersion(missing));
  });

  it('tables of other names and schemas, for one call or in the configuration', async () => {
    for (const database of sides.databases) await database.query('create schema own');
    const config = { tableName: 'changes', schemaName: 'own' };
    expect(await sides.same((migrate) => migrate.up(config))).toEqual({ value: [1, [A]] });
    await sides.same((migrate) => migrate.list());
    await sides.same((migrate) => migrate.list(config));
    sides.configure({ directory: join(sides.folder, 'm'), ...config });
    await sides.same((migrate) => migrate.latest());
    await sides.same((migrate) => migrate.currentVersion());
    for (const database of sides.databases) {
      expect(await database.query('select name, batch from own.changes order by id')).toEqual([
        { name: A, batch: 1 },
        { name: B, batch: 2 },
        { name: C, batch: 2 },
      ]);
    }
  });

  it("an application's own migration source, and knexward's", async () => {
    const source: Knex.MigrationSource<{ id: string }> = {
      getMigrations: () => Promise.resolve([{ id: 'first' }, { id: 'second' }]),
      getMigrationName: ({ id }) => id,
      getMigration: ({ id }) =>
        Promise.resolve({
          up: (knex) => knex.schema.createTable(id, (table) => void table.increments()),
          down: (knex) => knex.schema.dropTable(id),
        }),
    };
    sides.configure({ migrationSource: source });
    await sides.same((migrate) => migrate.list());
    await sides.same((migrate) => migrate.up());
    await sides.same((migrate) => migrate.latest());
    await sides.same((migrate) => migrate.rollback({}, true), inAnyOrder);
    const directory = join(sides.folder, 'm');
    sides.configure({ migrationSource: migrationSource({ directory }) });
    await sides.same((migrate) => migrate.list());
    await sides.same((migrate) => migrate.latest());
    // For one call, a folder goes before the source.
    await sides.same((migrate) => migrate.list({ directory }));
  });

  it('hooks are called as often, with the same migrations', async () => {
    for (const method of ['latest', 'rollback'] as const) {
      const heard: unknown[][] = [];
      await sides.same((migrate) => {
        const calls: unknown[] = [];
        heard.push(calls);
        const hook = (name: string) => (_knex: Knex, migrations: unknown[]) => {
          calls.push([name, migrations]);
          return Promise.resolve();
        };
        const all = { beforeAll: hook('beforeAll'), afterAll: hook('afterAll') };
        return migrate[method]({ ...all, beforeEach: hook('before'), afterEach: hook('after') });
      });
      expect(heard[0]).toHaveLength(8);
      expect(heard[1]).toEqual(heard[0]);
    }
  });

  it('make returns the path of the file that it made', async () => {
    const directory = join(sides.folder, 'made');
    const pathless = (outcome: unknown) => {
      const { value } = outcome as { value?: string };
      if (value === undefined) return outcome;
      return { folder: dirname(value), name: basename(value).replace(/^\d{14}/, '') };
    };
    const made = await sides.same((migrate) => migrate.make('add_x', { directory }), pathless);
    expect(made).toEqual({ folder: directory, name: '_add_x.js' });
    await sides.same((migrate) => migrate.make('y', { directory, extension: 'ts' }), pathless);
    await sides.same((migrate) => migrate.make(''));
    sides.configure({ migrationSource: migrationSource({ directory }) });
    const path = await knexMigrate(sides.instances.at(-1) as Knex).make('in_our_source');
    expect(dirname(path)).toBe(directory);
  });

  it('forceFreeMigrationsLock frees a lock that a killed Knex left behind', async () => {
    await sides.same((migrate) => migrate.forceFreeMigrationsLock());
    await sides.same((migrate) => migrate.up());
    for (const database of sides.databases) {
      await database.query('update knex_migrations_lock set is_locked = 1');
    }
    expect(await sides.same((migrate) => migrate.forceFreeMigrationsLock())).toEqual({});
    expect(await sides.same((migrate) => migrate.latest())).toEqual({ value: [2, [B, C]] });
  });
});

describe('where the face differs from knex.migrate on purpose', () => {
  let sides: SideBySide;
  let knex: Knex;
  beforeEach(async () => {
    sides = await SideBySide.create();
    knex = sides.instances.at(-1) as Knex;
  });
  afterEach(() => sides.end());
  const own = () => sides.databases[1] as TestDatabase;
  const directory = () => join(sides.folder, 'm');

  it('an empty database has no migrations, and looking makes no tables', async () => {
    const migrate = knexMigrate(knex);
    expect(await migrate.status()).toBe(-3);
    expect(await migrate.currentVersion()).toBe('none');
    expect(await migrate.list()).toEqual([
      [],
      [A, B, C].map((file) => ({ file, directory: directory() })),
    ]);
    expect(await own().query("select from pg_class where relname like 'knex%'")).toEqual([]);
  });

  it('a failure takes itself back, and its error holds no bound value', async () => {
    sides.write({
      'm/20260101000003_d.js': `
        exports.up = (knex) => knex('a').insert({ no_such_column: 'a secret' });
        exports.down = () => {};`,
    });
    const failing = knexMigrate(knex).latest();
    await expect(failing).rejects.toThrow('no_such_column');
    await expect(failing).rejects.not.toThrow('a secret');
    expect(await knexMigrate(knex, { settings: { retries: 0 } }).currentVersion()).toBe(
      '20260101000002',
    );
  });

  it('each call starts from the configuration of the instance', async () => {
    const migrate = knexMigrate(knex);
    expect(await migrate.up({ name: B })).toEqual([1, [B]]);
    expect(await migrate.up()).toEqual([2, [A]]);
  });

  it('forceFreeMigrationsLock leaves a runner that is at work alone; a signal stops it', async () => {
    sides.write({
      'm/20260101000003_d.js': `
        exports.up = (knex) => knex.raw('select pg_sleep(3600)');
        exports.down = () => {};`,
    });
    const stop = new AbortController();
    const heard: string[] = [];
    const running = knexMigrate(knex, {
      signal: stop.signal,
      listener: ({ type }) => heard.push(type),
    }).latest();
    const ended = outcomeOf(() => running);
    await waitFor(async () => {
      const sql = `select from pg_stat_activity
        where datname = current_database() and query like '%pg_sleep(3600)%' and state = 'active'
          and pid <> pg_backend_pid()`;
      return (await own().query(sql)).length === 1;
    });
    const freed = await outcomeOf(() => knexMigrate(knex).forceFreeMigrationsLock());
    expect(freed).toMatchObject({ code: 'LOCKED', type: 'KnexwardError' });
    const impatient = knexMigrate(knex, { settings: { waitForLock: 0 } });
    expect(await outcomeOf(() => impatient.latest())).toMatchObject({ code: 'LOCKED' });
    stop.abort();
    expect(await ended).toMatchObject({ code: 'INTERRUPTED' });
    expect(heard.filter((type) => type === 'done')).toHaveLength(3);
  });

  it('several runners at once are each told what they themselves have run', async () => {
    const patient = knexMigrate(knex, { settings: { waitForLock: '10min' } });
    const answers = await Promise.all(Array.from({ length: 5 }, () => patient.latest()));
    expect(answers.map(([batch]) => batch)).toEqual([1, 1, 1, 1, 1]);
    expect(answers.flatMap(([, names]) => names)).toEqual([A, B, C]);
  });
});
