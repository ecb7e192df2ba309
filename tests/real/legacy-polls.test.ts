import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { compareCatalogs, readCatalog } from '../support/catalog.js';
import { createDatabase, type TestDatabase } from '../support/database.js';

const REPOSITORY = path.resolve(__dirname, '../..');
const EXAMPLE = path.join(REPOSITORY, 'examples/legacy-polls');

/** Rows of an early user, for the migrations that change data to find. */
const EARLY_ROWS_AFTER = '/20171111203044-longer-room-titles';
const EARLY_ROWS = `
  INSERT INTO rooms (code, title, created_at) VALUES ('QUIZ42', 'Friday''s Pub Quiz', '2017-11-24');
  INSERT INTO questions (room_id, body, state) VALUES (1, 'Who sang it?', 'open'), (1, 'Another round?', 'draft');
  INSERT INTO options (question_id, label) VALUES (1, 'Nina'), (1, 'Ella');
  INSERT INTO participants (room_id, nickname, ip_address) VALUES (1, 'Table 5', '192.0.2.7');
  INSERT INTO votes (participant_id, question_id, option_id) VALUES (1, 1, 2);
`;

let project: string;
let database: TestDatabase;
let environment: NodeJS.ProcessEnv;
/** The catalog after each number of migrations: at 0 that of the empty database. */
const catalogs: string[][] = [];

async function dbMigrate(...args: string[]): Promise<string> {
  const cli = path.join('node_modules', 'db-migrate', 'bin', 'db-migrate');
  const options = { cwd: project, env: environment };
  const { stdout } = await promisify(execFile)(process.execPath, [cli, ...args], options);
  return stdout;
}

const catalog = () =>
  readCatalog(async (sql, params) => ({ rows: await database.query(sql, params) }), {
    exclude: ['public.migrations'],
  });

const migrationNames = async () =>
  (await readdir(path.join(EXAMPLE, 'migrations')))
    .filter((file) => file.endsWith('.js'))
    .map((file) => `/${path.basename(file, '.js')}`)
    .sort();

const history = async () =>
  (await database.query<{ name: string }>('SELECT name FROM migrations ORDER BY id')).map(
    ({ name }) => name,
  );

beforeAll(async () => {
  project = await mkdtemp(path.join(os.tmpdir(), 'legacy-polls-'));
  const filter = (file: string) => path.basename(file) !== 'node_modules';
  await cp(EXAMPLE, project, { recursive: true, filter });
  await symlink(path.join(REPOSITORY, 'node_modules'), path.join(project, 'node_modules'));
  database = await createDatabase();
  const { host, port, user, password } = database.config;
  environment = {
    PATH: process.env['PATH'],
    POSTGRES_HOST: host,
    POSTGRES_PORT: String(port),
    POSTGRES_DB: database.name,
    POSTGRES_USER: user,
    POSTGRES_PASSWORD: password as string,
  };
});

afterAll(async () => {
  await database.drop();
  await rm(project, { recursive: true, force: true });
});

describe('the example project under db-migrate', () => {
  it('goes up one migration at a time', async () => {
    catalogs.push(await catalog());
    const names = await migrationNames();
    for (const [index, name] of names.entries()) {
      await dbMigrate('up', '-c', '1');
      expect(await history()).toEqual(names.slice(0, index + 1));
      catalogs.push(await catalog());
      if (name === EARLY_ROWS_AFTER) await database.query(EARLY_ROWS);
    }
    expect(await dbMigrate('check')).toContain('Migrations to run: []');
  });

  it('carries the data along', async () => {
    expect(await database.query('SELECT slug FROM rooms')).toEqual([
      { slug: 'friday-s-pub-quiz-quiz42' },
    ]);
    expect(await database.query('SELECT state, settings FROM questions ORDER BY id')).toEqual([
      { state: 'closed', settings: { multiple: false } },
      { state: 'draft', settings: { multiple: false } },
    ]);
    expect(await database.query('SELECT key FROM question_templates ORDER BY key')).toEqual(
      ['agree', 'mood', 'scale', 'yes_no'].map((key) => ({ key })),
    );
  });

  it('reverts each migration to exactly what was there before it', async () => {
    for (const before of catalogs.slice(0, -1).reverse()) {
      await dbMigrate('down');
      expect(compareCatalogs(before, await catalog())).toEqual([]);
    }
    expect(await history()).toEqual([]);
  });

  it('comes to the same schema when it goes up again, all at once', async () => {
    await dbMigrate('up');
    expect(await history()).toEqual(await migrationNames());
    expect(compareCatalogs(catalogs.at(-1) ?? [], await catalog())).toEqual([]);
  });
});

describe('the application on the migrated database', () => {
  let server: ChildProcess;
  let url: string;

  beforeAll(async () => {
    server = spawn(process.execPath, ['src/server.js'], {
      cwd: project,
      env: { ...environment, PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface(server.stdout!), 'line')) as [string];
    url = line.replace('listening on port ', 'http://127.0.0.1:');
  });

  afterAll(async () => {
    const closed = once(server, 'close');
    server.kill();
    await closed;
  });

  async function send(method: string, route: string, body?: object) {
    const response = await fetch(url + route, {
      method,
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  it('holds a poll with one vote for each participant', async () => {
    const room = await send('POST', '/rooms', { title: 'Team lunch' });
    expect(room.body['code']).toMatch(/^[A-Z2-9]{6}$/);
    const code = room.body['code'] as string;
    const { body: question } = await send('POST', `/rooms/${code}/questions`, {
      body: 'Where to?',
      options: ['Noodles', 'Curry'],
    });
    const [, curry] = question['options'] as { id: number; label: string }[];
    const { body: guest } = await send('POST', `/rooms/${code}/participants`, { name: 'Ada' });
    const votes = `/questions/${question['id'] as number}/votes`;
    const vote = { participantId: guest['id'], optionId: curry!.id };

    expect((await send('POST', votes, vote)).status).toBe(201);
    expect((await send('POST', votes, vote)).status).toBe(409);
    await send('POST', `/questions/${question['id'] as number}/close`);
    const { body: late } = await send('POST', `/rooms/${code}/participants`, { name: 'Bob' });
    const lateVote = await send('POST', votes, { ...vote, participantId: late['id'] });
    expect(lateVote.status).toBe(409);

    const results = await send('GET', `/questions/${question['id'] as number}/results`);
    expect(results.body).toMatchObject({
      state: 'closed',
      options: [
        { label: 'Noodles', votes: 0 },
        { label: 'Curry', votes: 1 },
      ],
    });
  });
});
