import { join } from 'node:path';
import { compareCatalogs, readCatalog } from '../support/catalog';
import { inPlainWords } from '../support/corner-cases';
import { createDatabase, type TestDatabase } from '../support/database';
import { createLegacyProject } from '../support/db-migrate';
import { type Outcome, type Project } from '../support/project';
import { copyUnleash } from '../support/unleash';

const BOOKKEEPING = [
  'public.migrations',
  'public.knex_migrations',
  'public.knex_migrations_lock',
  'public.knexward_journal',
];

const judged = async (database: TestDatabase): Promise<string[]> => {
  const query = async (sql: string, params?: unknown[]) => ({
    rows: await database.query<Record<string, unknown>>(sql, params),
  });
  return (await readCatalog(query, { exclude: BOOKKEEPING })).map(inPlainWords).sort();
};

describe("the schema of Unleash's 374 migrations: snapshot → SQL file → empty database → snapshot (US8)", () => {
  let project: Project;
  let original: TestDatabase;
  let copy: TestDatabase;
  const knexward = (database: TestDatabase, ...args: string[]): Promise<Outcome> =>
    project.knexward(args, { DATABASE_URL: database.url });

  beforeAll(async () => {
    project = createLegacyProject({});
    await copyUnleash(join(project.root, 'migrations'));
    [original, copy] = [await createDatabase(), await createDatabase()];
    expect(await knexward(original, 'up')).toMatchObject({ code: 0 });
    expect(await knexward(original, 'snapshot')).toMatchObject({ code: 0 });
    // The server alone makes of the file what it says.
    await copy.query(project.read('schema.snapshot.sql'));
  });
  afterAll(async () => {
    project.remove();
    await Promise.all([original.drop(), copy.drop()]);
  });

  it('is equal to the byte', async () => {
    expect(await knexward(copy, 'snapshot', 'copy.json')).toMatchObject({ code: 0 });
    expect(project.read('copy.json')).toBe(project.read('schema.snapshot.json'));
    expect(project.read('copy.sql')).toBe(project.read('schema.snapshot.sql'));
  });

  it('another judge finds both databases alike', async () => {
    const schema = await judged(original);
    expect(schema.length).toBeGreaterThan(1000);
    expect(compareCatalogs(schema, await judged(copy))).toEqual([]);
  });

  it('--check finds neither the history nor data to be a difference, and a column by hand to be one', async () => {
    await original.query("insert into projects (id, name) values ('mine', 'mine')");
    expect(await knexward(original, 'snapshot', '--check')).toMatchObject({ code: 0 });
    await original.query('alter table features add column by_hand text');
    const check = await knexward(original, 'snapshot', '--check', '--json');
    expect(check.code).toBe(6);
    expect(check.json()['differences']).toEqual([
      {
        kind: 'column',
        object: 'public.features.by_hand',
        expected: null,
        actual: { type: 'text' },
        fix: ['ALTER TABLE public.features DROP COLUMN by_hand'],
        losesData: true,
      },
    ]);
  });
});
