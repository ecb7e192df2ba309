import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { knex } from 'knex';
import { toKnexMigration } from '../../src/db-migrate/migration.js';
import { compareCatalogs, readCatalog } from '../support/catalog.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { sampleOf } from '../support/sizes.js';

/*
 * Real db-migrate is the judge: it runs each fixture in one database, knexward in another, and then
 * both must hold the same schema and the same rows.
 */

const FIXTURES = join(__dirname, '../fixtures/db-migrate');

type Direction = 'up' | 'down';

interface Job {
  file: string;
  theirs: TestDatabase;
  ours: TestDatabase;
  schema?: string;
}

interface Failure {
  code?: string;
  message: string;
}

const jobs: Job[] = [];
const folders: string[] = [];

function filesIn(folder: string): string[] {
  const names = readdirSync(join(FIXTURES, folder)).filter((name) => name.endsWith('.js'));
  return names.sort().map((name) => join(FIXTURES, folder, name));
}

async function prepare(file: string, schema?: string): Promise<Job> {
  const [theirs, ours] = await Promise.all([createDatabase(), createDatabase()]);
  const job = { file, theirs, ours, ...(schema !== undefined && { schema }) };
  jobs.push(job);
  return job;
}

/** A folder that holds nothing but a link to the file, since db-migrate runs whole folders. */
async function folderFor(file: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'knexward-db-migrate-'));
  folders.push(folder);
  await symlink(file, join(folder, basename(file)));
  return folder;
}

async function runTheirs(which: Job[], direction: Direction): Promise<(Failure | null)[]> {
  const input = await Promise.all(
    which.map(async ({ file, theirs, schema }) => ({
      folder: await folderFor(file),
      config: { ...theirs.config, schema },
      direction,
    })),
  );
  const child = spawn(process.execPath, [join(FIXTURES, 'real-db-migrate.js')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  child.stdin.end(JSON.stringify(input));
  const output = await text(child.stdout);
  await exited;
  return JSON.parse(output) as (Failure | null)[];
}

/** db-migrate opens a connection for each run, so what a migration sets for its session ends there. */
async function runOurs({ file, ours, schema }: Job, direction: Direction): Promise<void> {
  const client = knex({ client: 'pg', connection: ours.url, pool: { min: 0, max: 1 } });
  try {
    const migration = toKnexMigration(file, schema === undefined ? {} : { schema });
    await client.transaction((trx) => migration[direction](trx));
  } finally {
    await client.destroy();
  }
}

/** All but db-migrate's history: the schema, and every row. */
async function contentsOf(database: TestDatabase, historySchema: string): Promise<string[]> {
  const query = async (sql: string, params?: unknown[]) => ({
    rows: await database.query(sql, params),
  });
  const catalog = await readCatalog(query, { exclude: [`${historySchema}.migrations`] });
  const tables = await database.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
       AND (schemaname, tablename) <> ($1, 'migrations')`,
    [historySchema],
  );
  const contents = [...catalog];
  for (const { name } of tables) {
    const rows = await database.query<{ row: string }>(
      `SELECT t::text AS row FROM ${name} t ORDER BY 1`,
    );
    contents.push(...rows.map(({ row }) => `row of ${name}: ${row}`));
  }
  return contents;
}

async function differences({ theirs, ours, schema = 'public' }: Job): Promise<string[]> {
  const [expected, actual] = await Promise.all([
    contentsOf(theirs, schema),
    contentsOf(ours, schema),
  ]);
  return compareCatalogs(expected, actual);
}

afterAll(async () => {
  await Promise.all(jobs.flatMap(({ theirs, ours }) => [theirs.drop(), ours.drop()]));
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true })));
});

describe('a migration that works with db-migrate', () => {
  const files = sampleOf('migrationsOfDriver', filesIn('migrations')).map((file) => ({
    name: basename(file, '.js'),
    file,
  }));
  const prepared = new Map<string, Job>();
  const jobFor = (file: string) => prepared.get(file) as Job;

  beforeAll(async () => {
    for (const { file } of files) prepared.set(file, await prepare(file));
  });

  describe.each(['up', 'down'] as const)('%s', (direction) => {
    beforeAll(async () => {
      const failures = await runTheirs([...prepared.values()], direction);
      expect(failures).toEqual(files.map(() => null));
    });

    it.each(files)('$name', async ({ file }) => {
      await runOurs(jobFor(file), direction);
      expect(await differences(jobFor(file))).toEqual([]);
    });
  });
});

describe('a migration that fails with db-migrate', () => {
  const files = filesIn('failing').map((file) => ({ name: basename(file, '.js'), file }));
  const failures = new Map<string, Failure | null>();
  const prepared = new Map<string, Job>();

  beforeAll(async () => {
    for (const { file } of files) prepared.set(file, await prepare(file));
    const theirs = await runTheirs([...prepared.values()], 'up');
    files.forEach(({ file }, index) => failures.set(file, theirs[index] ?? null));
  });

  it.each(files)('fails here, too, and leaves as little: $name', async ({ file }) => {
    const job = prepared.get(file) as Job;
    expect(failures.get(file)).toMatchObject({ code: expect.any(String) as string });
    await expect(runOurs(job, 'up')).rejects.toThrow();
    expect(await differences(job)).toEqual([]);
  });

  it('says first what was wrong first, where db-migrate says what was wrong last', async () => {
    const file = files.find(({ name }) => name.endsWith('second-of-two-calls'))?.file as string;
    const { ours } = prepared.get(file) as Job;
    expect(failures.get(file)?.code).toBe('25P02');
    await expect(runOurs({ file, ours, theirs: ours }, 'up')).rejects.toMatchObject({
      code: '42P07',
    });
  });
});

describe('a configured schema', () => {
  it.each(['data-types', 'commits-midway', 'history'])('holds what %s creates', async (name) => {
    const file = filesIn('migrations').find((path) => path.endsWith(`-${name}.js`)) as string;
    const job = await prepare(file, 'App Data');
    for (const database of [job.theirs, job.ours]) {
      await database.query('CREATE SCHEMA "App Data"');
    }
    expect(await runTheirs([job], 'up')).toEqual([null]);
    await runOurs(job, 'up');
    expect(await differences(job)).toEqual([]);
    const tables = await job.ours.query(
      "SELECT schemaname FROM pg_tables WHERE schemaname IN ('public', 'App Data')",
    );
    expect(tables).toEqual([{ schemaname: 'App Data' }]);
  });
});
