import { request } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import { createDatabase, type TestDatabase } from '../../../tests/support/database';
import { createProject } from '../../../tests/support/project';
import { waitFor } from '../../../tests/support/wait-for';
import { ROOT } from '../../src/config/root';
import { deployedAt, type Program, startProgram } from '../support/program';
import { postOf } from '../support/running-backend';

const migrate = (database: TestDatabase, ...args: string[]): Program =>
  startProgram('scripts/migrate', args, deployedAt(database.url));

describe('scripts/migrate: the runner for containers', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase();
  });
  afterAll(() => database.drop());
  const messages = (program: Program) => program.lines().map(({ msg }) => msg);

  it('status: 6 while something is pending', async () => {
    const program = migrate(database, 'status');
    expect(await program.exit()).toBe(6);
    expect(program.lines()).toMatchObject([{ msg: 'status', upToDate: false, applied: 0 }]);
  });

  it('up: 0, each migration a line of JSON, what an old one prints included', async () => {
    const program = migrate(database, 'up');
    expect(await program.exit()).toBe(0);
    expect(messages(program).filter((message) => message === 'done')).toHaveLength(19);
    expect(messages(program)).toContain('printed');
    expect(program.lines().at(-1)).toMatchObject({ msg: 'up to date', applied: 19, batch: 1 });
    const again = migrate(database, 'up');
    expect(await again.exit()).toBe(0);
    expect(again.lines().at(-1)).toMatchObject({ applied: 0, batch: null });
  });

  it('wait: 0 when nothing is pending; status: 0', async () => {
    expect(await migrate(database, 'wait', '--timeout', '600').exit()).toBe(0);
    expect(await migrate(database, 'status').exit()).toBe(0);
  });

  it('a migration that fails: 1, with its name, its SQLSTATE, and what is not reached', async () => {
    const other = await createDatabase();
    await other.query('CREATE TABLE votes (id int)');
    const program = migrate(other, 'up');
    expect(await program.exit()).toBe(1);
    expect(program.lines().at(-1)).toMatchObject({
      level: 50,
      msg: 'a migration failed',
      failed: { name: '20150917140322-create-participants-and-votes.js', sqlstate: '42P07' },
    });
    await other.drop();
  });

  it('SIGTERM: rolled back, and 143', async () => {
    const other = await createDatabase();
    // The first migration waits for the name that another transaction is about to take.
    await other.query('BEGIN');
    await other.query('CREATE TABLE rooms (id int)');
    const program = migrate(other, 'up');
    await program.printed(/"msg":"(started)"/);
    program.child.kill('SIGTERM');
    expect(await program.exit()).toBe(143);
    await other.query('ROLLBACK');
    expect(await other.query(`SELECT FROM pg_class WHERE relname = 'rooms'`)).toEqual([]);
    await other.drop();
  });

  it.each([
    ['no command', []],
    ['an unknown one', ['sideways']],
    ['an unknown option', ['up', '--fast']],
  ])('%s: 2', async (_what, args) => {
    const program = migrate(database, ...args);
    expect(await program.exit()).toBe(2);
    expect(program.lines()).toMatchObject([{ level: 50, code: 'USAGE' }]);
  });

  it('no connection: 3, and no password in the log', async () => {
    const env = { NODE_ENV: 'production', DATABASE_URL: 'postgresql://u:s3cret@127.0.0.1:1/x' };
    const program = startProgram('scripts/migrate', ['up'], env);
    expect(await program.exit()).toBe(3);
    expect(program.lines()).toMatchObject([{ level: 50, code: 'CONNECTION_FAILED' }]);
    expect(program.output()).not.toContain('s3cret');
  });
});

describe('backend/.env (FR-010)', () => {
  it('is read for the application too, as knexward reads it; it overrides nothing', async () => {
    const project = createProject({ '.env': 'POLLS_A=from-file\nPOLLS_B=from-file\n' });
    const script = `require(${JSON.stringify(join(ROOT, 'dist/src/config/dotenv.js'))}).readDotenv(process.cwd());
      console.log(process.env.POLLS_A, process.env.POLLS_B)`;
    const { stdout } = await project.node(['-e', script], { POLLS_B: 'from-outside' });
    expect(stdout).toBe('from-file from-outside\n');
    project.remove();
  });
});

describe('the application as a process', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase();
    expect(await migrate(database, 'up').exit()).toBe(0);
  });
  afterAll(() => database.drop());

  async function start(more: Record<string, string> = {}) {
    const env = { ...deployedAt(database.url), PORT: '0', ...more };
    const program = startProgram('src/main', [], env);
    const port = await program.printed(/"port":(\d+)/);
    return { program, url: `http://127.0.0.1:${port}` };
  }
  const connections = async (): Promise<number> => {
    const rows = await database.query(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
    return rows.length;
  };

  it('SIGTERM: the open request gets its answer, new ones none; nothing stays behind', async () => {
    const { program, url } = await start();
    const { port } = new URL(url);
    const body = JSON.stringify({ title: 'The last one' });
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    const open = request({ port, path: '/rooms', method: 'POST', headers });
    open.write(body.slice(0, 5));
    // The server has the beginning of it: another request over another connection came after.
    await fetch(`${url}/healthz`);
    program.child.kill('SIGTERM');
    await program.printed(/(stopping)/);
    await waitFor(() =>
      fetch(`${url}/healthz`).then(
        () => false,
        () => true,
      ),
    );
    open.end(body.slice(5));
    const [response] = (await once(open, 'response')) as [{ statusCode: number }];
    expect(response.statusCode).toBe(201);
    expect(await program.exit()).toBe(0);
    expect(program.lines().at(-1)).toMatchObject({ msg: 'stopped' });
    await waitFor(async () => (await connections()) === 0);
  });

  it('DRAIN_MS: after SIGTERM it is not ready but serves on, until no balancer sends any more', async () => {
    const { program, url } = await start({ DRAIN_MS: '3600000' });
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    program.child.kill('SIGTERM');
    await program.printed(/(stopping)/);
    const ready = await fetch(`${url}/readyz`);
    expect({ status: ready.status, body: await ready.json() }).toMatchObject({
      status: 503,
      body: { reason: 'draining' },
    });
    const served = await fetch(`${url}/rooms`, postOf({ title: 'Still open' }));
    expect({ status: served.status, connection: served.headers.get('connection') }).toEqual({
      status: 201,
      connection: 'close',
    });
    program.child.kill('SIGKILL');
    await program.exit();
    const { program: sooner } = await start({ DRAIN_MS: '100' });
    sooner.child.kill('SIGTERM');
    expect(await sooner.exit()).toBe(0);
    expect(sooner.lines().at(-1)).toMatchObject({ msg: 'stopped' });
  });

  it('in development: takes the database of POSTGRES_*, and another port where the usual one is taken', async () => {
    const { DB_HOST, DB_PORT, DB_NAME, DB_USER, DB_PASSWORD } = deployedAt(database.url);
    const env = Object.entries({
      HOST: DB_HOST,
      PORT: DB_PORT,
      DB: DB_NAME,
      USER: DB_USER,
      PASSWORD: DB_PASSWORD,
    });
    const variables = Object.fromEntries(
      env.map(([name, value]) => [`POSTGRES_${name}`, value ?? '']),
    );
    const first = startProgram('scripts/dev', [], variables);
    const addresses = [await first.printed(/(http:\S+)/)];
    const second = startProgram('scripts/dev', [], variables);
    addresses.push(await second.printed(/(http:\S+)/));
    expect(new Set(addresses).size).toBe(2);
    for (const address of addresses) expect((await fetch(`${address}/readyz`)).status).toBe(200);
    const { port } = new URL(addresses[0] ?? '');
    const third = startProgram('scripts/dev', [], { ...variables, PORT: port });
    expect(await third.exit()).toBe(1);
    for (const program of [first, second]) {
      expect(program.output()).toContain('Already up to date');
      program.child.kill('SIGINT');
      expect(await program.exit()).toBe(0);
    }
  });

  it('does not start on wrong settings, and names them', async () => {
    const program = startProgram('src/main', [], { PORT: 'many' });
    expect(await program.exit()).toBe(1);
    expect(program.lines()).toMatchObject([
      { level: 60, err: { message: expect.stringContaining('PORT') as string } },
    ]);
  });

  it('does not start in production without a database', async () => {
    const program = startProgram('src/main', [], { NODE_ENV: 'production' });
    expect(await program.exit()).toBe(1);
    expect(program.output()).toContain('DB_HOST');
  });

  it('does not start on a port that is taken, and leaves no connection', async () => {
    const first = await start();
    const env = { ...deployedAt(database.url), PORT: new URL(first.url).port };
    const second = startProgram('src/main', [], env);
    expect(await second.exit()).toBe(1);
    expect(second.output()).toContain('EADDRINUSE');
    first.program.child.kill('SIGTERM');
    expect(await first.program.exit()).toBe(0);
    await waitFor(async () => (await connections()) === 0);
  });
});
