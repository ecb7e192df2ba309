import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
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
      const before = texts();
      const said = await adoptAnd(`fs.writeFileSync('${file}', ${JSON.stringify(text)});`);
      expect(said).toMatch(
        new RegExp(`^PLAN_CHANGED .*${file} was changed after the plan was made`),
      );
      expect(await isAdopted()).toBe(false);
      expect(texts()).toEqual({ ...before, [file]: text });
    },
  );

  it.each([
    ['Procfile', 'release: npx db-migrate up\n'],
    ['.github/workflows/x.yml', 'jobs:\n  a:\n    steps:\n      - run: npx db-migrate up\n'],
    ['deploy.yaml', 'command: ["db-migrate", "up"]\n'],
    ['server.js', "require('./database.json');\n"],
    ['migrations/helper.js', "require('../database.json');\n"],
    ['database.json.bak', '{}'],
  ])('%s appears while adopt asks: nothing is changed', async (file, text) => {
    const said = await adoptAnd(
      `fs.mkdirSync(require('node:path').dirname('${file}'), { recursive: true });
       fs.writeFileSync('${file}', ${JSON.stringify(text)});`,
    );
    expect(said).toMatch(/^PLAN_CHANGED /);
    expect(await isAdopted()).toBe(false);
    expect(project.read('database.json')).toContain('dev');
    expect(project.read(file)).toBe(text);
  });

  it('one that calls db-migrate and is left says something else meanwhile: nothing is changed', async () => {
    project.write({ 'deploy.yaml': 'command: ["db-migrate", "up"]\n' });
    const said = await adoptAnd(
      `fs.appendFileSync('deploy.yaml', 'more: ["db-migrate", "down"]\\n');`,
    );
    expect(said).toMatch(/^PLAN_CHANGED .*deploy\.yaml:2/);
    expect(await isAdopted()).toBe(false);
  });

  it('a database.json.bak of somebody else, also as a link that leads nowhere, stays; the undo is exact', async () => {
    project.write({ 'database.json.bak': 'mine\n' });
    symlinkSync('nowhere', join(project.root, 'database.json.bak.1'));
    const before = texts();
    expect(await adoptAnd('')).toBe('done\n');
    expect(project.read('database.json.bak')).toBe('mine\n');
    expect(readlinkSync(join(project.root, 'database.json.bak.1'))).toBe('nowhere');
    expect(project.read('database.json.bak.2')).toBe(before['database.json']);
    const { code, stderr } = await project.knexward(['adopt', '--undo', '--yes'], env);
    expect([code, stderr]).toEqual([0, '']);
    expect(texts()).toEqual(before);
  });

  it('a second takeover, of a database.json that was written anew, leaves the .bak of the first', async () => {
    expect(await adoptAnd('')).toBe('done\n');
    const first = project.read('database.json.bak');
    project.write({ 'database.json': first.replace('{', '{ ') });
    const before = texts();
    expect(await adoptAnd('')).toBe('done\n');
    expect(project.read('database.json.bak')).toBe(first);
    expect(project.read('database.json.bak.1')).toBe(before['database.json']);
    const { code, stderr } = await project.knexward(['adopt', '--undo', '--yes'], env);
    expect([code, stderr]).toEqual([0, '']);
    expect(project.read('database.json')).toBe(before['database.json']);
    expect(project.read('database.json.bak')).toBe(first);
  });

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
    expect([code, said]).toEqual([
      2,
      expect.stringMatching(
        /^FILE_NOT_WRITABLE .*The database is done, and 0 of \d files were changed/m,
      ),
    ]);
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

  it.each([['--schema', 'x'], []])(
    'adopt --url %s does not take an environment that database.json does not have',
    async (...more) => {
      const args = [
        'adopt',
        '--yes',
        '--time-zone',
        'UTC',
        '--url',
        database.url,
        '--env',
        'prduction',
      ];
      const { code, stderr } = await project.knexward([...args, ...more]);
      expect([code, stderr.split(' ')[0]]).toEqual([2, 'UNKNOWN_ENVIRONMENT']);
      expect(await isAdopted()).toBe(false);
    },
  );

  it('a record of another form is refused, and nothing is changed', async () => {
    expect(await adoptAnd('')).toBe('done\n');
    const record = project.read('knexward-adopted.json');
    project.write({ 'knexward-adopted.json': record.replace('"version": 2', '"version": 1') });
    const before = texts();
    const { code, stderr } = await project.knexward(['adopt', '--undo', '--yes'], env);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/it is of version 1, not 2/)]);
    expect(texts()).toEqual(before);
  });

  it('a record that does not give a file back as it was leaves the file, and says so', async () => {
    expect(await adoptAnd('')).toBe('done\n');
    const record = JSON.parse(project.read('knexward-adopted.json')) as {
      files: { path: string; before?: unknown }[];
    };
    const makefile = record.files.find(({ path }) => path === 'Makefile');
    if (makefile) makefile.before = ['something else'];
    project.write({ 'knexward-adopted.json': JSON.stringify(record) });
    const rewritten = project.read('Makefile');
    const { code, stdout } = await project.knexward(['adopt', '--undo', '--yes'], env);
    expect([code, stdout]).toEqual([0, expect.stringContaining('does not give back Makefile')]);
    expect(project.read('Makefile')).toBe(rewritten);
  });

  it('a package.json with a byte order mark: taken over, run and undone', async () => {
    project.write({ 'package.json': `\uFEFF${project.read('package.json')}` });
    const before = texts();
    expect(await adoptAnd('')).toBe('done\n');
    for (const command of [['status'], ['up'], ['doctor']]) {
      const { code, stderr } = await project.knexward(command, env);
      expect([command, code, stderr]).toEqual([command, 0, '']);
    }
    const { code, stderr } = await project.knexward(['adopt', '--undo', '--yes'], env);
    expect([code, stderr]).toEqual([0, '']);
    expect(texts()).toEqual(before);
  });

  it('a password in a script that is left stands in no line that is shown (FR-018)', async () => {
    const manifest = JSON.parse(project.read('package.json')) as {
      scripts: Record<string, string>;
    };
    manifest.scripts['other'] = 'db-migrate up --config=postgres://u:hunter2secret@h/d';
    manifest.scripts['more'] =
      'API_TOKEN=hunter2secret DB_PASS=hunter2secret db-migrate up | tee log';
    project.write({
      'package.json': JSON.stringify(manifest),
      'run.sh': 'db-migrate up --config=postgres://u:hunter2secret@h/d\n',
    });
    for (const more of [[], ['--json']]) {
      const args = ['adopt', '--dry-run', '--time-zone', 'UTC', ...more];
      const { stdout, stderr } = await project.knexward(args, env);
      expect(stdout).toContain('SCRIPT_LEFT');
      expect(stdout + stderr).not.toContain('hunter2secret');
    }
  });

  it('a caller that is not UTF-8 is listed, stays as it is, and keeps database.json', async () => {
    const latin1 = Buffer.from('migrate:\n\tdb-migrate up -e dev\n# caf\u00e9\n', 'latin1');
    writeFileSync(join(project.root, 'Makefile'), latin1);
    const args = ['adopt', '--yes', '--time-zone', 'UTC'];
    const { code, stdout } = await project.knexward(args, env);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/CALLER_LEFT: Makefile:2/)]);
    expect(readFileSync(join(project.root, 'Makefile'))).toEqual(latin1);
    expect(Object.keys(texts())).toContain('database.json');
  });

  it('a package.json that is not UTF-8 is refused, and nothing is changed', async () => {
    const latin1 = Buffer.from('{"author":"J\u00f6rg","scripts":{"m":"db-migrate up"}}', 'latin1');
    writeFileSync(join(project.root, 'package.json'), latin1);
    const { code, stderr } = await project.knexward(['adopt', '--yes', '--time-zone', 'UTC'], env);
    expect([code, stderr]).toEqual([2, expect.stringContaining('is not UTF-8')]);
    expect(readFileSync(join(project.root, 'package.json'))).toEqual(latin1);
    expect(await isAdopted()).toBe(false);
  });
});
