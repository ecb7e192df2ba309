import { createDatabase, type TestDatabase } from '../support/database';
import { findPgBouncer, type PgBouncer, startPgBouncer } from '../support/pgbouncer';
import { createProject, type Project } from '../support/project';
import { Runner } from '../support/runner';
import { sizeOf } from '../support/sizes';

/*
 * Fifty processes of their own (in a sample: some) are told at the same moment to migrate one empty
 * database. Twenty times they are processes that have loaded everything before, so that they are at it really at
 * once; one time they are the command line.
 */
const RUNNERS = sizeOf('runnersAtOnce');
const ROUNDS = sizeOf('roundsOfRunners');

/** Evaluated anew for each run, because a runner serves many databases. */
const KNEXFILE = `module.exports = () => ({
  client: 'pg',
  // All of them come at the same moment, which the machine may take a while over.
  connection: { connectionString: process.env.TEST_DATABASE_URL, connectionTimeoutMillis: 600_000 },
  migrations: { directory: './migrations' },
  knexward: { waitForLock: '10min' },
});
`;

/** Each counts itself, in a table that lets the same name in twice. */
const MIGRATIONS = {
  '20150101000000-old.js': `
exports.up = async (db) => {
  await db.runSql('create table if not exists ran (name text)');
  await db.createTable('old', { id: 'int' });
  await db.runSql('insert into ran values (?)', ['old']);
};`,
  '20260101000000_plain.js': `
exports.up = async (knex) => {
  await knex.schema.createTable('plain', (table) => { table.increments(); });
  await knex('ran').insert({ name: 'plain' });
};`,
  '20260101000001_outside.js': `
exports.config = { transaction: false };
exports.up = async (knex) => {
  await knex('ran').insert({ name: 'outside' });
  await knex.raw('create index concurrently plain_id on plain (id)');
};`,
  '20260101000002_sql.up.sql': "create table sql (id int); insert into ran values ('sql');",
};
const NAMES = Object.keys(MIGRATIONS);

let runners: Runner[];
beforeAll(async () => {
  runners = [];
  // A few at a time: loading is not what is tried here, and other tests run beside this one.
  while (runners.length < RUNNERS) {
    const more = Array.from({ length: 5 }, () => new Runner());
    await Promise.all(more.map((runner) => runner.isReady()));
    runners.push(...more);
  }
});
afterAll(() => runners.forEach((runner) => runner.kill()));

describe.each(['directly', 'through PgBouncer in transaction mode'])(
  `${RUNNERS} runners at once, %s (SC-007, EC-04)`,
  (way) => {
    const skipped = way !== 'directly' && findPgBouncer() === null;
    const test = skipped ? it.skip : it;
    let project: Project;
    let pooler: PgBouncer | undefined;
    const reach = ({ url }: TestDatabase): string => pooler?.through(url) ?? url;

    beforeAll(async () => {
      if (!skipped && way !== 'directly') pooler = await startPgBouncer({ mode: 'transaction' });
      project = createProject({
        'knexfile.js': KNEXFILE,
        ...Object.fromEntries(
          Object.entries(MIGRATIONS).map(([name, content]) => [`migrations/${name}`, content]),
        ),
      });
    });
    afterAll(async () => {
      await pooler?.stop();
      project.remove();
    });

    /** Each migration was executed and recorded once, and nothing is left behind. */
    async function expectOnce(database: TestDatabase, where: string): Promise<void> {
      const [row] = await database.query(
        `select array(select name from ran order by name) as ran,
                array(select name from knex_migrations order by id)::text[] as history,
                array(select migration from knexward_journal where event = 'applied' order by id) as journal,
                (select bool_and(indisvalid) from pg_index where indexrelid = 'plain_id'::regclass) as valid,
                array(select is_locked from knex_migrations_lock) as locked,
                (select count(*)::int from pg_locks where locktype = 'advisory'
                    and database = (select oid from pg_database where datname = current_database())) as locks`,
      );
      expect({ where, ...row }).toEqual({
        where,
        ran: ['old', 'outside', 'plain', 'sql'],
        ...{ history: NAMES, journal: NAMES, valid: true, locked: [0], locks: 0 },
      });
    }

    test(`${ROUNDS} times on an empty database: each migration once, everybody succeeds`, async () => {
      const started = performance.now();
      for (let round = 1; round <= ROUNDS; round++) {
        const where = `round ${round}`;
        const database = await createDatabase();
        const request = { action: 'up', cwd: project.root, url: reach(database) } as const;
        const answers = await Promise.all(runners.map((runner) => runner.ask(request)));
        expect({ where, wrong: answers.filter(isWrong) }).toEqual({ where, wrong: [] });
        await expectOnce(database, where);
        await database.drop();
      }
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.info(`${RUNNERS} runners, ${ROUNDS} times, ${way}: ${seconds} s`);
    }, 3_600_000);

    test('the command line: everybody exits with 0', async () => {
      const database = await createDatabase();
      const env = { TEST_DATABASE_URL: reach(database) };
      const started = performance.now();
      const outcomes = await Promise.all(
        Array.from({ length: RUNNERS }, () => project.knexward(['up', '--json'], env)),
      );
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.info(`${RUNNERS} command lines, ${way}: ${seconds} s`);
      expect(outcomes.filter(({ code }) => code !== 0)).toEqual([]);
      const done = outcomes.flatMap(({ json }) => json<{ done: { name: string }[] }>().done);
      expect(done.map(({ name }) => name)).toEqual(NAMES);
      await expectOnce(database, 'the command line');
      await database.drop();
    });
  },
);

function isWrong({ value, error, killed }: Awaited<ReturnType<Runner['ask']>>): boolean {
  return error !== undefined || killed === true || (value as { failed: unknown }).failed !== null;
}
