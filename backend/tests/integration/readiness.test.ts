import { createMigrator } from 'knexward';
import { createDatabase, type TestDatabase } from '../../../tests/support/database';
import knexfile from '../../src/config/knexfile';
import { ROOT } from '../../src/config/root';
import { ReadinessCheck } from '../../src/health/readiness';
import { type RunningBackend, startBackend } from '../support/running-backend';

describe('/readyz', () => {
  let backend: RunningBackend;
  beforeAll(async () => {
    backend = await startBackend({ migrations: 15 });
  });
  afterAll(() => backend.stop());

  it('says no, and why, while migrations are pending; the instance lives meanwhile', async () => {
    expect(await backend.get('/readyz')).toMatchObject({
      status: 503,
      body: { ready: false, reason: 'migrations', pending: 4, problems: [] },
    });
    expect((await backend.get('/healthz')).status).toBe(200);
  });
});

describe('what /readyz asks', () => {
  let database: TestDatabase;
  const config = () => ({
    ...knexfile.test,
    connection: { connectionString: database.url },
    knexward: { ...knexfile.test.knexward, retries: 0 },
  });
  const read = () => new ReadinessCheck(config(), 0).read();
  const up = async (): Promise<void> => {
    const printing = jest.spyOn(console, 'log').mockImplementation(() => undefined);
    await createMigrator({ config: config(), cwd: ROOT }).up();
    printing.mockRestore();
  };

  beforeAll(async () => {
    database = await createDatabase();
  });
  afterAll(() => database.drop());

  it('a migration that fails leaves it at no', async () => {
    await database.query(
      'CREATE VIEW question_results AS SELECT 1 AS question_id, 2 AS option_id, 3 AS votes',
    );
    await up();
    expect(await read()).toMatchObject({ ready: false, reason: 'migrations', pending: 12 });
  });

  it('yes, when nothing is pending; also where the database is ahead of the files', async () => {
    await database.query('DROP VIEW question_results');
    await up();
    expect(await read()).toEqual({ ready: true });
    await database.query(
      `INSERT INTO knex_migrations (name, batch, migration_time) VALUES ('20990101000000_next.ts', 99, now())`,
    );
    expect(await read()).toEqual({ ready: true });
  });

  const cutOff = (migration: string) =>
    database.query(
      `INSERT INTO knexward_journal (run_id, event, migration, batch, actor)
       VALUES (gen_random_uuid(), 'started', '${migration}', 100, 'a test')`,
    );

  it('yes, while the next release is at a change outside a transaction, or was cut off at it', async () => {
    await cutOff('20990101000001_next.ts');
    expect(await read()).toEqual({ ready: true });
  });

  it('yes, when an old release has applied one more with db-migrate during the cut-over', async () => {
    await database.query(
      'CREATE TABLE migrations (id serial PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL)',
    );
    await database.query(`INSERT INTO migrations (name, run_on) VALUES ('/20261014-late', now())`);
    const { problems } = await createMigrator({ config: config(), cwd: ROOT }).status();
    expect(problems).toMatchObject([{ code: 'NOT_ADOPTED' }, {}, {}]);
    expect(await read()).toEqual({ ready: true });
    await database.query('DROP TABLE migrations');
  });

  it('a change of its own that was cut off outside a transaction is a no, with its problem', async () => {
    await cutOff('20261015083000_index_votes_by_option.ts');
    expect(await read()).toMatchObject({
      ready: false,
      reason: 'migrations',
      problems: expect.arrayContaining(['UNFINISHED']) as unknown,
    });
  });

  it('no, when the database does not answer', async () => {
    const away = { ...config(), connection: { connectionString: 'postgresql://127.0.0.1:1/x' } };
    expect(await new ReadinessCheck(away, 0).read()).toEqual({
      ready: false,
      reason: 'database',
      problems: ['CONNECTION_FAILED'],
    });
  });

  it('the answer is given again for a while, to however many ask', async () => {
    const check = new ReadinessCheck(config(), 60_000);
    const answers = await Promise.all(Array.from({ length: 20 }, () => check.read()));
    expect(new Set(answers).size).toBe(1);
  });

  it('no, once the instance is stopping, whatever was said before', async () => {
    const check = new ReadinessCheck(config(), 60_000);
    await check.read();
    check.drain();
    expect(await check.read()).toEqual({ ready: false, reason: 'draining' });
  });
});
