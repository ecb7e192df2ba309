import { readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createDatabase, type TestDatabase } from '../support/database';
import { createLegacyProject, dbMigrate } from '../support/db-migrate';
import { type Project } from '../support/project';

interface Check {
  code: string;
  status: string;
  message: string;
  fix: string | null;
}

describe("db-migrate's folder sqls", () => {
  let database: TestDatabase;
  let project: Project;
  let env: Record<string, string>;
  const inMigrations = (name: string) => join(project.root, 'migrations', name);
  const doctor = async (): Promise<Check | undefined> => {
    const { json } = await project.knexward(['doctor', '--json'], env);
    const { checks } = json<{ checks: Check[] }>();
    const found = checks.filter(({ code }) => code === 'SQL_WITHOUT_LOADER');
    expect(found.length).toBeLessThan(2);
    return found[0];
  };
  /** As real db-migrate makes them: a loader, and two SQL files in sqls. */
  const create = async (...names: string[]): Promise<string[]> => {
    for (const name of names) {
      const made = await dbMigrate(project, ['create', name, '--sql-file'], env);
      expect(made).toMatchObject({ code: 0 });
    }
    return readdirSync(join(project.root, 'migrations')).filter((name) => name.endsWith('.js'));
  };

  beforeEach(async () => {
    database = await createDatabase();
    env = { DATABASE_URL: database.url, TZ: 'UTC' };
    project = createLegacyProject({});
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  it('doctor tells once of SQL whose loader is missing, which up passes over', async () => {
    const [one = '', two = ''] = await create('one', 'two');
    expect((await project.knexward(['adopt', '--yes'], env)).code).toBe(0);
    expect(await doctor()).toBeUndefined();

    rmSync(inMigrations(two));
    const name = two.replace(/\.js$/, '');
    expect(await doctor()).toEqual({
      code: 'SQL_WITHOUT_LOADER',
      status: 'yellow',
      message: `a folder sqls has the SQL of a migration that is not in the migrations folder: ${name}. No file loads it, so up passes over it`,
      fix: `Restore ${two} from version control, or remove the SQL files`,
    });

    // A loader under another name still reads its files.
    project.write({ 'migrations/20990101000000-other.js': `// sqls/${name}-up.sql` });
    expect(await doctor()).toBeUndefined();
    rmSync(inMigrations('20990101000000-other.js'));
    renameSync(inMigrations(one), inMigrations(`20990101000000-renamed.js`));
    expect((await doctor())?.message).not.toContain(one.replace(/\.js$/, ''));
  });

  it('folds many names, and looks into scopes', async () => {
    await create('here');
    const lost = Array.from({ length: 5 }, (_, n) => `2015010100000${n}-lost`);
    project.write(
      Object.fromEntries(
        lost.flatMap((name) => [
          [`migrations/sqls/${name}-up.sql`, ''],
          [`migrations/sqls/${name}-down.sql`, ''],
        ]),
      ),
    );
    project.write({
      'migrations/shop/20150101000000-s.js': 'exports.up = () => null;',
      'migrations/shop/sqls/20150101000009-t-up.sql': '',
    });
    expect((await project.knexward(['adopt', '--yes'], env)).code).toBe(0);
    expect((await doctor())?.message).toContain(
      'the SQL of 6 migrations that are not in the migrations folder: 20150101000000-lost, 20150101000001-lost, 20150101000002-lost and 3 more',
    );
  });

  it('says nothing of a folder of that name that holds other files', async () => {
    await create('here');
    expect((await project.knexward(['adopt', '--yes'], env)).code).toBe(0);
    project.write({
      'migrations/sqls/20150101000000_report.sql': 'select 1',
      'migrations/sqls/functions-up.sql': 'select 1',
      'migrations/sqls/README.md': 'Text.',
    });
    expect(await doctor()).toBeUndefined();
  });
});
