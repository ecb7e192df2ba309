import { createDatabase, type TestDatabase } from '../support/database';
import { createProject, KNEXFILE, type Outcome, type Project } from '../support/project';

const OLD = (table: string) => `
exports.up = (db) => db.createTable('${table}', { id: 'int' });
exports.down = (db) => db.dropTable('${table}');
`;

describe("plan while db-migrate's table is kept in step: its file writes that one too", () => {
  let planned: TestDatabase;
  let run: TestDatabase;
  let project: Project;
  const knexward = (on: TestDatabase, ...args: string[]): Promise<Outcome> =>
    project.knexward(args, { TEST_DATABASE_URL: on.url });
  const historyOf = async (on: TestDatabase) => ({
    old: await on.query('select name from migrations order by id'),
    knex: await on.query('select name, batch from knex_migrations order by id'),
    journal: await on.query(
      `select event, migration, details ->> 'name' as old_name from knexward_journal
        where event <> 'started' order by id`,
    ),
  });

  beforeEach(async () => {
    [planned, run] = [await createDatabase(), await createDatabase()];
    project = createProject({
      'knexfile.js': KNEXFILE,
      'migrations/20150101000000-rooms.js': OLD('rooms'),
    });
    for (const on of [planned, run]) {
      await on.query(`
        create table rooms (id int);
        create table migrations (id serial primary key, name varchar(255) not null, run_on timestamp not null);
        insert into migrations (name, run_on) values ('/20150101000000-rooms', '2015-01-01');`);
      expect(await knexward(on, 'adopt', '--database-only', '--yes')).toMatchObject({ code: 0 });
    }
    project.write({ 'migrations/20160101000000-votes.js': OLD('votes') });
    expect(await knexward(planned, 'plan', '-o', 'up.sql')).toMatchObject({ code: 0 });
  });
  afterEach(async () => {
    project.remove();
    await Promise.all([planned.drop(), run.drop()]);
  });

  it('up and down: the three histories are what a run makes of them', async () => {
    await planned.query(project.read('up.sql'));
    expect(await knexward(run, 'up')).toMatchObject({ code: 0 });
    const after = await historyOf(planned);
    expect(after).toEqual(await historyOf(run));
    expect(after.old).toEqual([
      { name: '/20150101000000-rooms' },
      { name: '/20160101000000-votes' },
    ]);
    expect((await knexward(planned, 'up')).stdout).toContain('Already up to date');

    expect(await knexward(planned, 'plan', '--down', '-o', 'down.sql')).toMatchObject({ code: 0 });
    await planned.query(project.read('down.sql'));
    expect(await knexward(run, 'down')).toMatchObject({ code: 0 });
    expect(await historyOf(planned)).toEqual(await historyOf(run));
    expect((await historyOf(planned)).old).toEqual([{ name: '/20150101000000-rooms' }]);
  });

  it('it refuses where db-migrate has run the migration meanwhile, and nothing is done twice', async () => {
    await planned.query(`create table votes (id int);
      insert into migrations (name, run_on) values ('/20160101000000-votes', now());`);
    await expect(planned.query(project.read('up.sql'))).rejects.toThrow(/not taken over/);
    expect((await historyOf(planned)).knex).toHaveLength(1);
  });
});
