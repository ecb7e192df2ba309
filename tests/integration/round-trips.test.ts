import { createDatabase, type TestDatabase } from '../support/database';
import { createProject, KNEXFILE, type Outcome, type Project } from '../support/project';
import { countRoundTrips, type RoundTripCounter } from '../support/round-trips';

const name = (i: number): string => `20260101000${String(i).padStart(3, '0')}_t${i}`;

const SQL_FILES = (i: number): Record<string, string> => ({
  [`migrations/${name(i)}.up.sql`]: `create table t${i} (id int);`,
  [`migrations/${name(i)}.down.sql`]: `drop table t${i};`,
});

/** So many migrations of one statement each, written in one way. */
const WAYS: Record<string, (i: number) => Record<string, string>> = {
  'knex.raw': (i) => ({
    [`migrations/${name(i)}.js`]: `
      exports.up = (knex) => knex.raw('create table t${i} (id int)');
      exports.down = (knex) => knex.raw('drop table t${i}');`,
  }),
  'a statement with bindings': (i) => ({
    [`migrations/${name(i)}.js`]: `
      exports.up = (knex) => knex('numbers').insert({ value: ${i} });
      exports.down = (knex) => knex('numbers').where({ value: ${i} }).delete();`,
  }),
};

function projectOf(count: number, way: typeof SQL_FILES): Project {
  const files = Array.from({ length: count }, (_, i) => Object.entries(way(i))).flat();
  return createProject({ 'knexfile.js': KNEXFILE, ...Object.fromEntries(files) });
}

describe('how often a run waits for the server: at most two round trips a migration', () => {
  let database: TestDatabase;
  let counter: RoundTripCounter;
  let project: Project;

  beforeAll(async () => {
    database = await createDatabase();
    const { hostname: host, port } = new URL(database.url);
    counter = await countRoundTrips({ host, port: Number(port) });
  });
  afterAll(async () => {
    await counter.close();
    await database.drop();
  });
  afterEach(() => project.remove());

  const run = async (...args: string[]): Promise<number> => runWith({}, ...args);
  const runWith = async (options: Record<string, string>, ...args: string[]): Promise<number> => {
    const url = new URL(database.url);
    url.search = new URLSearchParams(options).toString();
    url.port = String(counter.port);
    counter.take();
    const outcome: Outcome = await project.knexward(args, { TEST_DATABASE_URL: url.href });
    expect(outcome).toMatchObject({ code: 0 });
    return counter.take();
  };

  it('SQL files go in a pipeline: not one for each further migration, up and down', async () => {
    project = projectOf(30, SQL_FILES);
    await run('up', '--count', '1');
    const [five, twenty] = [await run('up', '--count', '5'), await run('up', '--count', '20')];
    // Now and then, all that is under way has been answered before more is sent.
    expect(twenty - five).toBeLessThan(5);
    const [downFive, downTwenty] = [await run('down', '-c', '5'), await run('down', '-c', '20')];
    expect(downTwenty - downFive).toBeLessThan(5);
    await run('down', '--all');
  });

  it('SQL files where each answer has a limit: two for each further migration', async () => {
    project = projectOf(16, SQL_FILES);
    const limit = { query_timeout: '600000' };
    await run('up', '--count', '1');
    const five = await runWith(limit, 'up', '--count', '5');
    expect((await runWith(limit, 'up', '--count', '10')) - five).toBe(5 * 2);
    await run('down', '--all');
  });

  it.each(Object.entries(WAYS))(
    '%s: two for each further migration, up and down',
    async (_, way) => {
      project = projectOf(30, way);
      await database.query('create table if not exists numbers (value int)');
      // The first creates the history's tables.
      await run('up', '--count', '1');
      const [five, twenty] = [await run('up', '--count', '5'), await run('up', '--count', '20')];
      expect(twenty - five).toBe(15 * 2);
      const [downFive, downTwenty] = [await run('down', '-c', '5'), await run('down', '-c', '20')];
      expect(downTwenty - downFive).toBe(15 * 2);
      await run('down', '--all');
    },
  );

  it('with nothing to do: one connection, and two questions', async () => {
    project = createProject({ 'knexfile.js': KNEXFILE, ...WAYS['knex.raw']?.(1) });
    await run('up');
    expect(await run('up')).toBe((await connectOnly()) + 2);
  });

  const connectOnly = async (): Promise<number> => {
    counter.take();
    const { Client } = await import('pg');
    const url = new URL(database.url);
    url.port = String(counter.port);
    const client = new Client({ connectionString: url.href });
    await client.connect();
    await client.end();
    return counter.take();
  };
});
