import { readCatalog } from '../support/catalog';
import { createDatabase, createRole, type TestDatabase, type TestRole } from '../support/database';
import { runDoctor } from '../support/doctor';
import { createProject, KNEXFILE, type Project } from '../support/project';
import { Client } from 'pg';

const MIGRATIONS = {
  'knexfile.js': KNEXFILE,
  'migrations/20260101000000_a.js': `
    exports.up = (knex) => knex.raw('create table a (id int)');
    exports.down = (knex) => knex.raw('drop table a');`,
};

async function catalogOf(database: TestDatabase): Promise<string[]> {
  const client = new Client(database.config);
  await client.connect();
  try {
    return await readCatalog((sql, params) => client.query(sql, params));
  } finally {
    await client.end();
  }
}

describe('doctor: the rights of the role', () => {
  let database: TestDatabase;
  let role: TestRole;
  let project: Project;
  const carryOut = async (fixes: (string | null)[]): Promise<void> => {
    for (const fix of fixes) await database.query(fix ?? 'select');
  };
  const up = (url: string) => project.knexward(['up'], { TEST_DATABASE_URL: url });

  beforeEach(async () => {
    database = await createDatabase();
    role = await createRole();
    project = createProject(MIGRATIONS);
  });
  afterEach(async () => {
    project.remove();
    await role.drop(database);
    await database.drop();
  });

  it('all is green for a role that has what up needs, before the first run and after it', async () => {
    await database.query(`grant usage, create on schema public to ${role.name}`);
    await database.query(`grant pg_read_all_stats to ${role.name}`);
    const before = await runDoctor(project, role.url(database));
    expect(before.findings()).toEqual([]);
    expect(before.exitCode).toBe(0);
    expect((await up(role.url(database))).code).toBe(0);
    const after = await runDoctor(project, role.url(database));
    expect(after.findings()).toEqual([]);
    expect(after.of('HISTORY')[0]?.message).toContain('1 migration');
  });

  it('a role that may only read can run it; it changes nothing, and each fix is one that helps', async () => {
    expect((await up(database.url)).code).toBe(0);
    // Before PostgreSQL 15 everybody may create tables there.
    await database.query('revoke create on schema public from public');
    await database.query(`grant usage on schema public to ${role.name}`);
    await database.query(`grant select on all tables in schema public to ${role.name}`);
    const [catalog, history] = [await catalogOf(database), await rowsOfHistory()];

    const found = await runDoctor(project, role.url(database));
    expect(found.exitCode).toBe(6);
    expect(found.findings()).toEqual([
      ...['HISTORY_RIGHTS', 'SCHEMA_RIGHTS', 'SESSION_RIGHTS', 'TABLE_OWNERS'],
    ]);
    expect(found.of('HISTORY_RIGHTS')).toHaveLength(3);
    expect(found.of('TABLE_OWNERS')[0]?.message).toContain('public.a');
    expect(found.status('HISTORY')).toBe('green');
    expect(await catalogOf(database)).toEqual(catalog);
    expect(await rowsOfHistory()).toEqual(history);

    project.write({
      'migrations/20260101000001_b.js': `
        exports.up = (knex) => knex.raw('create table b (id int); alter table a add b int');`,
    });
    expect((await up(role.url(database))).code).not.toBe(0);
    await carryOut(found.checks.map(({ fix }) => fix));
    expect((await runDoctor(project, role.url(database))).findings()).toEqual([]);
    expect((await up(role.url(database))).code).toBe(0);
  });

  it('a role that may not even read the history is told so, and nothing crashes', async () => {
    expect((await up(database.url)).code).toBe(0);
    const found = await runDoctor(project, role.url(database));
    expect(found.exitCode).toBe(6);
    expect(found.status('HISTORY')).toBe('red');
    expect(found.of('HISTORY')[0]?.message).toContain('permission denied');
    expect(found.of('HISTORY_RIGHTS')[0]?.fix).toContain('grant select');
  });

  it("a schema of the knexfile's searchPath that is not there, or may not be used, is named", async () => {
    await database.query(`create schema "The App"; create schema other`);
    await database.query(`grant usage, create on schema "The App" to ${role.name}`);
    project.write({
      'knexfile.js': KNEXFILE.replace(
        "client: 'pg',",
        "client: 'pg', searchPath: ['The App', 'other', 'nowhere'],",
      ),
    });
    const found = await runDoctor(project, role.url(database));
    expect(found.of('SCHEMA_RIGHTS').map(({ status }) => status)).toEqual(['yellow', 'yellow']);
    expect(found.of('SCHEMA_RIGHTS')[0]?.message).toContain('"other"');
    expect(found.of('SCHEMA_RIGHTS')[1]?.fix).toBe('create schema "nowhere";');
    expect(found.status('HISTORY_RIGHTS')).toBe('green');
    await carryOut(found.of('SCHEMA_RIGHTS').map(({ fix }) => fix));
    await database.query(`grant usage on schema nowhere to ${role.name}`);
    const mended = await runDoctor(project, role.url(database));
    expect(mended.status('SCHEMA_RIGHTS')).toBe('green');
    expect((await up(role.url(database))).code).toBe(0);
  });

  it('no right to create the tables of the history is red, with a grant that helps', async () => {
    await database.query(`create schema app; grant usage on schema app to ${role.name}`);
    project.write({
      'knexfile.js': KNEXFILE.replace(
        "directory: './migrations'",
        "directory: './migrations', schemaName: 'app'",
      ),
    });
    await database.query(`grant usage, create on schema public to ${role.name}`);
    const found = await runDoctor(project, role.url(database));
    expect(found.status('HISTORY_RIGHTS')).toBe('red');
    expect(found.status('SCHEMA_RIGHTS')).toBe('green');
    await carryOut(found.of('HISTORY_RIGHTS').map(({ fix }) => fix));
    expect((await runDoctor(project, role.url(database))).status('HISTORY_RIGHTS')).toBe('green');
    expect((await up(role.url(database))).code).toBe(0);
  });

  it('row security that hides rows of the history is red: up would apply them again', async () => {
    expect((await up(database.url)).code).toBe(0);
    await database.query(`grant usage, create on schema public to ${role.name}`);
    await database.query(`grant all on all tables in schema public to ${role.name}`);
    await database.query('alter table knex_migrations enable row level security');
    const found = await runDoctor(project, role.url(database));
    expect(found.exitCode).toBe(6);
    expect(found.status('ROW_SECURITY')).toBe('red');
    // The danger is real: to this role the migration that is applied looks pending.
    expect(found.of('PENDING')[0]?.message).toContain('1 migration');
    await carryOut(found.of('ROW_SECURITY').map(({ fix }) => fix));
    const mended = await runDoctor(project, role.url(database));
    expect(mended.status('ROW_SECURITY')).toBe('green');
    expect(mended.of('PENDING')[0]?.message).toContain('nothing');
  });

  async function rowsOfHistory(): Promise<unknown[]> {
    return database.query(
      `select (select json_agg(m order by id) from knex_migrations m) as history,
              (select json_agg(l) from knex_migrations_lock l) as lock,
              (select json_agg(j order by id) from knexward_journal j) as journal`,
    );
  }
});
