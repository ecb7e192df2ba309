import { readdirSync } from 'node:fs';
import { createDatabase, type TestDatabase } from '../support/database';
import { createProject, KNEXFILE, type Outcome, type Project } from '../support/project';

/** What a migration leaves in its session, and how a later one would meet it. */
const LEFT: Record<string, [leaves: string, meets: string]> = {
  'a setting of its own': [
    `set app.tenant = 'one'`,
    `select coalesce(current_setting('app.tenant', true), '') <> ''`,
  ],
  'the same by a function': [
    `select set_config('app.tenant', 'one', false)`,
    `select coalesce(current_setting('app.tenant', true), '') <> ''`,
  ],
  "a setting of PostgreSQL's": [
    `set enable_seqscan = off`,
    `select current_setting('enable_seqscan') = 'off'`,
  ],
  'a lock': [
    'select pg_advisory_lock(77)',
    `select count(*) > 0 from pg_locks where locktype = 'advisory' and objid = 77`,
  ],
  'a prepared statement': [
    'prepare kept as select 1',
    'select count(*) > 0 from pg_prepared_statements',
  ],
  'a cursor': ['declare kept cursor with hold for select 1', 'select count(*) > 0 from pg_cursors'],
  'a channel that it listens to': [
    'listen kept',
    'select count(*) > 0 from pg_listening_channels()',
  ],
  'a temporary table': [
    'create temp table kept (id int)',
    `select to_regclass('kept') is not null`,
  ],
};

const FORMATS: Record<string, (sql: string) => [extension: string, text: string]> = {
  'SQL files': (sql) => ['.up.sql', sql],
  'files for Knex': (sql) => ['.js', `exports.up = (knex) => knex.raw(${JSON.stringify(sql)});`],
};

const namesOf = (rows: object[]): string[] => rows.map((row) => (row as { name: string }).name);

describe('what a migration leaves in its session does not reach the next one (US7, FR-006)', () => {
  let database: TestDatabase;
  let project: Project;
  const up = (): Promise<Outcome> => project.knexward(['up'], { TEST_DATABASE_URL: database.url });

  beforeEach(async () => {
    database = await createDatabase();
    await database.query('create table met (what text, met bool)');
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  it.each(Object.entries(FORMATS))('%s', async (_, write) => {
    const files: Record<string, string> = { 'knexfile.js': KNEXFILE };
    for (const [index, [what, [leaves, meets]]] of Object.entries(LEFT).entries()) {
      const first = write(leaves);
      const second = write(`insert into met values ($$${what}$$, (${meets}))`);
      files[`migrations/2026010100000${index}_a${first[0]}`] = first[1];
      files[`migrations/2026010100000${index}_b${second[0]}`] = second[1];
    }
    project = createProject(files);
    expect(await up()).toMatchObject({ code: 0 });
    const met = await database.query<{ what: string }>('select what from met where met');
    expect(met.map(({ what }) => what)).toEqual([]);
    expect(await database.query('select count(*)::int as n from met')).toEqual([
      { n: Object.keys(LEFT).length },
    ]);
  });

  it.each(Object.entries(FORMATS))(
    'a client encoding does not reach the names in history and journal, nor a read-only default the next change (FR-009): %s',
    async (_, write) => {
      const written = (name: string, sql: string): [string, string] => {
        const [extension, text] = write(sql);
        return [`migrations/${name}${extension}`, text];
      };
      project = createProject({
        'knexfile.js': KNEXFILE,
        ...Object.fromEntries([
          written('20260101000001_größe', "set client_encoding = 'LATIN1'; create table a ()"),
          written('20260101000002_naïve', "set client_encoding = 'WIN1252'; create table b ()"),
          written('20260101000003_c', 'set default_transaction_read_only = on'),
          written('20260101000004_日本', 'create table d ()'),
        ]),
      });
      expect(await up()).toMatchObject({ code: 0 });
      const names = readdirSync(`${project.root}/migrations`).sort();
      expect(
        await database.query('select name from knex_migrations order by id').then(namesOf),
      ).toEqual(names);
      expect(
        await database
          .query(
            "select migration as name from knexward_journal where event = 'applied' order by id",
          )
          .then(namesOf),
      ).toEqual(names);
      expect((await up()).stdout).toContain('Already up to date');
    },
  );

  it("the knexfile's search path stays", async () => {
    await database.query('create schema one; create schema two');
    project = createProject({
      'knexfile.js': KNEXFILE.replace('migrations:', "searchPath: ['two', 'public'], migrations:"),
      'migrations/20260101000000_a.up.sql': 'create table a (id int); set search_path = one;',
      'migrations/20260101000001_b.up.sql': 'create table b (id int);',
      'migrations/20260101000002_c.js': `exports.up = (knex) => knex.schema.createTable('c', (t) => t.increments());`,
    });
    expect(await up()).toMatchObject({ code: 0 });
    expect(
      await database.query(
        `select schemaname || '.' || tablename as name from pg_tables
          where tablename in ('a', 'b', 'c') order by tablename`,
      ),
    ).toEqual([{ name: 'two.a' }, { name: 'two.b' }, { name: 'two.c' }]);
  });
});
