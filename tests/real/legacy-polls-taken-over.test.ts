import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { compareCatalogs, readCatalog } from '../support/catalog';
import { createDatabase, type TestDatabase } from '../support/database';
import { DB_MIGRATE_PACKAGES, dbMigrate } from '../support/db-migrate';
import { createProject, type Project, REPOSITORY } from '../support/project';

const BOOKKEEPING = ['migrations', 'knex_migrations', 'knex_migrations_lock', 'knexward_journal'];

const catalogOf = (database: TestDatabase): Promise<string[]> =>
  readCatalog(async (sql, params) => ({ rows: await database.query(sql, params) }), {
    exclude: BOOKKEEPING.map((table) => `public.${table}`),
  });

const environmentOf = ({ name, config }: TestDatabase): Record<string, string> => ({
  POSTGRES_HOST: String(config.host),
  POSTGRES_PORT: String(config.port),
  POSTGRES_DB: name,
  POSTGRES_USER: String(config.user),
  POSTGRES_PASSWORD: String(config.password),
});

describe('examples/legacy-polls, taken over (US4, US5)', () => {
  let project: Project;
  let byDbMigrate: TestDatabase;
  let byKnexward: TestDatabase;
  const count = readdirSync(join(REPOSITORY, 'examples/legacy-polls/migrations')).filter((file) =>
    file.endsWith('.js'),
  ).length;

  beforeAll(async () => {
    project = createProject({}, DB_MIGRATE_PACKAGES);
    cpSync(join(REPOSITORY, 'examples/legacy-polls'), project.root, { recursive: true });
    byDbMigrate = await createDatabase();
    byKnexward = await createDatabase();
    const up = await dbMigrate(project, ['up'], environmentOf(byDbMigrate));
    expect({ code: up.code, stderr: up.stderr }).toMatchObject({ code: 0 });
  });
  afterAll(async () => {
    project.remove();
    await byDbMigrate.drop();
    await byKnexward.drop();
  });

  it('on an empty database, all styles of its files give the schema and the rows that db-migrate gives', async () => {
    const env = environmentOf(byKnexward);
    expect(await project.knexward(['adopt', '--yes'], env)).toMatchObject({ code: 0 });
    const up = await project.knexward(['up'], env);
    expect({ code: up.code, stdout: up.stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`Batch 1 run: ${count} migrations`) as string,
    });
    expect(compareCatalogs(await catalogOf(byDbMigrate), await catalogOf(byKnexward))).toEqual([]);
    const templates = 'select * from question_templates order by 1';
    expect(await byKnexward.query(templates)).toEqual(await byDbMigrate.query(templates));
  });

  it('and every down takes it back, to the empty database', async () => {
    const down = await project.knexward(['down', '--all'], environmentOf(byKnexward));
    expect({ code: down.code, stderr: down.stderr }).toMatchObject({ code: 0 });
    const empty = await createDatabase();
    expect(compareCatalogs(await catalogOf(empty), await catalogOf(byKnexward))).toEqual([]);
    await empty.drop();
  });
});
