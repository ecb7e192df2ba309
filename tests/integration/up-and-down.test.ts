import { createDatabase, type TestDatabase } from '../support/database';
import { createProject, KNEXFILE, type Outcome, type Project } from '../support/project';

const TABLE = (name: string) => `
exports.up = (knex) => knex.schema.createTable('${name}', (table) => table.increments());
exports.down = (knex) => knex.schema.dropTable('${name}');
`;

describe('up and down (US1, US2)', () => {
  let database: TestDatabase;
  let project: Project;
  const knexward = (...args: string[]): Promise<Outcome> =>
    project.knexward(args, { TEST_DATABASE_URL: database.url });

  const tables = async (): Promise<string[]> => {
    const rows = await database.query<{ name: string }>(
      `select relname as name from pg_class
        where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1`,
    );
    return rows.map(({ name }) => name).filter((name) => !name.startsWith('knex'));
  };
  const history = () =>
    database.query<{ name: string; batch: number }>(
      'select name, batch from knex_migrations order by id',
    );
  const journal = (event: string) =>
    database.query<{ migration: string; checksum: string | null }>(
      'select migration, checksum from knexward_journal where event = $1 order by id',
      [event],
    );

  beforeEach(async () => {
    database = await createDatabase();
    project = createProject({
      'knexfile.js': KNEXFILE,
      'migrations/20260101000000_a.js': TABLE('a'),
      'migrations/20260101000001_b.js': TABLE('b'),
      'migrations/20260101000002_c.js': TABLE('c'),
    });
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  it('applies all pending changes in order, as one batch, and says so (FR-001)', async () => {
    const up = await knexward('up');
    expect(up).toMatchObject({ code: 0 });
    expect(up.stdout).toMatch(
      /^Using environment: development\nUsing database: .*\nBatch 1 run: 3 migrations\n$/,
    );
    expect(await tables()).toEqual(['a', 'b', 'c']);
    expect(await history()).toEqual([
      { name: '20260101000000_a.js', batch: 1 },
      { name: '20260101000001_b.js', batch: 1 },
      { name: '20260101000002_c.js', batch: 1 },
    ]);
    const applied = await journal('applied');
    expect(applied.map(({ migration }) => migration)).toEqual(
      (await history()).map(({ name }) => name),
    );
    expect(applied.every(({ checksum }) => /^[0-9a-f]{64}$/.test(checksum ?? ''))).toBe(true);
  });

  it('with none pending says "Already up to date" and touches nothing (US1)', async () => {
    await knexward('up');
    const before = await database.query('select xmin::text, * from knex_migrations');
    const again = await knexward('up');
    expect(again.code).toBe(0);
    expect(again.stdout).toContain('Already up to date\n');
    expect(await database.query('select xmin::text, * from knex_migrations')).toEqual(before);
    expect(await journal('applied')).toHaveLength(3);
  });

  it('reverts the last batch in reverse order, and at the base says so (FR-002)', async () => {
    await knexward('up', '-c', '1');
    await knexward('up');
    const down = await knexward('down', '--json');
    expect(down.json<{ done: { name: string }[] }>().done.map(({ name }) => name)).toEqual([
      '20260101000002_c.js',
      '20260101000001_b.js',
    ]);
    expect(await tables()).toEqual(['a']);
    expect((await knexward('down')).stdout).toContain('Batch 1 rolled back: 1 migrations\n');
    expect((await knexward('down')).stdout).toContain('Already at the base schema version\n');
    expect(await history()).toEqual([]);
  });

  it('goes as far as it is told: a count, a name, a part of a name', async () => {
    // To do nothing and say that all is up to date would be untrue.
    expect((await knexward('up', '-c', '0')).code).toBe(2);
    expect(await tables()).toEqual([]);
    await knexward('up', '20260101000001_b');
    expect(await tables()).toEqual(['a', 'b']);
    await knexward('up');
    await knexward('down', '-c', '1');
    expect(await tables()).toEqual(['a', 'b']);
    await knexward('down', '20260101000001');
    expect(await tables()).toEqual(['a']);
    await knexward('up');
    await knexward('down', '--all');
    expect(await tables()).toEqual([]);
  });

  it('a name that does not exist changes nothing, where db-migrate applies everything', async () => {
    const up = await knexward('up', 'TYPO', '--json');
    expect(up.code).toBe(2);
    expect(up.json()).toMatchObject({ version: 1, error: { code: 'UNKNOWN_MIGRATION' } });
    expect(await tables()).toEqual([]);
  });

  it('redo reverts the last batch and applies just that again', async () => {
    await knexward('up', '-c', '2');
    const redo = await knexward('redo');
    expect(redo.stdout).toContain('Batch 1 rolled back: 2 migrations\n');
    expect(redo.stdout).toContain('Batch 1 run: 2 migrations\n');
    expect(await tables()).toEqual(['a', 'b']);
  });

  it('a dry run shows what would be done and creates nothing, not even its own tables', async () => {
    const dry = await knexward('up', '--dry-run');
    expect(dry.stdout).toContain('Found 3 pending migrations:\n  20260101000000_a.js\n');
    const [row] = await database.query<{ count: string }>(
      "select count(*) from pg_class where relnamespace = 'public'::regnamespace",
    );
    expect(row?.count).toBe('0');
  });

  it('runs every language side by side: ts, cjs, SQL pairs; mjs where the knexfile asks for it', async () => {
    const kinds = "['.ts', '.js', '.cjs', '.mjs', '.sql']";
    project.write({
      'knexfile.js': KNEXFILE.replace(
        "directory: './migrations'",
        `directory: './migrations', loadExtensions: ${kinds}`,
      ),
      'migrations/20260101000003_d.ts': `import { type Knex } from 'knex';
        enum Names { Table = 'd' }
        export async function up(knex: Knex): Promise<void> {
          await knex.schema.createTable(Names.Table, (table) => { table.increments(); });
        }
        export async function down(knex: Knex): Promise<void> { await knex.schema.dropTable(Names.Table); }`,
      'migrations/20260101000004_e.mjs': `export const up = (knex) => knex.schema.createTable('e', (t) => { t.increments(); });
        export const down = (knex) => knex.schema.dropTable('e');`,
      'migrations/20260101000005_f.cjs': TABLE('f'),
      'migrations/20260101000006_g.up.sql':
        "create table g (doc jsonb default '{\"q?\": 1}'); insert into g default values; do $$ begin assert (select doc ? 'q?' from g); end $$;",
      'migrations/20260101000006_g.down.sql': 'drop table g;',
    });
    expect(await knexward('up')).toMatchObject({ code: 0 });
    expect(await tables()).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
    expect((await history()).at(-1)?.name).toBe('20260101000006_g.up.sql');
    expect(await knexward('down')).toMatchObject({ code: 0 });
    expect(await tables()).toEqual([]);
  });

  it('the plain Knex command line and knexward work on one database by turns (US10)', async () => {
    const knex = (...args: string[]) =>
      project.node(['node_modules/knex/bin/cli.js', ...args], { TEST_DATABASE_URL: database.url });
    expect(await knexward('up', '-c', '1')).toMatchObject({ code: 0 });
    const up = await knex('migrate:up');
    expect(up).toMatchObject({ code: 0 });
    expect((await knexward('status', '--json')).json()).toMatchObject({
      applied: [{ batch: 1 }, { name: '20260101000001_b.js', batch: 2, origin: 'knex' }],
      pending: [{ name: '20260101000002_c.js' }],
    });
    await knexward('up');
    const latest = await knex('migrate:latest');
    expect(latest.stdout).toContain('Already up to date');
    const rollback = await knex('migrate:rollback');
    expect(rollback.stdout).toContain('Batch 3 rolled back: 1 migrations');
    expect(await tables()).toEqual(['a', 'b']);
    expect((await knexward('down')).stdout).toContain('Batch 2 rolled back: 1 migrations');
  });

  it('a change outside a transaction opts out, in JavaScript and in SQL (FR-006)', async () => {
    project.write({
      'migrations/20260101000003_index.js': `exports.config = { transaction: false };
        exports.up = (knex) => knex.raw('create index concurrently a_id on a (id)');
        exports.down = (knex) => knex.raw('drop index a_id');`,
      'migrations/20260101000004_index.up.sql':
        '-- knexward: no-transaction\ncreate index concurrently b_id on b (id);',
    });
    expect(await knexward('up')).toMatchObject({ code: 0 });
    const [row] = await database.query<{ valid: boolean }>(
      "select bool_and(indisvalid) as valid from pg_index where indexrelid::regclass::text in ('a_id', 'b_id')",
    );
    expect(row?.valid).toBe(true);
    const started = await journal('started');
    expect(new Set(started.map(({ migration }) => migration)).size).toBe(2);
  });
});
