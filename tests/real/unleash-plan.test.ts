import { join } from 'node:path';
import { Client } from 'pg';
import { compareCatalogs, readCatalog } from '../support/catalog';
import { createDatabase, type TestDatabase } from '../support/database';
import { createLegacyProject } from '../support/db-migrate';
import { type Outcome, type Project } from '../support/project';
import { copyUnleash, UNLEASH_MIGRATIONS } from '../support/unleash';

const catalogOf = async (database: TestDatabase): Promise<string[]> =>
  readCatalog(async (sql, params) => ({ rows: await database.query(sql, params) }));

/** Everything that tells of the history, but the moments and the run. */
const historyOf = async (database: TestDatabase) => ({
  rows: await database.query('select id, name, batch from knex_migrations order by id'),
  lock: await database.query('select index, is_locked from knex_migrations_lock'),
  journal: await database.query(
    'select id, event, migration, batch, checksum, details from knexward_journal order by id',
  ),
});

/** What migrations put into tables, but moments, random values and what they read of the history. */
const rowCounts = async (database: TestDatabase) => {
  const tables = await database.query<{ name: string }>(
    "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = 'public' order by 1",
  );
  const counts: Record<string, unknown> = {};
  for (const { name } of tables)
    counts[name] = (await database.query(`select count(*) from ${name}`))[0]?.['count'];
  return counts;
};

describe("plan: for all of Unleash's migrations (US8)", () => {
  let project: Project;
  let byUp: TestDatabase;
  let byServer: TestDatabase;
  const knexward = (database: TestDatabase, ...args: string[]): Promise<Outcome> =>
    project.knexward(args, { DATABASE_URL: database.url });

  beforeAll(async () => {
    project = createLegacyProject({});
    await copyUnleash(join(project.root, 'migrations'));
    [byUp, byServer] = [await createDatabase(), await createDatabase()];
  });
  afterAll(async () => {
    project.remove();
    await Promise.all([byUp.drop(), byServer.drop()]);
  });

  it('its SQL file, sent to an empty database as one message, gives the catalog and the history that up gives', async () => {
    const planned = await knexward(byUp, 'plan', '-o', 'plan.sql', '--json');
    expect(planned).toMatchObject({ code: 0, signal: null });
    const { changes } = planned.json<{
      changes: { readsData: boolean; warnings: string[]; statements: { bindings: unknown[] }[] }[];
    }>();
    expect(changes).toHaveLength(UNLEASH_MIGRATIONS);
    expect(changes.filter(({ readsData }) => readsData).length).toBeLessThan(40);
    expect(await catalogOf(byUp)).toEqual(await catalogOf(byServer));

    expect(await knexward(byUp, 'up')).toMatchObject({ code: 0 });
    const client = new Client(byServer.config);
    await client.connect();
    await client.query(project.read('plan.sql')).finally(() => client.end());

    const expected = await catalogOf(byUp);
    expect(expected.length).toBeGreaterThan(1000);
    expect(compareCatalogs(expected, await catalogOf(byServer))).toEqual([]);
    expect(await historyOf(byServer)).toEqual(await historyOf(byUp));
    expect(await rowCounts(byServer)).toEqual(await rowCounts(byUp));
    expect((await knexward(byServer, 'up')).stdout).toContain('Already up to date');
  });

  it('it refuses to be run a second time', async () => {
    await expect(byServer.query(project.read('plan.sql'))).rejects.toThrow(
      /not the one that this plan is for/,
    );
  });
});
