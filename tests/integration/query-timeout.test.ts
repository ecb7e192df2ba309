import { createDatabase, type TestDatabase } from '../support/database';
import { createProject, KNEXFILE, type Project } from '../support/project';

const A = '20260101000000_a.js';
const SLOW = `knex.raw('select pg_sleep(60)').timeout(200, { cancel: true })`;

describe("Knex's timeout of a query, with { cancel: true } (US7, FR-006)", () => {
  let database: TestDatabase;
  let project: Project;
  const knexward = (...args: string[]) =>
    project.knexward(args, { TEST_DATABASE_URL: database.url });
  const sleeping = () =>
    database.query(`select from pg_stat_activity where wait_event = 'PgSleep'
      and datname = current_database()`);

  beforeEach(async () => {
    database = await createDatabase();
    project = createProject({ 'knexfile.js': KNEXFILE });
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  it.each([1, 10])(
    'in a transaction: the statement is cancelled, and the change rolled back (pool of %i)',
    async (max) => {
      project.write({
        'knexfile.js': KNEXFILE.replace('migrations:', `pool: { max: ${max} }, migrations:`),
        [`migrations/${A}`]: `exports.up = async (knex) => {
          await knex.raw('create table a (id int)');
          await ${SLOW};
        };`,
      });
      const up = await knexward('up', '--json');
      expect(up.json()).toMatchObject({
        failed: {
          name: A,
          message: expect.stringContaining('query timeout of 200ms exceeded') as string,
          leftovers: false,
          endUnknown: false,
        },
      });
      expect(await sleeping()).toEqual([]);
      expect(await database.query(`select to_regclass('a') as a`)).toEqual([{ a: null }]);
    },
  );

  it('outside a transaction: the migration may go on', async () => {
    project.write({
      [`migrations/${A}`]: `exports.config = { transaction: false };
        exports.up = async (knex) => {
          await ${SLOW}.catch(() => undefined);
          await knex.raw('create table a (id int)');
        };`,
    });
    expect((await knexward('up')).code).toBe(0);
    expect(await sleeping()).toEqual([]);
  });
});
