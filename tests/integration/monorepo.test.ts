import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { createDatabase, type TestDatabase } from '../support/database';
import { dbMigrate, legacyTable } from '../support/db-migrate';
import { createProject, type Outcome, type Project } from '../support/project';

const DATABASE_JSON = '{"dev": {"driver": "pg", "url": {"ENV": "DATABASE_URL"}}}\n';

/** A repository of two packages; the one that is taken over is `backend`. */
const REPOSITORY = {
  '.git/HEAD': 'ref: refs/heads/main\n',
  'package.json':
    '\uFEFF{\r\n\t"name": "shop", "workspaces": ["backend", "web"],\r\n\t"scripts": {\r\n\t\t"migrate" : "cd backend && npx db-migrate up",\r\n\t\t"there": "cd backend && db-migrate up -e \\u0064ev",\r\n\r\n\t\t"wrong": "npx db-migrate up", "start": "npm start -w backend"\r\n\t}\r\n}',
  'docker-compose.yml':
    'services:\n  api:\n    build: ./backend\n    command: ["npx", "db-migrate", "up"]\n    volumes:\n      - ./backend/database.json:/app/database.json\n',
  '.github/workflows/deploy.yml': `on: push
jobs:
  whole:
    runs-on: ubuntu-latest
    defaults:
      run:
        working-directory: backend
    steps:
      - run: npx db-migrate up
  steps:
    steps:
      - name: in its folder
        working-directory: ./backend
        run: npx db-migrate check
      - run: |
          npm ci
          cd backend
          npx db-migrate up
      - run: npx db-migrate up
      - working-directory: web
        run: npx db-migrate up
`,
  Makefile:
    'migrate:\n\tcd backend && npx db-migrate up\n\nwrong:\n\t@npx db-migrate up\n\nvariable:\n\tcd $(DIR) && npx db-migrate up\n',
  Dockerfile:
    'FROM node:20\nWORKDIR /app\nCOPY . .\nRUN cd backend && npx db-migrate up\nWORKDIR /app/backend\nCMD npx db-migrate up && node .\n',
  'deploy/release.sh': '#!/bin/sh\ncd backend\nnpx db-migrate up\n',
  'k8s/job.yaml': 'spec:\n  containers:\n    - command: ["npx", "db-migrate", "up"]\n',
  Procfile: 'release: cd backend && npx db-migrate up\n',
  'web/package.json': '{ "name": "web", "scripts": { "build": "true" } }\n',
  'web/src/index.js': "const settings = require('../../backend/database.json');\n",
  'other/database.json': DATABASE_JSON,
  'other/package.json': '{ "scripts": { "migrate": "db-migrate up" } }\n',
  'node_modules/x/index.js': "require('db-migrate');\n",
  'backend/package.json':
    '{\n  "name": "backend",\n  "scripts": {\n    "migrate": "db-migrate up",\n    "start": "node ."\n  }\n}\n',
  'backend/database.json': DATABASE_JSON,
  'backend/migrations/20150101000000-a.js': legacyTable('a'),
};

const REWRITTEN = {
  'package.json': REPOSITORY['package.json']
    .replace('npx db-migrate up', 'npx knexward up --env dev')
    .replace('db-migrate up -e \\u0064ev', 'npx knexward up --env dev'),
  '.github/workflows/deploy.yml': REPOSITORY['.github/workflows/deploy.yml']
    .replace('npx db-migrate up', 'npx knexward up --env dev')
    .replace('npx db-migrate check', 'npx knexward status --env dev')
    .replace(
      'cd backend\n          npx db-migrate up',
      'cd backend\n          npx knexward up --env dev',
    ),
  Makefile: REPOSITORY.Makefile.replace('npx db-migrate up', 'npx knexward up --env dev'),
  Dockerfile: REPOSITORY.Dockerfile.replaceAll('npx db-migrate up', 'npx knexward up --env dev'),
  Procfile: REPOSITORY.Procfile.replace('npx db-migrate up', 'npx knexward up --env dev'),
};

/** What is neither rewritten nor may be forgotten. */
const LISTED = [
  '../Makefile:5',
  '../Makefile:8',
  '../package.json:7',
  '../docker-compose.yml:4',
  '../docker-compose.yml:6',
  '../.github/workflows/deploy.yml:19',
  '../.github/workflows/deploy.yml:21',
  '../deploy/release.sh:3',
  '../k8s/job.yaml:3',
  '../web/src/index.js:1',
];

/** What --rewrite-callers rewrites. */
const REWRITABLE = [
  '../package.json:4',
  '../package.json:5',
  '../.github/workflows/deploy.yml:9',
  '../.github/workflows/deploy.yml:14',
  '../.github/workflows/deploy.yml:18',
  '../Makefile:2',
  '../Dockerfile:4',
  '../Dockerfile:6',
  '../Procfile:1',
];

interface Document {
  files: { path: string; action: string }[];
  warnings: { code: string; message: string }[];
}

describe('a monorepo, taken over from the folder of one package (US4, US6, FR-011, FR-018)', () => {
  let database: TestDatabase;
  let project: Project;
  let env: Record<string, string>;
  const knexward = async (...args: string[]): Promise<Outcome> => {
    const outcome = await project.knexward([...args, '--cwd', 'backend'], env);
    expect(outcome).toMatchObject({ code: 0 });
    return outcome;
  };
  const adopt = async (...args: string[]): Promise<Document> =>
    (await knexward('adopt', '--yes', '--json', ...args)).json<Document>();
  const places = ({ warnings }: Document): string[] =>
    warnings
      .filter(({ code }) => code === 'CALLER_LEFT')
      .map(({ message }) => message.split(' ')[0] ?? '');
  const contents = (paths: object) =>
    Object.fromEntries(Object.keys(paths).map((path) => [path, project.read(path)]));

  beforeEach(async () => {
    database = await createDatabase();
    env = { DATABASE_URL: database.url };
    project = createProject(REPOSITORY, ['knex', 'pg', 'db-migrate', 'db-migrate-pg']);
    chmodSync(join(project.root, 'Makefile'), 0o664);
    chmodSync(join(project.root, 'backend/package.json'), 0o666);
    const where = ['--migrations-dir', 'backend/migrations', '--config', 'backend/database.json'];
    expect(await dbMigrate(project, ['up', ...where], env)).toMatchObject({ code: 0 });
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  it('lists every caller with its line, and rewrites none outside without being asked', async () => {
    const document = await adopt();
    expect(places(document).sort()).toEqual([...LISTED, ...REWRITABLE].sort());
    const offered = document.warnings.filter(({ message }) =>
      message.includes('--rewrite-callers'),
    );
    expect(offered.map(({ message }) => message.split(' ')[0]).sort()).toEqual(REWRITABLE.sort());
    expect(contents(REWRITTEN)).toEqual(
      Object.fromEntries(Object.entries(REPOSITORY).filter(([path]) => path in REWRITTEN)),
    );
    expect(project.read('backend/package.json')).toContain('"migrate": "knexward up"');
  });

  it('rewrites them where it is asked to, lists the rest, and brings all back to the byte', async () => {
    const before = treeOf(project.root);
    const document = await adopt('--rewrite-callers');
    expect(contents(REWRITTEN)).toEqual(REWRITTEN);
    expect(places(document).sort()).toEqual(LISTED.sort());
    // Others still read it: the compose file, the other package.
    expect(document.files).toContainEqual({ path: 'database.json', action: 'keep' });
    expect(treeOf(project.root)['Makefile']).toContain('664');
    expect((await adopt('--rewrite-callers')).files.map(({ action }) => action)).toEqual([
      'keep',
      'keep',
    ]);
    await knexward('adopt', '--undo', '--yes');
    expect(treeOf(project.root)).toEqual(before);
  });

  it('rewrites later what it was not asked to at first', async () => {
    const before = treeOf(project.root);
    await adopt();
    await adopt('--rewrite-callers');
    expect(project.read('Procfile')).toContain('cd backend && npx knexward up');
    await knexward('adopt', '--undo', '--yes');
    expect(treeOf(project.root)).toEqual(before);
  });

  it('renames database.json once nothing needs it any more', async () => {
    for (const path of [...Object.keys(REPOSITORY)]) {
      if (!path.startsWith('backend/') && !path.startsWith('.git/')) project.delete(path);
    }
    project.write({ 'backend/scripts/seed.js': "require('../database.json');\n" });
    expect((await adopt()).files).toContainEqual({ path: 'database.json', action: 'keep' });
    project.delete('backend/scripts/seed.js');
    project.write({
      'backend/migrations/20150101000000-a.js': `${legacyTable('a')}\nrequire('../database.json');\n`,
    });
    const document = await adopt();
    expect(document.files).toContainEqual({ path: 'database.json', action: 'keep' });
    expect(places(document)).toEqual([
      expect.stringMatching(/^migrations\/20150101000000-a\.js:\d+$/),
    ]);
    project.write({ 'backend/migrations/20150101000000-a.js': legacyTable('a') });
    expect((await adopt()).files).toContainEqual({ path: 'database.json', action: 'rename' });
    expect(existsSync(join(project.root, 'backend/database.json.bak'))).toBe(true);
  });

  it('keeps database.json for the package that answers for db-migrate', async () => {
    const alias = '{ "dependencies": { "db-migrate": "npm:knexward-db-migrate@^0.1.0" } }\n';
    project.write({ 'backend/package.json': alias });
    expect((await adopt()).files).toContainEqual({ path: 'database.json', action: 'keep' });
  });

  it('leaves a link to package.json a link', async () => {
    const { root } = project;
    mkdirSync(join(root, 'backend/config'));
    renameSync(join(root, 'backend/package.json'), join(root, 'backend/config/package.json'));
    symlinkSync('config/package.json', join(root, 'backend/package.json'));
    const before = treeOf(root);
    await adopt();
    expect(readlinkSync(join(root, 'backend/package.json'))).toBe('config/package.json');
    expect(project.read('backend/config/package.json')).toContain('knexward up');
    await knexward('adopt', '--undo', '--yes');
    expect(treeOf(root)).toEqual(before);
  });

  it('asks before it writes through a link that leads out of the project', async () => {
    const { root } = project;
    renameSync(join(root, 'backend/package.json'), join(root, 'web/backend.json'));
    symlinkSync('../web/backend.json', join(root, 'backend/package.json'));
    const { warnings } = await adopt();
    expect(warnings.map(({ code }) => code)).toContain('SCRIPT_LEFT');
    expect(project.read('web/backend.json')).toBe(REPOSITORY['backend/package.json']);
    await adopt('--rewrite-callers');
    expect(project.read('web/backend.json')).toContain('knexward up');
  });
});

/** Each file of a folder with its mode and what is in it, links as links. */
function treeOf(root: string, folder = ''): Record<string, string> {
  const tree: Record<string, string> = {};
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    const { mode } = lstatSync(join(root, path));
    if (entry.isDirectory()) Object.assign(tree, treeOf(root, path));
    else if (entry.isSymbolicLink()) tree[path] = readlinkSync(join(root, path));
    else {
      const hash = createHash('sha256')
        .update(readFileSync(join(root, path)))
        .digest('hex');
      tree[path] = `${mode.toString(8)} ${hash}`;
    }
  }
  return tree;
}
