import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decide } from '../../src/init/decide';
import { lookAtProject } from '../../src/init/look';
import { writeFiles } from '../../src/init/write';
import { createDatabase } from '../support/database';
import { install, removePacked } from '../support/install-packages';
import { createProject, KNEXFILE, type Project } from '../support/project';

const MANIFEST = '{\n\t"name": "shop",\n\t"type": "module"\n}\n';
const NOW = new Date('2026-01-02T03:04:05Z');

describe('init sets a project up (US10, FR-011)', () => {
  let project: Project;
  const make = (files: Record<string, string>) => (project = createProject(files));
  /** Everything in the folder but what is installed. */
  const files = (): Record<string, string> =>
    Object.fromEntries(
      readdirSync(project.root, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules'))
        .map((entry) => join(entry.parentPath, entry.name))
        .map((path) => [path, readFileSync(path, 'utf8')]),
    );
  afterEach(() => project.remove());

  it('nothing is written with --dry-run, and without a terminal only with --yes', async () => {
    make({ 'package.json': MANIFEST });
    const before = files();
    expect(await project.knexward(['init', '--dry-run'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Dry run: nothing was changed.') as string,
    });
    expect(await project.knexward(['init'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('CONFIRMATION_REQUIRED') as string,
    });
    expect(files()).toEqual(before);
  });

  it.each([
    ['no package.json', {}, 'There is no package.json'],
    ['a package.json that is no JSON', { 'package.json': '{ "name": ' }, 'cannot be used'],
    ['a package.json that is a list', { 'package.json': '[]' }, 'it does not hold an object'],
    ['scripts that are no object', { 'package.json': '{"scripts": []}' }, '"scripts"'],
  ])('%s: an error, and nothing is written', async (_, given, message) => {
    make(given);
    const before = files();
    const { code, stderr } = await project.knexward(['init', '--yes']);
    expect({ code, told: stderr.includes(message) }).toEqual({ code: 2, told: true });
    expect(stderr).toContain('USAGE');
    expect(files()).toEqual(before);
  });

  it('a script of that name that does something else stays, and is told', async () => {
    make({ 'package.json': '{"scripts": {"migrate:up": "echo mine"}}\r\n' });
    const { stdout } = await project.knexward(['init', '--yes']);
    expect(stdout).toContain('The script migrate:up exists and is not changed: echo mine');
    const text = project.read('package.json');
    expect(JSON.parse(text)).toMatchObject({
      scripts: { 'migrate:up': 'echo mine', 'migrate:down': 'knexward down' },
    });
    expect(text.replaceAll('\r\n', '')).not.toContain('\n');
  });

  it('package.json keeps its indentation, and .gitignore its lines; a second time there is nothing to write', async () => {
    make({ 'package.json': MANIFEST, '.gitignore': 'node_modules' });
    expect((await project.knexward(['init', '--yes', '--json'])).json()).toMatchObject({
      action: 'create',
      packageManager: 'npm',
      files: [
        { action: 'create' },
        { path: 'package.json', action: 'change' },
        { path: '.gitignore', action: 'change' },
        { path: 'knexfile.js', action: 'create' },
      ],
    });
    expect(project.read('package.json')).toMatch(
      /^\{\n\t"name": "shop",\n\t"type": "module",\n\t"scripts": \{\n\t\t"migrate:up"/,
    );
    expect(project.read('.gitignore')).toBe('node_modules\n.knexward/\n');
    const before = files();
    const { files: again } = decide(lookAtProject(project.root), NOW);
    expect([again, files()]).toEqual([[], before]);
  });

  it.each([
    ['package-lock.json', '{}', 'npm', 'npx knexward up'],
    ['pnpm-lock.yaml', '', 'pnpm', 'pnpm exec knexward up'],
    ['yarn.lock', '', 'yarn', 'yarn knexward up'],
  ])(
    "a workspace's package, with %s above it: the commands of its package manager",
    (lock, text, name, up) => {
      make({
        'package.json': '{"workspaces": ["packages/*"]}',
        [lock]: text,
        'packages/api/package.json': '{"dependencies": {"knexward": "*", "knex": "*", "pg": "*"}}',
      });
      const root = decide(lookAtProject(project.root), NOW);
      expect(root.notes.join()).toContain('This is the root of a workspace');
      const plan = decide(lookAtProject(join(project.root, 'packages/api')), NOW);
      expect(plan).toMatchObject({ packageManager: name, notes: [] });
      expect(plan.next).toHaveLength(3);
      expect(plan.next[0]).toBe(up);
    },
  );

  it('packageManager in package.json goes before a lock file', () => {
    make({ 'package.json': '{"packageManager": "pnpm@9.0.0"}', 'yarn.lock': '' });
    expect(lookAtProject(project.root).packageManager).toBe('pnpm');
  });

  it('db-migrate: nothing is written, and adopt is named', async () => {
    make({ 'package.json': '{"dependencies": {"db-migrate": "*"}}', 'database.json': '{}' });
    const before = files();
    expect(await project.knexward(['init', '--yes'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('npx knexward adopt --dry-run') as string,
    });
    expect(files()).toEqual(before);
  });

  it('a knexfile that is broken: its check is red, and no script is written', async () => {
    make({ 'package.json': '{}', 'knexfile.js': 'module.exports = {' });
    const before = files();
    expect(await project.knexward(['init', '--yes'])).toMatchObject({
      code: 2,
      stdout: expect.stringContaining('✗ CONFIGURATION') as string,
    });
    expect(files()).toEqual(before);
  });

  it('a file that appears after the plan was made is not overwritten', async () => {
    make({ 'package.json': '{}' });
    const { files: planned } = decide(lookAtProject(project.root), NOW);
    project.write({ 'knexfile.js': '// mine' });
    await expect(writeFiles(project.root, planned)).rejects.toMatchObject({ code: 'PLAN_CHANGED' });
    expect(Object.keys(files())).toHaveLength(2);
    expect(project.read('knexfile.js')).toBe('// mine');
  });

  it('a folder that cannot be written to: an error', async () => {
    make({ 'package.json': '{}', migrations: 'a file' });
    if (process.getuid?.() !== 0) {
      rmSync(join(project.root, 'migrations'));
      chmodSync(project.root, 0o555);
    }
    const { code, stderr } = await project.knexward(['init', '--yes']);
    chmodSync(project.root, 0o755);
    expect([code, stderr.split(' ')[0]]).toEqual([2, 'FILE_NOT_WRITABLE']);
    expect(existsSync(join(project.root, 'knexfile.js'))).toBe(false);
  });
});

describe('npx knexward init, from the packed package (SC-006)', () => {
  let root: string;
  const shown: string[] = [];
  const sh = (command: string, env: Record<string, string> = {}): string => {
    const { PATH = '', HOME = '' } = process.env;
    const { stdout: output, status } = spawnSync('sh', ['-c', `${command} 2>&1`], {
      ...{ cwd: root, encoding: 'utf8' },
      env: { PATH, HOME, TZ: 'UTC', npm_config_offline: 'true', ...env },
    });
    shown.push(`$ ${command}\n${output}`);
    expect([command, status]).toEqual([command, 0]);
    return output;
  };
  beforeEach(() => {
    shown.length = 0;
    root = mkdtempSync(join(tmpdir(), 'knexward-init-'));
    // The embedded server may run as another user, who has to enter the folder.
    chmodSync(root, 0o755);
  });
  afterEach(() => {
    process.stderr.write(`\n${shown.join('')}\n`);
    rmSync(root, { recursive: true, force: true });
  });
  afterAll(removePacked);

  it('a new TypeScript project of ES modules: up works at once, and the files pass tsc', () => {
    writeFileSync(join(root, 'package.json'), MANIFEST);
    writeFileSync(
      join(root, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          ...{ strict: true, module: 'nodenext', target: 'es2022', noEmit: true },
          ...{ skipLibCheck: true, types: ['node'], exactOptionalPropertyTypes: true },
          noPropertyAccessFromIndexSignature: true,
        },
        include: ['knexfile.ts', 'migrations'],
      }),
    );
    install(root, ['knexward', 'knex', 'pg', '@types/node', 'typescript']);
    sh('npx knexward init --yes');
    expect(sh('npx knexward up')).toContain('Batch 1 run: 1 migrations');
    expect(sh('npm run --silent migrate:status')).toContain('Already up to date');
    expect(sh('npm run --silent migrate:create -- add_rooms')).toMatch(
      /migrations\/\d+_add_rooms\.ts/,
    );
    sh('node node_modules/typescript/bin/tsc -p .');
    expect(sh('npx knexward down')).toContain('rolled back');
  });

  it('a Knex project: checked, scripts added, nothing else changed', async () => {
    const database = await createDatabase();
    const env = { TEST_DATABASE_URL: database.url };
    writeFileSync(join(root, 'package.json'), '{\n  "name": "shop"\n}\n');
    writeFileSync(join(root, 'knexfile.js'), KNEXFILE);
    install(root, ['knexward', 'knex', 'pg']);
    mkdirSync(join(root, 'migrations'));
    writeFileSync(
      join(root, 'migrations/20260101000000_a.js'),
      "exports.up = (knex) => knex.raw('create table a (id int)'); exports.down = () => {};",
    );
    expect(sh('npx knexward init --yes', env)).toMatch(/^\d+ checks passed$/m);
    expect(readFileSync(join(root, 'knexfile.js'), 'utf8')).toBe(KNEXFILE);
    expect(readdirSync(root).sort()).toEqual(
      ['knexfile.js', 'migrations', 'node_modules', 'package.json'].sort(),
    );
    expect(sh('npm run --silent migrate:up', env)).toContain('Batch 1 run: 1 migrations');
    await database.drop();
  });
});
