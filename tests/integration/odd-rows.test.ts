import fc from 'fast-check';
import createKnex, { type Knex } from 'knex';
import { createDatabase, type TestDatabase } from '../support/database';
import { createProject, KNEXFILE, type Outcome, type Project } from '../support/project';
import { SEED, sizeOf } from '../support/sizes';

const NAMES = [
  '20260101000000_a.js',
  '20260101000001_größe.js',
  "20260101000002_it's \\ odd.js",
  '20260101000003_表 "x".js',
];
const NOTHING = 'exports.up = exports.down = async () => {};';

interface Row {
  name: string | null;
  batch: number | null;
  time: string | null;
}
const row = (name: fc.Arbitrary<string | null>): fc.Arbitrary<Row> =>
  fc.record({
    name,
    batch: fc.constantFrom(null, 1, 2, 3),
    time: fc.constantFrom(null, '2026-01-01 00:00:00Z', 'infinity'),
  });

describe("rows that Knex's table allows and Knex does not write", () => {
  let database: TestDatabase;
  let project: Project;
  let knex: Knex;
  const knexward = (...args: string[]): Promise<Outcome> =>
    project.knexward(args, { TEST_DATABASE_URL: database.url });
  const status = async () =>
    (await knexward('status', '--json')).json<{
      applied: { name: string }[];
      pending: { name: string }[];
      problems: { code: string; message: string }[];
    }>();
  const insert = async (rows: readonly Row[]): Promise<void> => {
    for (const { name, batch, time } of rows) {
      await database.query(
        'insert into knex_migrations (name, batch, migration_time) values ($1, $2, $3)',
        [name, batch, time],
      );
    }
  };
  const nameless = async (): Promise<number> =>
    (await database.query('select from knex_migrations where name is null')).length;
  const namesOf = (migrations: readonly { name: string }[]): string[] =>
    migrations.map(({ name }) => name);

  beforeAll(async () => {
    database = await createDatabase();
    project = createProject({
      'knexfile.js': KNEXFILE,
      ...Object.fromEntries(NAMES.map((name) => [`migrations/${name}`, NOTHING])),
    });
    knex = createKnex({
      ...{ client: 'pg', connection: database.url },
      migrations: { directory: `${project.root}/migrations` },
    });
    await knex.migrate.latest();
    await knexward('up');
  });
  afterAll(async () => {
    await knex.destroy();
    project.remove();
    await database.drop();
  });
  beforeEach(() => database.query('delete from knex_migrations'));

  it('nulls, duplicates and odd names: status lists what knex migrate:list does (US10)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row(fc.constantFrom(...NAMES)), { maxLength: 6 }), async (rows) => {
        await database.query('delete from knex_migrations');
        await insert(rows);
        const [completed, pending] = (await knex.migrate.list()) as [
          { name: string }[],
          { file: string }[],
        ];
        const own = await status();
        expect(namesOf(own.applied)).toEqual(namesOf(completed));
        expect(namesOf(own.pending)).toEqual(pending.map(({ file }) => file));
        // The last batch, as Knex finds it.
        const last = await database.query<{ name: string }>(
          `select name from knex_migrations where batch = (select max(batch) from knex_migrations)
            order by id desc`,
        );
        expect(
          (await knexward('down', '--dry-run', '--json')).json<{ notReached: string[] }>()
            .notReached,
        ).toEqual([...new Set(namesOf(last))]);
      }),
      { numRuns: sizeOf('oddRows'), seed: SEED },
    );
  });

  it('a row without a name is no migration: told, left out, and never deleted (FR-003, EC-03)', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(row(fc.constantFrom(...NAMES, null)), { maxLength: 6 }),
        row(fc.constant(null)),
        async (rows, one) => {
          await database.query('delete from knex_migrations');
          const named = rows.filter(({ name }) => name !== null);
          await insert(named);
          const without = await status();
          await database.query('delete from knex_migrations');
          await insert([one, ...rows]);
          const count = await nameless();
          const { problems, ...rest } = await status();
          const { problems: _, ...expected } = without;
          expect(rest).toMatchObject({
            applied: namesOf(expected.applied).map((name) => ({ name })),
            pending: expected.pending,
          });
          expect(problems.filter(({ code }) => code === 'ROW_WITHOUT_NAME')).toEqual([
            expect.objectContaining({ message: expect.stringContaining(`${count} row`) as string }),
          ]);
          expect(await knexward('up')).toMatchObject({ code: 0 });
          expect(await knexward('up')).toMatchObject({ code: 0 });
          expect(await knexward('wait', '--timeout', '0')).toMatchObject({ code: 0 });
          expect(await knexward('down', '--all')).toMatchObject({ code: 0 });
          expect(await nameless()).toBe(count);
          expect(
            await database.query('select from knex_migrations where name is not null'),
          ).toEqual([]);
        },
      ),
      { numRuns: sizeOf('oddRows'), seed: SEED },
    );
  });

  it('rows without a batch are reverted where they are asked for (FR-002)', async () => {
    await insert([{ name: NAMES[0] as string, batch: null, time: null }]);
    expect((await knexward('down', '-c', '1', '--json')).json()).toMatchObject({
      done: [{ name: NAMES[0] }],
    });
  });
});
