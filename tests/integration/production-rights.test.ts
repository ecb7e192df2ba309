import { createDatabase, createRole, type TestDatabase, type TestRole } from '../support/database';
import { blocksOf, directive } from '../support/documents';
import { createProject, KNEXFILE, type Outcome, type Project } from '../support/project';

/** The SQL that the document shows for one step. */
function sqlOf(step: string): string {
  const blocks = blocksOf('docs/production.md');
  return blocks.find((block) => directive(block, 'rights') === step)?.text ?? '';
}

describe('docs/production.md: the rights that it grants are enough, and no more', () => {
  let database: TestDatabase;
  let project: Project;
  let migrator: TestRole;
  let app: TestRole;
  let watcher: TestRole;
  /** From 15 on, the schema `public` belongs to who owns the database. */
  let knowsOwners: boolean;

  /** The document's SQL, with the names that these roles and this database have. */
  const named = (sql: string): string =>
    Object.entries({ migrator, app, watcher, shop: database }).reduce(
      (text, [name, thing]) => text.replaceAll(new RegExp(`\\b${name}\\b`, 'g'), thing.name),
      // The roles are there: the tests make them with a password.
      sql.replaceAll(/^create role .*$/gm, ''),
    );
  const as = (role: TestRole, ...args: string[]): Promise<Outcome> =>
    project.knexward(args, { TEST_DATABASE_URL: role.url(database) });
  const asApp = (sql: string): Promise<Outcome> =>
    project.node(['-e', QUERY, sql], { URL: app.url(database) });

  beforeAll(async () => {
    database = await createDatabase();
    [migrator, app, watcher] = await Promise.all([createRole(), createRole(), createRole()]);
    const [{ major = 0 } = {}] = await database.query<{ major: number }>(
      `select current_setting('server_version_num')::int / 10000 as major`,
    );
    knowsOwners = major >= 15;
    await database.query(named(sqlOf('roles')));
    if (!knowsOwners) await database.query(named(sqlOf('roles on 14')));
    const [, up = '', down = ''] = named(sqlOf('migration')).split(/^-- .*\.sql$/m);
    project = createProject({
      'knexfile.js': KNEXFILE.replace(
        'migrations',
        `knexward: { shadow: ${JSON.stringify(database.url)} }, migrations`,
      ),
      'migrations/20261101090000_rights.up.sql': up,
      'migrations/20261101090000_rights.down.sql': down,
      'migrations/20261122000000_users.up.sql':
        'create table users (id serial primary key, name text);',
      'migrations/20261122000000_users.down.sql': 'drop table users;',
    });
  });
  afterAll(async () => {
    project.remove();
    await database.query(`alter database ${database.name} owner to current_user`);
    for (const role of [app, watcher, migrator]) await role.drop(database);
    await database.drop();
  });

  it('the migrator applies and reverts, and doctor finds nothing wrong', async () => {
    for (const command of ['up', 'redo', 'status']) {
      expect(await as(migrator, command)).toMatchObject({ code: 0 });
    }
    await database.query(named(sqlOf('history')));
    const { checks } = (await as(migrator, 'doctor', '--json')).json<{
      checks: { code: string; status: string }[];
    }>();
    expect(checks.filter(({ status }) => status === 'red')).toEqual([]);
    expect(await as(migrator, 'up')).toMatchObject({ code: 0 });
  });

  it('the application reads and writes rows, and changes neither schema nor history', async () => {
    expect(await asApp("insert into users (name) values ('Ann')")).toMatchObject({ code: 0 });
    expect(await asApp('select * from users')).toMatchObject({ code: 0 });
    for (const sql of [
      'create table mine ()',
      'alter table users add column x int',
      'select * from knex_migrations',
      'delete from knex_migrations',
      'update knex_migrations_lock set is_locked = 0',
      'delete from knexward_journal',
    ]) {
      expect(await asApp(sql)).toMatchObject({ code: 1, stderr: '42501' });
    }
    project.write({ 'migrations/20261122000001_more.up.sql': 'create table more ();' });
    expect(await as(app, 'up')).not.toMatchObject({ code: 0 });
  });

  it('the watcher sees what is applied and waits for what is not, and can do nothing', async () => {
    expect(await as(watcher, 'status')).toMatchObject({ code: 0 });
    expect(await as(watcher, 'wait', '--timeout', '1')).toMatchObject({ code: 6 });
    expect(await as(watcher, 'up')).toMatchObject({ code: 2 });
    expect(await as(migrator, 'up')).toMatchObject({ code: 0 });
    expect(await as(watcher, 'wait', '--timeout', '10min')).toMatchObject({ code: 0 });
  });

  it('verify, as the watcher, finds nothing that the migrations did not grant', async () => {
    const { differences } = (await as(watcher, 'verify', '--json')).json<{
      differences: { kind: string }[];
    }>();
    // On 14 the shadow's public is still everybody's.
    const expected = knowsOwners ? [] : [{ kind: 'privileges' }];
    expect(differences).toMatchObject(expected);
  });
});

/** Sends one statement, and says what the server called its error. */
const QUERY = `
const { Client } = require('pg');
const client = new Client(process.env.URL);
client.connect().then(() => client.query(process.argv[1])).then(
  () => process.exit(0),
  ({ code }) => { process.stderr.write(code); process.exit(1); },
);`;
