import { createDatabase, type TestDatabase } from '../support/database';
import { createLegacyProject, dbMigrate, legacyTable } from '../support/db-migrate';
import { type Outcome, type Project } from '../support/project';
import { waitFor } from '../support/wait-for';
import { itOfSample } from '../support/sizes';

/** Counts itself, so that a second run of it shows. */
const counting = (name: string): string => `
exports.up = (db) => db.runSql("insert into ran values ('${name}')");
exports.down = (db) => db.runSql("insert into ran values ('${name} down')");`;

const A = { 'migrations/20150101000000-a.js': legacyTable('a') };
const B = { 'migrations/20160101000000-b.js': counting('b') };
const C = { 'migrations/20170101000000-c.js': counting('c') };

const itIfDrawn = itOfSample('sideBySide');

describe('an old release (real db-migrate) and a new one side by side after adopt (US9, SC-007, EC-15)', () => {
  let database: TestDatabase;
  let oldRelease: Project;
  let newRelease: Project;
  let env: Record<string, string>;
  const oldStarts = async (...args: string[]): Promise<Outcome> => {
    const outcome = await dbMigrate(oldRelease, args.length > 0 ? args : ['up'], env);
    expect({ code: outcome.code, stderr: outcome.stderr }).toMatchObject({ code: 0 });
    return outcome;
  };
  const knexward = (...args: string[]): Promise<Outcome> => newRelease.knexward(args, env);
  const succeeds = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await knexward(...args);
    expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: expect.any(String) as string });
    return stdout;
  };
  const ran = async () =>
    (await database.query<{ name: string }>('select name from ran order by at')).map((r) => r.name);
  const byDbMigrate = async () =>
    (await database.query<{ name: string }>('select name from migrations order by id')).map(
      ({ name }) => name,
    );
  const byKnex = async () =>
    (await database.query<{ name: string }>('select name from knex_migrations order by id')).map(
      ({ name }) => name,
    );

  beforeEach(async () => {
    database = await createDatabase();
    env = { DATABASE_URL: database.url };
    await database.query('create table ran (name text, at bigint generated always as identity)');
    oldRelease = createLegacyProject({ ...A, ...B });
    newRelease = createLegacyProject({ ...A, ...B });
    await oldStarts();
    await succeeds('adopt', '--yes');
  });
  afterEach(async () => {
    oldRelease.remove();
    newRelease.remove();
    await database.drop();
  });

  itIfDrawn(
    'an old instance that starts after adopt finds everything applied and runs nothing twice',
    async () => {
      await oldStarts();
      await succeeds('up');
      await oldStarts();
      expect(await ran()).toEqual(['b']);
      expect(await byDbMigrate()).toEqual(['/20150101000000-a', '/20160101000000-b']);
    },
  );

  itIfDrawn(
    'what an old instance applies late is picked up: up refuses, adopt carries it over',
    async () => {
      oldRelease.write(C);
      newRelease.write(C);
      await oldStarts();
      const refused = await knexward('up', '--json');
      expect({ code: refused.code, ...refused.json() }).toMatchObject({
        code: 5,
        error: { code: 'NOT_ADOPTED' },
      });
      await succeeds('adopt', '--database-only', '--yes');
      expect(await succeeds('up')).toContain('Already up to date');
      expect(await ran()).toEqual(['b', 'c']);
    },
  );

  itIfDrawn('or by itself at the next start, where the knexfile says adopt: "auto"', async () => {
    oldRelease.write(C);
    newRelease.write({
      ...C,
      'knexfile.js': `module.exports = { client: 'pg', connection: process.env.DATABASE_URL,
        migrations: { directory: './migrations' }, knexward: { adopt: 'auto' } };`,
    });
    await oldStarts();
    expect(await succeeds('up')).toContain('Already up to date');
    expect(await byKnex()).toHaveLength(3);
    expect(await ran()).toEqual(['b', 'c']);
  });

  itIfDrawn(
    "a file of the old format that knexward applies is in db-migrate's table too",
    async () => {
      oldRelease.write(C);
      newRelease.write({ ...C, 'migrations/20260101000000_d.up.sql': 'create table d (id int);' });
      await succeeds('up');
      await oldStarts();
      expect(await ran()).toEqual(['b', 'c']);
      expect(await byDbMigrate()).toEqual([
        '/20150101000000-a',
        '/20160101000000-b',
        '/20170101000000-c',
      ]);
      expect((await knexward('status', '--json')).json()).toMatchObject({
        upToDate: true,
        problems: [],
      });
      expect(await succeeds('adopt', '--database-only', '--yes')).toContain('Nothing to do');
    },
  );

  itIfDrawn(
    "what knexward reverts is gone from db-migrate's table too, and what db-migrate's down reverts next is right",
    async () => {
      oldRelease.write(C);
      newRelease.write(C);
      await succeeds('up');
      await succeeds('down');
      expect(await byDbMigrate()).toEqual(['/20150101000000-a', '/20160101000000-b']);
      await succeeds('up');
      // db-migrate reverts the one of the newest time: the two tools agree on which that is.
      await oldStarts('down');
      expect(await ran()).toEqual(['b', 'c', 'c down', 'c', 'c down']);
    },
  );

  itIfDrawn('the time is in the zone that the takeover was told', async () => {
    newRelease.write(C);
    await database.query(
      `update knexward_journal set details = details || '{"time_zone": "Asia/Tokyo"}'`,
    );
    await succeeds('up');
    const [row] = await database.query<{ off: number }>(
      `select abs(extract(epoch from (run_on at time zone 'Asia/Tokyo') - now()))::float as off
         from migrations where name like '%-c'`,
    );
    // Another zone would be hours off.
    expect(row?.off).toBeLessThan(1800);
  });

  itIfDrawn(
    'what db-migrate applies while knexward is at the same is not done twice: the change is taken back',
    async () => {
      newRelease.write({
        'migrations/20170101000000-c.js': `
exports.up = (db) => db.runSql("insert into ran values ('c'); set local lock_timeout = 0; select pg_advisory_xact_lock(42)");`,
      });
      await database.query('select pg_advisory_lock(42)');
      const up = knexward('up', '--json');
      await waitFor(async () => {
        const waiting = await database.query(
          `select from pg_locks where locktype = 'advisory' and not granted and objid = 42
            and database = (select oid from pg_database where datname = current_database())`,
        );
        return waiting.length > 0;
      });
      oldRelease.write(C);
      await oldStarts();
      await database.query('select pg_advisory_unlock(42)');
      expect((await up).json()).toMatchObject({
        done: [],
        failed: {
          message: expect.stringContaining('db-migrate has applied it meanwhile') as string,
        },
      });
      expect(await ran()).toEqual(['b', 'c']);
      await succeeds('adopt', '--database-only', '--yes');
      expect(await succeeds('up')).toContain('Already up to date');
    },
  );

  it.each([
    ['copied by adopt', '20160101000000-b', 'b'],
    ['applied by knexward', '20170101000000-c', 'c'],
  ])(
    "what an old instance reverts with db-migrate's down is noticed (%s): up refuses, adopt says it to Knex's history",
    async (_, name, short) => {
      if (short === 'c') {
        oldRelease.write(C);
        newRelease.write(C);
        await succeeds('up');
      }
      await oldStarts('down');
      expect((await knexward('up', '--json')).json()).toMatchObject({
        error: { code: 'NOT_ADOPTED', message: expect.stringContaining(name) as string },
      });
      expect((await knexward('status', '--json')).json()).toMatchObject({
        problems: [{ code: 'NOT_ADOPTED', migration: `${name}.js` }],
      });
      const adopted = await knexward('adopt', '--database-only', '--yes', '--json');
      expect(adopted.json()).toMatchObject({ adopted: 0, reverted: [`${name}.js`] });
      expect(await byKnex()).not.toContain(`${name}.js`);
      await succeeds('up');
      await oldStarts();
      expect((await ran()).slice(-3)).toEqual([short, `${short} down`, short]);
      expect(await succeeds('adopt', '--database-only', '--yes')).toContain('Nothing to do');
    },
  );

  itIfDrawn('undo does not restore what db-migrate itself has reverted', async () => {
    await oldStarts('down');
    await succeeds('adopt', '--undo', '--yes');
    expect(await byDbMigrate()).toEqual(['/20150101000000-a']);
  });

  itIfDrawn('resolve says it to both tables', async () => {
    newRelease.write(C);
    await succeeds('up');
    await succeeds('resolve', '20170101000000-c', '--reverted');
    expect(await byDbMigrate()).toHaveLength(2);
    await succeeds('resolve', '20170101000000-c', '--applied');
    expect(await byDbMigrate()).toHaveLength(3);
    await oldStarts();
    expect((await knexward('status', '--json')).json()).toMatchObject({
      upToDate: true,
      problems: [],
    });
  });
});
