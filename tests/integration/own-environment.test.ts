import { createDatabase, type TestDatabase } from '../support/database';
import { createProject, type Project } from '../support/project';

const A = '20260101000000_a.js';
const B = '20260101000001_b.js';
const KNEXFILE = `module.exports = { development: { client: 'pg', connection: { port: Number(process.env.PGPORT) }, migrations: { directory: './migrations' } } };`;
const SETS = `Object.assign(process.env, { PGDATABASE: 'elsewhere', PGHOST: 'nowhere.invalid' });`;

/** Where a migration sets the variables that say which server is meant. */
const PLACES: Record<string, [before: string, within: string]> = {
  'when its file is loaded': [SETS, ''],
  'when it runs': ['', SETS],
};

describe('a migration that sets PGDATABASE and PGHOST leads no connection elsewhere (US7)', () => {
  let database: TestDatabase;
  let project: Project;
  const knexward = (...args: string[]) => {
    const { hostname, port, username, password } = new URL(database.url);
    return project.knexward(args, {
      ...{ PGHOST: hostname, PGPORT: port, PGUSER: username, PGPASSWORD: password },
      PGDATABASE: database.name,
    });
  };

  beforeEach(async () => {
    database = await createDatabase();
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  it.each(Object.entries(PLACES))('%s', async (_, [before, within]) => {
    project = createProject({
      'knexfile.js': KNEXFILE,
      [`migrations/${A}`]: `${before}
        exports.up = async (knex) => { ${within} await knex.raw('create table a (id int)'); };`,
      // On connections that are made for it.
      [`migrations/${B}`]: `exports.config = { transaction: false };
        exports.up = (knex) => knex.raw('create table b as select $$' + process.env.PGDATABASE + '$$ as seen');`,
    });
    expect(await knexward('up')).toMatchObject({ code: 0 });
    expect(await database.query('select seen from b')).toEqual([{ seen: 'elsewhere' }]);
    expect(await database.query('select name from knex_migrations order by id')).toEqual([
      { name: A },
      { name: B },
    ]);
  });
});
