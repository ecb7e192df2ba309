import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createDatabase, type TestDatabase } from '../support/database';
import { createLegacyProject, dbMigrate, legacyTable } from '../support/db-migrate';
import { type Project, REPOSITORY } from '../support/project';

const FILES = {
  'migrations/20150101000000-a.js': legacyTable('a'),
  Makefile: 'migrate:\n\tdb-migrate up\n',
};

describe('the files of a takeover, while it is under way (FR-011)', () => {
  let database: TestDatabase;
  let project: Project;
  let env: Record<string, string>;

  beforeEach(async () => {
    database = await createDatabase();
    env = { DATABASE_URL: database.url };
    project = createLegacyProject(FILES);
    await dbMigrate(project, ['up'], env);
  });
  afterEach(async () => {
    chmodSync(project.root, 0o755);
    project.remove();
    await database.drop();
  });

  const texts = (): Record<string, string> =>
    Object.fromEntries(
      readdirSync(project.root)
        .filter((name) => lstatSync(join(project.root, name)).isFile())
        .map((name) => [name, readFileSync(join(project.root, name), 'utf8')]),
    );
  const isAdopted = async (): Promise<boolean> => {
    const [found] = await database.query<{ is: boolean }>(
      "select to_regclass('knex_migrations') is not null as is",
    );
    return found?.is ?? false;
  };
  /** Takes the project over, and runs a statement of JavaScript while the question stands open. */
  const adoptAnd = async (meanwhile: string): Promise<string> => {
    const program = `
      const fs = require('node:fs');
      require('knexward').adopt({ timeZone: 'UTC', confirm: async () => { ${meanwhile} } })
        .then(() => console.log('done'), (error) => console.log(error.code, error.message));`;
    const { stdout } = await project.node(['-e', program], env);
    return stdout;
  };

  it.each(['package.json', 'Makefile', 'database.json', 'knexfile.js', 'knexward-adopted.json'])(
    '%s is written while adopt asks: nothing is changed, in the database neither',
    async (file) => {
      const text = file.endsWith('.json') ? '{ "mine": true }' : '# mine\n';
      const said = await adoptAnd(`fs.writeFileSync('${file}', ${JSON.stringify(text)});`);
      expect(said).toMatch(new RegExp(`^PLAN_CHANGED .*${file} has been written meanwhile`));
      expect(await isAdopted()).toBe(false);
      expect(texts()).toEqual({ ...texts(), [file]: text });
      expect(Object.keys(texts())).not.toContain('database.json.bak');
    },
  );

  it('with nothing written meanwhile, the same takeover is carried out', async () => {
    expect(await adoptAnd('')).toBe('done\n');
    expect(await isAdopted()).toBe(true);
    expect(texts()).toHaveProperty(['database.json.bak']);
  });

  it('a folder that may not be written to: FILE_NOT_WRITABLE, and the next adopt goes on', async () => {
    const before = texts();
    chmodSync(project.root, 0o555);
    // For root, rights are no obstacle.
    const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
    const child = spawn(
      process.execPath,
      [join(REPOSITORY, 'bin/knexward.js'), 'adopt', '--yes', '--time-zone', 'UTC'],
      { cwd: project.root, env: { PATH: process.env['PATH'], ...env }, stdio: 'pipe', ...user },
    );
    let said = '';
    child.stderr.on('data', (text: Buffer) => (said += text.toString()));
    child.stdout.resume();
    const [code] = (await once(child, 'close')) as [number];
    expect([code, said]).toEqual([2, expect.stringMatching(/^FILE_NOT_WRITABLE /m)]);
    expect(texts()).toEqual(before);
    chmodSync(project.root, 0o755);
    const again = await project.knexward(['adopt', '--yes', '--time-zone', 'UTC'], env);
    expect([again.code, again.stderr]).toEqual([0, '']);
    expect(texts()).toHaveProperty(['database.json.bak']);
  });

  it('adopt --url needs none of the variables that stand for the connection in database.json', async () => {
    project.write({
      'database.json': JSON.stringify({
        dev: { driver: 'pg', host: { ENV: 'NOT_SET' }, database: { ENV: 'NOT_SET_EITHER' } },
      }),
    });
    const args = ['adopt', '--yes', '--time-zone', 'UTC', '--database-only', '--url', database.url];
    const { code, stderr } = await project.knexward(args);
    expect([code, stderr]).toEqual([0, '']);
    expect(await isAdopted()).toBe(true);
  });
});
