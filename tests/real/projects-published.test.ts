import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { compareCatalogs, readCatalog } from '../support/catalog';
import { createDatabase, type TestDatabase } from '../support/database';
import { DB_MIGRATE_PACKAGES, dbMigrate } from '../support/db-migrate';
import { createProject, type Project, REPOSITORY } from '../support/project';

/*
 * Those of tests/real/projects.json that are on npm with their migrations: services of one
 * repository, each with a history of its own. The others need a checkout: docs/real-projects.md.
 */

const run = promisify(execFile);

const OPTIONS = ['--config', 'migrations/pg/database.json'];
const FOLDER = ['--migrations-dir', 'migrations/pg/migrations'];

const BOOKKEEPING = ['migrations', 'knex_migrations', 'knex_migrations_lock', 'knexward_journal'];

/** Fetches a package's migrations at the first use, and keeps them. */
async function fetchMigrations(name: string, version: string): Promise<string> {
  const cache = join(REPOSITORY, '.cache', `${name}-${version}`);
  if (existsSync(cache)) return cache;
  const work = `${cache}.${process.pid}`;
  mkdirSync(work, { recursive: true });
  try {
    const pack = ['pack', `@sourceloop/${name}@${version}`, '--silent', '--pack-destination', work];
    const { stdout } = await run('npm', pack);
    await run('tar', ['-xzf', join(work, stdout.trim()), '-C', work, 'package/migrations/pg']);
    renameSync(join(work, 'package'), cache);
  } catch (error) {
    if (!existsSync(cache)) throw error;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return cache;
}

const catalogOf = (database: TestDatabase): Promise<string[]> =>
  readCatalog(async (sql, params) => ({ rows: await database.query(sql, params) }), {
    exclude: BOOKKEEPING.map((table) => `public.${table}`),
  });

const environmentOf = ({ name, config }: TestDatabase): Record<string, string> => ({
  DB_HOST: String(config.host),
  DB_PORT: String(config.port),
  DB_DATABASE: name,
  DB_USER: String(config.user),
  DB_PASSWORD: String(config.password),
});

describe.each([
  ['authentication-service', '19.2.2', 'master', 6],
  ['notification-service', '12.0.1', 'master', 3],
  ['scheduler-service', '17.0.0', 'local', 7],
] as const)('%s, as it is published (US4, US5)', (name, version, environment, count) => {
  const named = ['--env', environment];
  let project: Project;
  let old: TestDatabase;
  let fresh: TestDatabase;

  beforeAll(async () => {
    project = createProject({ 'package.json': JSON.stringify({ name }) }, DB_MIGRATE_PACKAGES);
    cpSync(await fetchMigrations(name, version), project.root, { recursive: true });
    [old, fresh] = await Promise.all([createDatabase(), createDatabase()]);
  });
  afterAll(async () => {
    project.remove();
    await Promise.all([old.drop(), fresh.drop()]);
  });

  it('is taken over: nothing is pending, nothing runs, the schema stays', async () => {
    const env = environmentOf(old);
    expect(await dbMigrate(project, ['up', ...OPTIONS, ...FOLDER], env)).toMatchObject({ code: 0 });
    const before = await catalogOf(old);
    const adopted = await project.knexward(
      ['adopt', '--yes', '--json', ...OPTIONS, ...FOLDER, ...named],
      env,
    );
    expect({ ...adopted, json: adopted.json() }).toMatchObject({
      code: 0,
      json: { adopted: count, verified: true },
    });
    expect(await project.knexward(['status', '--check', ...named], env)).toMatchObject({ code: 0 });
    expect((await project.knexward(['up', ...named], env)).stdout).toContain('Already up to date');
    expect(compareCatalogs(before, await catalogOf(old))).toEqual([]);
  });

  it('and makes of an empty database what db-migrate makes of it', async () => {
    const up = await project.knexward(['up', ...named], environmentOf(fresh));
    expect({ code: up.code, stderr: up.stderr }).toMatchObject({ code: 0 });
    expect(up.stdout).toContain(`Batch 1 run: ${count} migrations`);
    expect(compareCatalogs(await catalogOf(old), await catalogOf(fresh))).toEqual([]);
  });
});
