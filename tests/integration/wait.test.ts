import fc from 'fast-check';
import { createTablesSql } from '../../src/history/tables';
import { createDatabase, type TestDatabase } from '../support/database';
import { createProject, type Outcome, type Project } from '../support/project';
import { SEED, sizeOf } from '../support/sizes';

const A = '20260101000000_a.js';
const B = '20260101000001_b.js';
const NOTHING = 'exports.up = exports.down = async () => {};';
const KNEXFILE = `module.exports = {
  client: 'pg',
  connection: process.env.TEST_DATABASE_URL,
  migrations: { directory: './migrations', schemaName: process.env.TEST_SCHEMA || undefined },
  knexward: { adopt: process.env.TEST_ADOPT || 'manual' },
};`;
const OLD_TABLE =
  'create table migrations (id serial primary key, name varchar(255) not null, run_on timestamp not null)';

/** What a database may be like. */
interface State {
  /** Where the history is: as it is by default, where the knexfile says, in the second schema of a scope. */
  place: 'public' | 'app' | 'two';
  tables: boolean;
  applied: string[];
  last: ('started' | 'failed' | 'endUnknown' | 'resolved')[];
  knexLock: 0 | 1 | 2;
  old: 'none' | 'empty' | 'unadopted';
}

const STATES: fc.Arbitrary<State> = fc.record({
  place: fc.constantFrom('public', 'app', 'two'),
  tables: fc.constantFrom(true, true, true, false),
  applied: fc.subarray([A, B], { minLength: 0 }).chain((some) =>
    // Mostly both: what is in the way counts where nothing is pending.
    fc.constantFrom(some, [A, B], [A, B]),
  ),
  last: fc.array(fc.constantFrom('started', 'failed', 'endUnknown', 'resolved'), { maxLength: 1 }),
  knexLock: fc.constantFrom(0, 0, 1, 2),
  old: fc.constantFrom('none', 'none', 'empty', 'unadopted'),
});

describe('wait', () => {
  let database: TestDatabase;
  let project: Project;

  beforeAll(async () => {
    database = await createDatabase();
    project = createProject({
      'knexfile.js': KNEXFILE,
      [`migrations/${A}`]: NOTHING,
      [`migrations/${B}`]: NOTHING,
      'migrations/tenant/config.json': '{"database": "one, two"}',
      [`migrations/tenant/${A}`]: NOTHING,
      [`migrations/tenant/${B}`]: NOTHING,
    });
  });
  afterAll(async () => {
    project.remove();
    await database.drop();
  });

  const ask = (place: State['place'], ...args: string[]): Promise<Outcome> =>
    project.knexward([...args, ...(place === 'two' ? ['--scope', 'tenant'] : [])], {
      TEST_DATABASE_URL: database.url,
      TEST_SCHEMA: place === 'app' ? 'app' : '',
    });

  async function make({ place, tables, applied, last, knexLock, old }: State): Promise<void> {
    await database.query(`drop schema if exists public, app, one, two cascade;
      create schema public; create schema app; create schema one; create schema two`);
    await database.query(`set search_path = ${place}`);
    if (old !== 'none') await database.query(OLD_TABLE);
    if (old === 'unadopted') {
      await database.query(
        "insert into migrations (name, run_on) values ('/20150101000000-old', now())",
      );
    }
    if (!tables) return;
    await database.query(
      createTablesSql({
        ...{ schema: place, history: 'knex_migrations', lock: 'knex_migrations_lock' },
        ...{ journal: 'knexward_journal', dbMigrate: { schema: place, table: 'migrations' } },
      }),
    );
    const scope = place === 'two' ? 'tenant/' : '';
    await database.query(
      `insert into knex_migrations (name, batch, migration_time)
       select $1 || n, 1, now() from unnest($2::text[]) n`,
      [scope, applied],
    );
    await database.query('update knex_migrations_lock set is_locked = $1', [knexLock]);
    await database.query(
      `insert into knexward_journal (run_id, event, migration, actor, details)
       select gen_random_uuid(), case e when 'endUnknown' then 'failed' else e end, $1 || $2, 'somebody',
              jsonb_build_object('endUnknown', e = 'endUnknown', 'direction', 'down', 'message', 'm')
         from unnest($3::text[]) e`,
      [scope, B, last],
    );
  }

  it('says of any database what status says of it (FR-003)', async () => {
    await fc.assert(
      fc.asyncProperty(STATES, async (state) => {
        await make(state);
        const { upToDate, pending, problems } = (await ask(state.place, 'status', '--json')).json<{
          upToDate: boolean;
          pending: unknown[];
          problems: { code: string }[];
        }>();
        const waited = await ask(state.place, 'wait', '--timeout', '0');
        expect({ upToDate: waited.code === 0, waited }).toEqual({ upToDate, waited });
        if (upToDate) return;
        const codes = problems.map(({ code }) => code);
        const person = ['NOT_ADOPTED', 'UNFINISHED'].find((code) => codes.includes(code));
        expect([waited.code, waited.stderr]).toEqual([
          person === undefined ? 6 : 5,
          expect.stringContaining(person ?? 'STILL_PENDING'),
        ]);
        expect(waited.stderr).not.toContain(' 0 migrations');
        const check = await ask(state.place, 'status', '--check');
        expect(check.code).toBe(6);
        expect(pending.length + codes.length).toBeGreaterThan(0);
      }),
      { numRuns: sizeOf('statesOfWait'), seed: SEED },
    );
  });

  const inOrder: State = {
    ...{ place: 'public', tables: true, applied: [A, B], last: [], knexLock: 0, old: 'none' },
  };

  it('a down that was killed outside a transaction: UNFINISHED at once (FR-006)', async () => {
    await make({ ...inOrder, last: ['started'] });
    const waited = await ask('public', 'wait', '--timeout', '10min');
    expect([waited.code, waited.stderr]).toEqual([5, expect.stringContaining('UNFINISHED')]);
  });

  it("Knex's lock: waited for, and named at the end (FR-014)", async () => {
    await make({ ...inOrder, knexLock: 1 });
    const waited = await ask('public', 'wait', '--timeout', '0');
    expect(waited.code).toBe(6);
    expect(waited.stderr).toContain("Knex's lock is held");
    expect(waited.stderr).not.toContain('pending');
    const waiting = ask('public', 'wait', '--timeout', '10min');
    await database.query('update knex_migrations_lock set is_locked = 0');
    expect(await waiting).toMatchObject({ code: 0 });
  });

  it("db-migrate's rows: NOT_ADOPTED at once, and waited for where up adopts by itself (EC-14)", async () => {
    await make({ ...inOrder, old: 'unadopted' });
    const waited = await ask('public', 'wait', '--timeout', '10min');
    expect([waited.code, waited.stderr]).toEqual([5, expect.stringContaining('NOT_ADOPTED')]);
    const auto = await project.knexward(['wait', '--timeout', '0'], {
      ...{ TEST_DATABASE_URL: database.url, TEST_ADOPT: 'auto' },
    });
    expect([auto.code, auto.stderr]).toEqual([6, expect.stringContaining('not copied')]);
  });
});
