import { join } from 'node:path';
import { compareCatalogs, readCatalog } from '../support/catalog';
import { createDatabase, type TestDatabase } from '../support/database';
import { createLegacyProject } from '../support/db-migrate';
import { type Outcome, type Project } from '../support/project';
import { copyUnleash, UNLEASH_MIGRATIONS } from '../support/unleash';
import { createUnleashDatabase } from '../support/unleash-database';

const BOOKKEEPING = [
  'public.migrations',
  'public.knex_migrations',
  'public.knex_migrations_lock',
  'public.knexward_journal',
];

const catalogOf = (database: TestDatabase): Promise<string[]> =>
  readCatalog(async (sql, params) => ({ rows: await database.query(sql, params) }), {
    exclude: BOOKKEEPING,
  });

describe('Unleash: 374 migrations that others wrote between 2014 and 2026', () => {
  let project: Project;
  let judged: TestDatabase;
  let schema: string[];
  const knexward = (database: TestDatabase, ...args: string[]): Promise<Outcome> =>
    project.knexward(args, { DATABASE_URL: database.url });

  beforeAll(async () => {
    project = createLegacyProject({});
    await copyUnleash(join(project.root, 'migrations'));
    judged = await createUnleashDatabase({ timeZone: 'Europe/Oslo' });
    schema = await catalogOf(judged);
  });
  afterAll(async () => {
    project.remove();
    await judged.drop();
  });

  it('is a schema worth comparing', async () => {
    const [row] = await judged.query<{ count: number }>(
      "select count(*)::int as count from information_schema.tables where table_schema = 'public'",
    );
    // 103 by the count of others: tables, one of them the history, and views.
    expect(row?.count).toBe(103);
    expect(schema.length).toBeGreaterThan(1000);
  });

  it('on an empty database: up runs all of them and gives the same catalog as db-migrate (US5)', async () => {
    const empty = await createDatabase();
    const up = await knexward(empty, 'up', '--json');
    expect({ code: up.code, failed: up.json()['failed'] }).toEqual({ code: 0, failed: null });
    expect(up.json<{ done: unknown[] }>().done).toHaveLength(UNLEASH_MIGRATIONS);
    expect(compareCatalogs(schema, await catalogOf(empty))).toEqual([]);
    await empty.drop();
  });

  it('adopt carries all rows over, in order, with their exact moments; nothing runs again (US4, SC-003)', async () => {
    const old = await judged.query<{ name: string; moment: string }>(
      `select substr(name, 2) || '.js' as name, (run_on at time zone 'Europe/Oslo')::text as moment
         from migrations order by id`,
    );
    expect(old).toHaveLength(UNLEASH_MIGRATIONS);
    const adopt = await knexward(judged, 'adopt', '--yes', '--json', '--time-zone', 'Europe/Oslo');
    expect({ code: adopt.code, stderr: adopt.stderr }).toEqual({ code: 0, stderr: '' });
    expect(adopt.json()).toMatchObject({ adopted: UNLEASH_MIGRATIONS, verified: true });
    expect(
      await judged.query(
        'select name, migration_time::text as moment from knex_migrations order by id',
      ),
    ).toEqual(old);

    const status = (await knexward(judged, 'status', '--json')).json<{
      applied: { name: string; origin: string }[];
      pending: unknown[];
      problems: unknown[];
      upToDate: boolean;
    }>();
    expect(status).toMatchObject({ pending: [], problems: [], upToDate: true });
    expect(status.applied.map(({ name }) => name)).toEqual(old.map(({ name }) => name));
    expect(status.applied.every(({ origin }) => origin === 'db-migrate')).toBe(true);

    expect((await knexward(judged, 'up')).stdout).toContain('Already up to date\n');
    expect(compareCatalogs(schema, await catalogOf(judged))).toEqual([]);
  });

  it('verify: in sync after adopt; a change by hand is named, alone (FR-015)', async () => {
    const verify = async () => {
      const { code, json } = await knexward(judged, 'verify', '--json');
      return { code, ...json<{ differences: { kind: string; object: string }[] }>() };
    };
    expect(await verify()).toMatchObject({
      ...{ code: 0, inSync: true, differences: [], replayed: UNLEASH_MIGRATIONS },
    });
    await judged.query("alter table features alter column name set default 'by hand'");
    const { code, differences } = await verify();
    expect({ code, differences }).toMatchObject({
      code: 6,
      differences: [{ kind: 'column', object: 'public.features.name' }],
    });
    await judged.query('alter table features alter column name drop default');
  });

  it('a new migration goes up and down beside the old ones', async () => {
    const create = await knexward(judged, 'create', 'add note to features', '--sql');
    const [, up = '', down = ''] =
      /Created Migration: (.*\.up\.sql)\nCreated Migration: (.*\.down\.sql)\n/.exec(
        create.stdout,
      ) ?? [];
    project.write({
      [up]: 'alter table features add column note text;',
      [down]: 'alter table features drop column note;',
    });
    const batch = UNLEASH_MIGRATIONS + 1;
    expect((await knexward(judged, 'up')).stdout).toContain(`Batch ${batch} run: 1 migrations`);
    expect(compareCatalogs(schema, await catalogOf(judged)).join()).toContain('note');
    expect((await knexward(judged, 'down')).stdout).toContain(`Batch ${batch} rolled back: 1`);
    expect(compareCatalogs(schema, await catalogOf(judged))).toEqual([]);
  });
});
