import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as fc from 'fast-check';
import { Client } from 'pg';
import { createDriver } from '../../src/db-migrate/driver/index.js';
import { STANDARD_ERROR_LOG } from '../../src/db-migrate/driver/log.js';
import { loadDbMigrateFile } from '../../src/db-migrate/load.js';
import { runDbMigrateMigration } from '../../src/db-migrate/migration.js';
import { compareCatalogs, readCatalog } from '../support/catalog.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import {
  type GeneratedMigration,
  generatedMigration,
} from '../support/generated-migration/migration.js';
import { sourceOf } from '../support/generated-migration/source.js';
import { createProject, type Project } from '../support/project.js';
import { SEED, sizeOf, WHOLE } from '../support/sizes.js';

/*
 * Made-up migrations, each run by real db-migrate in one database and by knexward in another. Both
 * must leave the same catalog and the same rows, or fail with the same SQLSTATE.
 */

const REAL_DRIVER = join(__dirname, '../fixtures/db-migrate/real-driver.js');
const RUNS = sizeOf('generatedMigrations');

/** Every row of every table in one answer, whatever the tables are. */
const ROWS_SQL = `
  SELECT relname, query_to_xml(
      format('SELECT t::text AS row FROM %s t ORDER BY 1', oid::regclass), true, false, '')::text AS rows
  FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname`;

interface Outcome {
  error?: { code?: string; message: string };
  catalog?: string[];
  rows?: unknown[];
}

let theirs: TestDatabase;
let ours: TestDatabase;
let project: Project;
let child: ChildProcessWithoutNullStreams;
let answers: AsyncIterator<string>;

beforeAll(async () => {
  [theirs, ours] = await Promise.all([createDatabase(), createDatabase()]);
  project = createProject({});
  child = spawn(process.execPath, ['--no-deprecation', REAL_DRIVER]);
  child.stderr.pipe(process.stderr);
  answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
});

afterAll(async () => {
  child.stdin.end();
  project.remove();
  await Promise.all([theirs.drop(), ours.drop()]);
});

async function runTheirs(file: string): Promise<Outcome> {
  child.stdin.write(`${JSON.stringify({ file, config: theirs.config, rowsSql: ROWS_SQL })}\n`);
  const answer = await answers.next();
  return JSON.parse(String(answer.value)) as Outcome;
}

async function runOurs(file: string): Promise<Outcome> {
  const connection = new Client(ours.config);
  await connection.connect();
  try {
    await connection.query('BEGIN');
    const driver = createDriver({
      connection,
      log: { ...STANDARD_ERROR_LOG, info: () => undefined },
    });
    await runDbMigrateMigration(await loadDbMigrateFile(file), 'up', driver);
    const { rows } = await connection.query<Record<string, unknown>>(ROWS_SQL);
    return { rows, catalog: await readCatalog((sql, params) => connection.query(sql, params)) };
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return { error: { message, ...(code !== undefined && { code }) } };
  } finally {
    await connection.end();
  }
}

/** The two ran at different moments, and nobody's random values are another's. */
function timeless(rows: unknown): string {
  return JSON.stringify(rows, null, 1)
    .replaceAll(/20[2-9]\d-\d\d-\d\d/g, 'TODAY')
    .replaceAll(/\d\d:\d\d:\d\d\.\d+/g, 'NOW')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f-]{17}/g, 'RANDOM');
}

/** What differs, or nothing. */
function differenceOf(migration: GeneratedMigration, their: Outcome, our: Outcome): string {
  if (their.error || our.error) {
    return sameFailure(migration, their.error, our.error)
      ? ''
      : `db-migrate: ${JSON.stringify(their.error)}\nknexward:   ${JSON.stringify(our.error)}`;
  }
  const catalogs = compareCatalogs(their.catalog ?? [], our.catalog ?? []);
  const [expected, actual] = [timeless(their.rows), timeless(our.rows)];
  return [...catalogs, ...(expected === actual ? [] : [expected, actual])].join('\n');
}

/**
 * The same SQLSTATE. Where db-migrate trips over its own feet, or is known to send SQL that is none,
 * knexward says what is wrong instead.
 */
function sameFailure(
  { tables, calls }: GeneratedMigration,
  their: Outcome['error'],
  our: Outcome['error'],
): boolean {
  if (!their || !our) return false;
  const isFromServer = /^[0-9A-Z]{5}$/.test(their.code ?? '');
  const refused = !isFromServer || [...tables, ...calls].some((call) => call.refused);
  return (isFromServer && our.code === their.code) || (refused && our.code === 'INVALID_MIGRATION');
}

it(`${RUNS} made-up migrations do under knexward what they do under db-migrate`, async () => {
  let files = 0;
  const seen = {
    migrations: 0,
    calls: 0,
    done: new Set<string>(),
    codes: new Map<string, number>(),
  };
  await fc.assert(
    fc.asyncProperty(generatedMigration, async (migration) => {
      const source = sourceOf(migration);
      const file = join(project.root, `20200101000000-made-up-${++files}.js`);
      writeFileSync(file, source);
      const [their, our] = await Promise.all([runTheirs(file), runOurs(file)]);
      const difference = differenceOf(migration, their, our);
      if (difference !== '') throw new Error(`${source}\n${difference}`);
      seen.migrations += 1;
      const calls = [...migration.tables, ...migration.calls];
      seen.calls += calls.length;
      const code = their.error ? (their.error.code ?? 'no SQLSTATE') : 'done';
      seen.codes.set(code, (seen.codes.get(code) ?? 0) + 1);
      if (!their.error) calls.forEach(({ method }) => seen.done.add(method));
    }),
    { numRuns: RUNS, seed: SEED },
  );
  const codes = [...seen.codes].sort(([, a], [, b]) => b - a).map((entry) => entry.join(' '));
  process.stdout.write(
    `Seed ${SEED}: ${seen.migrations} migrations with ${seen.calls} calls; ${codes.join(', ')}\n`,
  );
  expect(seen.migrations).toBe(RUNS);
  expect(seen.codes.get('done')).toBeGreaterThan(RUNS / 3);
  // A sample is too small to meet nearly every method and error, whatever the seed.
  if (!WHOLE) return;
  // In a transaction PostgreSQL
  // refuses createDatabase and dropDatabase.
  expect(seen.done.size).toBeGreaterThanOrEqual(13);
  expect(seen.codes.size).toBeGreaterThan(8);
});
