import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compareCatalogs, readCatalog } from '../support/catalog';
import { inPlainWords } from '../support/corner-cases';
import { createDatabase, type TestDatabase } from '../support/database';
import { createLegacyProject } from '../support/db-migrate';
import { KNEXFILE, type Outcome, type Project } from '../support/project';
import { copyUnleash, UNLEASH_MIGRATIONS } from '../support/unleash';

const FILE = 'knexward-baseline.sql';
const BOOKKEEPING = [
  'public.migrations',
  'public.knex_migrations',
  'public.knex_migrations_lock',
  'public.knexward_journal',
];

/** The server words three expressions differently when it reads them a second time. */
const catalogOf = async (database: TestDatabase): Promise<string[]> => {
  const lines = await readCatalog(
    async (sql, params) => ({ rows: await database.query(sql, params) }),
    { exclude: BOOKKEEPING },
  );
  return lines.map(inPlainWords);
};

/** All rows of all tables as JSON, without moments and made-up ids: sorted, table by table. */
async function rowsOf(database: TestDatabase): Promise<Record<string, string[]>> {
  const tables = await database.query<{ name: string }>(
    `select quote_ident(tablename) as name from pg_tables where schemaname = 'public'
       and 'public.' || tablename <> all ($1) order by 1`,
    [BOOKKEEPING],
  );
  const all: Record<string, string[]> = {};
  for (const { name } of tables) {
    const rows = await database.query<{ row: object }>(`select to_jsonb(t) as row from ${name} t`);
    all[name] = rows
      .map(({ row }) => JSON.stringify(row).replaceAll(MADE_UP, '"(made up)"'))
      .sort();
  }
  return all;
}
const MADE_UP =
  /"(?:\d{4}-\d\d-\d\dT[\d:.]+(?:[+-]\d\d:\d\d)?|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{40})"/g;

const SEQUENCES = `select sequencename as name, last_value::text as value from pg_sequences
  where schemaname = 'public' and sequencename !~ '^knex' order by 1`;
const HISTORY = 'select id, name, batch from knex_migrations order by id';

describe('Unleash from a baseline', () => {
  let project: Project;
  let replayed: TestDatabase;
  const knexward = (database: TestDatabase, ...args: string[]): Promise<Outcome> =>
    project.knexward(args, { TEST_DATABASE_URL: database.url });

  beforeAll(async () => {
    project = createLegacyProject({ 'knexfile.js': KNEXFILE });
    await copyUnleash(join(project.root, 'migrations'));
    replayed = await createDatabase();
    const written = await knexward(replayed, 'baseline', '--yes', '--json');
    expect({ code: written.code, stderr: written.stderr }).toMatchObject({ code: 0 });
    // Two of its rows hold what a migration makes up: an id and a secret of the installation.
    expect(written.json()).toMatchObject({
      ...{ migrations: UNLEASH_MIGRATIONS, action: 'written' },
      frozen: ['public.settings.content'],
    });
    expect((await knexward(replayed, 'up', '--no-baseline')).code).toBe(0);
  });
  afterAll(async () => {
    project.remove();
    await replayed.drop();
  });

  it('up loads it: catalog, data, sequences and history as after a replay, and nothing is pending', async () => {
    const fresh = await createDatabase();
    const up = await knexward(fresh, 'up', '--json');
    expect({ code: up.code, failed: up.json()['failed'] }).toEqual({ code: 0, failed: null });
    expect(up.json()).toMatchObject({
      batch: 1,
      baseline: { file: FILE, migrations: UNLEASH_MIGRATIONS },
    });
    expect(up.json<{ done: unknown[] }>().done).toHaveLength(UNLEASH_MIGRATIONS);
    expect(compareCatalogs(await catalogOf(replayed), await catalogOf(fresh))).toEqual([]);
    expect(await rowsOf(fresh)).toEqual(await rowsOf(replayed));
    expect(await fresh.query(SEQUENCES)).toEqual(await replayed.query(SEQUENCES));
    expect(await fresh.query(HISTORY)).toEqual(await replayed.query(HISTORY));
    expect((await knexward(fresh, 'status', '--json')).json()).toMatchObject({
      upToDate: true,
      pending: [],
    });
    // The last one goes down and up again.
    const down = await knexward(fresh, 'down', '-c', '1', '--json');
    expect(down.json()).toMatchObject({ failed: null, done: [{}] });
    const again = await knexward(fresh, 'up', '--json');
    expect(again.json()).toMatchObject({ failed: null, done: [{}] });
    expect(again.json()['baseline']).toBeUndefined();
    expect(compareCatalogs(await catalogOf(replayed), await catalogOf(fresh))).toEqual([]);
    await fresh.drop();
  });

  it('is the same file when it is written again, and --check and verify find it right', async () => {
    const before = readFileSync(join(project.root, FILE), 'utf8');
    const again = await knexward(replayed, 'baseline', '--yes', '--json');
    expect(again.json()).toMatchObject({ action: 'unchanged' });
    expect(readFileSync(join(project.root, FILE), 'utf8')).toBe(before);
    const verify = await knexward(replayed, 'verify', '--json');
    expect(verify.json()).toMatchObject({
      inSync: true,
      baseline: { inSync: true, state: 'current', migrations: UNLEASH_MIGRATIONS },
    });
  });
});
