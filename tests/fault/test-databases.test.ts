import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createDatabase, type TestDatabase } from '../support/database';
import { createProject, type Project } from '../support/project';
import { waitFor } from '../support/wait-for';

const PROCESSES = 8;

/** Asks for a test database, says its name, and holds it until it is told to drop it. */
const OWNER = `
const { createTestDatabase } = require('knexward');
createTestDatabase().then(async (database) => {
  console.log(database.name);
  await new Promise((resolve) => process.stdin.once('data', resolve));
  await database.drop();
  process.stdin.destroy();
}, (error) => { console.error(error); process.exitCode = 1; });
`;

/** Each build of the template leaves a row in the project's own database, and takes its time. */
const COUNTED = `
exports.up = async (knex) => {
  await knex.raw('create table users (name text)');
  const { Client } = require('pg');
  const client = new Client(process.env.TEST_DATABASE_URL);
  await client.connect();
  await client.query('insert into builds values (1)');
  await client.end();
  await knex.raw('select pg_sleep(?)', [Number(process.env.SECONDS)]);
};
exports.down = () => {};
`;

/** Asks for several at once, as tests in one process do, and drops them at once. */
const MANY = `
const { createTestDatabase } = require('knexward');
const many = () => Promise.all(Array.from({ length: 5 }, () => createTestDatabase()));
many().then(async (databases) => {
  console.log(new Set(databases.map(({ name }) => name)).size);
  await Promise.all(databases.map((database) => database.drop()));
}, (error) => { console.error(error); process.exitCode = 1; });
`;

describe('test databases, when processes race and die', () => {
  let home: TestDatabase;
  let project: Project;
  let owners: ChildProcess[];

  beforeEach(async () => {
    home = await createDatabase();
    await home.query('create table builds (n int)');
    owners = [];
    project = createProject({
      'package.json': JSON.stringify({ name: home.name }),
      'knexfile.js':
        "module.exports = { client: 'pg', connection: process.env.TEST_DATABASE_URL };",
      'migrations/20260101000000_users.js': COUNTED,
      'owner.js': OWNER,
      'many.js': MANY,
    });
  });
  afterEach(async () => {
    for (const owner of owners) owner.kill('SIGKILL');
    project.remove();
    for (const name of [...(await own('test')), ...(await own('building'))]) {
      await home.query(`drop database "${name}" with (force)`);
    }
    for (const name of await own('template')) {
      await home.query(`alter database "${name}" with is_template false`);
      await home.query(`drop database "${name}"`);
    }
    await home.drop();
  });

  /** This project's databases of a kind; the label is as long as the shorter of the two is. */
  const own = async (kind: string): Promise<string[]> => {
    const rows = await home.query<{ name: string }>(
      'select datname as name from pg_database where datname like $1 order by 1',
      [`knexward_${kind}_${home.name.slice(0, 12)}%`],
    );
    return rows.map(({ name }) => name);
  };
  const builds = async (): Promise<number> =>
    (await home.query<{ n: number }>('select count(*)::int as n from builds'))[0]?.n ?? 0;
  const variables = (more = {}) => ({
    ...{ NODE_ENV: 'test', TEST_DATABASE_URL: home.url, SECONDS: '0.3', ...more },
  });
  const start = (more = {}, ...args: string[]): ChildProcess & { said: () => string } => {
    const { PATH = '' } = process.env;
    const child = spawn(process.execPath, args.length > 0 ? args : ['owner.js'], {
      cwd: project.root,
      env: { PATH, ...variables(more) },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += `! ${text}`));
    owners.push(child);
    return Object.assign(child, { said: () => said.trim() });
  };
  const finish = async (child: ChildProcess): Promise<unknown> => {
    const ended = once(child, 'exit');
    child.stdin?.write('drop\n');
    return (await ended)[0];
  };
  const kill = async (child: ChildProcess): Promise<void> => {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };

  it(`${PROCESSES} processes at once, no template yet: built once, ${PROCESSES} databases`, async () => {
    const children = Array.from({ length: PROCESSES }, () => start());
    await waitFor(() => Promise.resolve(children.every((child) => child.said() !== '')));
    const names = children.map((child) => child.said());
    expect(await own('test')).toEqual([...names].sort());
    expect(new Set(names).size).toBe(PROCESSES);
    expect(await builds()).toBe(1);
    expect(await own('template')).toHaveLength(1);
    // Each ends by itself, with its database dropped.
    expect(await Promise.all(children.map(finish))).toEqual(children.map(() => 0));
    expect([...(await own('test')), ...(await own('building'))]).toEqual([]);
  });

  it('several at once in one process: on its connection their statements follow each other', async () => {
    const child = start({}, '--throw-deprecation', 'many.js');
    expect((await once(child, 'exit'))[0]).toBe(0);
    expect(child.said()).toBe('5');
    expect(await builds()).toBe(1);
    expect([...(await own('test')), ...(await own('building'))]).toEqual([]);
  });

  it('a builder is killed in the middle: the next one builds, and nothing half done is left', async () => {
    // Longer than this test waits: it is killed in the middle, however late that is.
    const killed = start({ SECONDS: '900' });
    await waitFor(async () => (await builds()) === 1);
    expect(await own('building')).toHaveLength(1);
    expect(await own('template')).toEqual([]);
    await kill(killed);
    const next = start();
    await waitFor(() => Promise.resolve(next.said() !== ''));
    expect(await own('test')).toEqual([next.said()]);
    expect(await builds()).toBe(2);
    expect(await finish(next)).toBe(0);
    // The killed one's statement may have been under way when the next one looked.
    await waitFor(async () => {
      const later = start();
      await waitFor(() => Promise.resolve(later.said() !== ''));
      await finish(later);
      return (await own('building')).length === 0;
    });
    expect(await own('template')).toHaveLength(1);
    expect(await builds()).toBe(2);
  });

  it('an owner is killed: the next call drops its database, and not that of one that lives', async () => {
    const [dead, alive] = [start(), start()];
    await waitFor(() => Promise.resolve(dead.said() !== '' && alive.said() !== ''));
    await kill(dead);
    // The server notices a closed connection in its own time.
    await waitFor(async () => {
      const rows = await home.query<{ n: number }>(
        `select count(*)::int as n from pg_locks where locktype = 'advisory' and objsubid = 1
           and to_hex((classid::bigint << 32) | objid::bigint) = any ($1)`,
        [[dead.said().split('_').at(-3)]],
      );
      return rows[0]?.n === 0;
    });
    const next = start();
    await waitFor(() => Promise.resolve(next.said() !== ''));
    expect(await own('test')).toEqual([alive.said(), next.said()].sort());
    expect(await Promise.all([finish(alive), finish(next)])).toEqual([0, 0]);
    expect(await own('test')).toEqual([]);
  });

  it('a program that does not drop its database ends all the same, and the next call drops it', async () => {
    project.write({
      'forgets.js':
        "require('knexward').createTestDatabase().then(({ name }) => console.log(name));",
    });
    const { code, stdout } = await project.node(['forgets.js'], variables());
    expect(code).toBe(0);
    expect(await own('test')).toEqual([stdout.trim()]);
    const next = start();
    await waitFor(() => Promise.resolve(next.said() !== ''));
    expect(await own('test')).toEqual([next.said()]);
    await finish(next);
  });

  it('production is refused before anything is connected to', async () => {
    const env = { NODE_ENV: 'production', TEST_DATABASE_URL: 'postgres://a:s3cret@127.0.0.1:1/a' };
    const { code, stderr } = await project.node(['owner.js'], env);
    expect(code).toBe(1);
    expect(stderr).toContain('Test databases are not made in the environment "production"');
    expect(stderr).not.toContain('s3cret');
  });
});
