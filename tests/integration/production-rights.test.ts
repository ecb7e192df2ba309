import { createDatabase, createRole, type TestDatabase, type TestRole } from '../support/database';
import { blocksOf, directive } from '../support/documents';
import { createProject, KNEXFILE, type Outcome, type Project } from '../support/project';

const [BEFORE, AFTER] = blocksOf('docs/production.md').filter(
  (block) => directive(block, 'rights') !== undefined,
);

describe('docs/production.md: the rights that it grants are enough, and no more (issue 6, item 6)', () => {
  let database: TestDatabase;
  let project: Project;
  let migrator: TestRole;
  let app: TestRole;
  let watcher: TestRole;

  /** The document's SQL, with the names that these roles and this database have. */
  const grant = async (sql = ''): Promise<void> => {
    const names = { migrator, app, watcher, shop: database };
    const renamed = Object.entries(names).reduce(
      (text, [name, thing]) => text.replaceAll(new RegExp(`\\b${name}\\b`, 'g'), thing.name),
      // The roles are there: the tests make them with a password.
      sql.replaceAll(/^--.*$|^create role .*$/gm, ''),
    );
    await database.query(renamed);
  };
  const as = (role: TestRole, ...args: string[]): Promise<Outcome> =>
    project.knexward(args, { TEST_DATABASE_URL: role.url(database) });
  const asApp = (sql: string): Promise<Outcome> =>
    project.node(['-e', QUERY, sql], { URL: app.url(database) });

  beforeAll(async () => {
    database = await createDatabase();
    [migrator, app, watcher] = await Promise.all([createRole(), createRole(), createRole()]);
    project = createProject({
      'knexfile.js': KNEXFILE,
      'migrations/20261122000000_users.up.sql':
        'create table users (id serial primary key, name text);',
      'migrations/20261122000000_users.down.sql': 'drop table users;',
    });
    await grant(BEFORE?.text);
  });
  afterAll(async () => {
    project.remove();
    for (const role of [app, watcher, migrator]) await role.drop(database);
    await database.drop();
  });

  it('the migrator applies and reverts, and doctor finds nothing wrong', async () => {
    for (const command of ['up', 'redo', 'status']) {
      expect(await as(migrator, command)).toMatchObject({ code: 0 });
    }
    await grant(AFTER?.text);
    const { checks } = (await as(migrator, 'doctor', '--json')).json<{
      checks: { code: string; status: string }[];
    }>();
    expect(checks.filter(({ status }) => status === 'red')).toEqual([]);
    expect(await as(migrator, 'up')).toMatchObject({ code: 0 });
  });

  it('the application reads and writes rows, and changes neither schema nor history', async () => {
    expect(await asApp("insert into users (name) values ('Ann')")).toMatchObject({ code: 0 });
    expect(await asApp('select * from users, knex_migrations')).toMatchObject({ code: 0 });
    for (const sql of [
      'create table mine ()',
      'alter table users add column x int',
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
    expect(await as(watcher, 'wait', '--timeout', '1')).toMatchObject({ code: 0 });
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
