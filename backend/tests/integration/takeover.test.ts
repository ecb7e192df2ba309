import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { compareCatalogs, readCatalog } from '../../../tests/support/catalog';
import { createDatabase, type TestDatabase } from '../../../tests/support/database';
import { DB_MIGRATE_PACKAGES, dbMigrate } from '../../../tests/support/db-migrate';
import {
  createProject,
  type Outcome,
  type Project,
  REPOSITORY,
} from '../../../tests/support/project';
import { ROOT } from '../../src/config/root';
import { deployedAt } from '../support/program';

const LEGACY = join(REPOSITORY, 'examples/legacy-polls');
const BOOKKEEPING = ['migrations', 'knex_migrations', 'knex_migrations_lock', 'knexward_journal'];
const VARIABLES = {
  POSTGRES_HOST: 'a',
  POSTGRES_PORT: '1',
  POSTGRES_DB: 'b',
  POSTGRES_USER: 'c',
  POSTGRES_PASSWORD: 'd',
  DB_HOST: 'e',
  DB_PORT: '2',
  DB_NAME: 'f',
  DB_USER: 'g',
  DB_PASSWORD: 'h',
};

interface Environment {
  client: string;
  connection: Record<string, unknown> | undefined;
  migrations: { tableName: string; migrationSource: { getMigrations(): Promise<unknown[]> } };
  knexward: { dbMigrate: unknown };
}

interface Status {
  upToDate: boolean;
  applied: { name: string; origin: string; appliedAt: string }[];
  pending: { name: string }[];
}

/** Where pg connects to: a URL and settings one by one say the same in two ways. */
function placeOf(connection: object | undefined): unknown {
  const { host, port, user, password, database } = new Client(connection ?? {});
  return { host, port, user, password, database };
}

/** A knexfile's environments as these variables make them. */
function environmentsOf(path: string, variables: Record<string, string>) {
  const before = { ...process.env };
  for (const name of [...Object.keys(VARIABLES), 'DATABASE_URL']) delete process.env[name];
  Object.assign(process.env, variables);
  let knexfile: Record<string, Environment> & { default?: Record<string, Environment> } = {};
  jest.isolateModules(() => {
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    knexfile = require(path) as typeof knexfile;
  });
  process.env = before;
  return knexfile.default ?? knexfile;
}

describe('the takeover of examples/legacy-polls, repeated, and backend/', () => {
  let project: Project;
  let taken: TestDatabase;
  let fresh: TestDatabase;
  let adopted: Outcome;
  const moments = (database: TestDatabase) =>
    database.query<{ name: string; at: string }>(
      `SELECT substring(name FROM 2) || '.js' AS name, to_char(run_on, 'YYYY-MM-DD HH24:MI:SS.US') AS at
       FROM migrations ORDER BY id`,
    );
  const inBackend = (database: TestDatabase, ...args: string[]) =>
    project.knexward([...args, '--cwd', ROOT], deployedAt(database.url));
  const catalogOf = (database: TestDatabase) =>
    readCatalog(async (sql, params) => ({ rows: await database.query(sql, params) }), {
      exclude: BOOKKEEPING.map((table) => `public.${table}`),
    });

  beforeAll(async () => {
    project = createProject({}, DB_MIGRATE_PACKAGES);
    cpSync(LEGACY, project.root, { recursive: true });
    taken = await createDatabase();
    fresh = await createDatabase();
    const { NODE_ENV: _, ...variables } = deployedAt(taken.url);
    const built = await dbMigrate(project, ['up', '-e', 'test'], variables);
    if (built.code !== 0) throw new Error(built.stderr);
    adopted = await project.knexward(['adopt', '--yes', '--time-zone', 'UTC', '--env', 'test'], {
      ...variables,
    });
  });
  afterAll(async () => {
    project.remove();
    await taken.drop();
    await fresh.drop();
  });

  it('goes through, and leaves what backend/ has: database.json.bak, and every old file', () => {
    expect({ code: adopted.code, stderr: adopted.stderr }).toMatchObject({ code: 0 });
    expect(readFileSync(join(ROOT, 'database.json.bak'), 'utf8')).toBe(
      project.read('database.json.bak'),
    );
    for (const folder of ['migrations', 'migrations/sqls']) {
      for (const name of readdirSync(join(project.root, folder))) {
        if (!/\.(js|sql)$/.test(name)) continue;
        const path = join(folder, name);
        expect({ path, text: readFileSync(join(ROOT, path), 'utf8') }).toEqual({
          path,
          text: project.read(path),
        });
      }
    }
  });

  it('writes the scripts that backend/package.json has, under their old names (US6, FR-011)', () => {
    const scriptsOf = (text: string): [string, string][] =>
      Object.entries((JSON.parse(text) as { scripts: Record<string, string> }).scripts).filter(
        ([name]) => name.startsWith('migrate:'),
      );
    const written = scriptsOf(project.read('package.json'));
    const old = scriptsOf(readFileSync(join(LEGACY, 'package.json'), 'utf8'));
    expect(written.map(([name]) => name)).toEqual(old.map(([name]) => name));
    expect(scriptsOf(readFileSync(join(ROOT, 'package.json'), 'utf8'))).toEqual(written);
  });

  it.each([
    ['the variables of old', VARIABLES],
    ['DATABASE_URL, which wins', { ...VARIABLES, DATABASE_URL: 'postgresql://u:p@h:1/d' }],
    ['nothing', {}],
  ])('its knexfile and backend’s say the same, given %s (FR-010)', (_what, variables) => {
    const generated = environmentsOf(join(project.root, 'knexfile.js'), variables);
    const ours = environmentsOf(join(ROOT, 'src/config/knexfile.ts'), variables);
    const told = ({ client, connection, migrations, knexward }: Environment): unknown =>
      JSON.parse(
        JSON.stringify({
          ...{ client, connection: placeOf(connection), dbMigrate: knexward.dbMigrate },
          tableName: migrations.tableName,
        }),
      );
    expect(Object.keys(ours)).toEqual(expect.arrayContaining(Object.keys(generated)));
    for (const [name, environment] of Object.entries(generated)) {
      expect({ name, told: told(ours[name] as Environment) }).toEqual({
        name,
        told: told(environment),
      });
    }
  });

  it('backend goes on with the database as it was taken over: only its new ones are pending (US4)', async () => {
    const status = await inBackend(taken, 'status', '--json');
    const { applied, pending } = status.json<Status>();
    const old = await moments(taken);
    expect(applied.map(({ name }) => name)).toEqual(old.map(({ name }) => name));
    expect(applied.map(({ appliedAt }) => Date.parse(appliedAt))).toEqual(
      old.map(({ at }) => Date.parse(`${at.replace(' ', 'T').slice(0, 23)}Z`)),
    );
    const added = readdirSync(join(ROOT, 'migrations')).filter((name) => name.endsWith('.ts'));
    expect(pending.map(({ name }) => name)).toEqual(added);
  });

  it('the old files make, through knexward, the schema and the rows that db-migrate made (US5)', async () => {
    const old = await moments(taken);
    const up = await inBackend(fresh, 'up', '--count', String(old.length));
    expect({ code: up.code, stderr: up.stderr }).toMatchObject({ code: 0 });
    expect(compareCatalogs(await catalogOf(taken), await catalogOf(fresh))).toEqual([]);
    const rows = 'SELECT * FROM question_templates ORDER BY 1';
    expect(await fresh.query(rows)).toEqual(await taken.query(rows));
  });

  it('the new ones come to one schema on both; and down leads back to what was taken over (US1, US2)', async () => {
    const before = await catalogOf(taken);
    for (const database of [taken, fresh]) {
      expect(await inBackend(database, 'up')).toMatchObject({ code: 0 });
    }
    expect(compareCatalogs(await catalogOf(taken), await catalogOf(fresh))).toEqual([]);
    expect(await inBackend(taken, 'down')).toMatchObject({ code: 0 });
    expect(compareCatalogs(before, await catalogOf(taken))).toEqual([]);
  });
});
