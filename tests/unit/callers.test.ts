import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { planCallers } from '../../src/adopt/callers/plan.js';
import { inspectProject } from '../../src/adopt/project.js';
import { type ProjectDefaults } from '../../src/adopt/scripts/translate.js';

const DEFAULTS: ProjectDefaults = {
  migrationsDirectory: 'migrations',
  configFile: 'database.json',
  historyTable: 'migrations',
  createsSql: false,
};

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'knexward-callers-'));
  write({ 'database.json': '{"dev": {"driver": "pg"}, "production": {"driver": "pg"}}' });
});
afterEach(() => rmSync(root, { recursive: true }));

function write(files: Record<string, string>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

const read = (path: string) => readFileSync(join(root, path), 'utf8');

/** Plans for these files, and applies the plan; what is left, a line each. */
async function rewrite(files: Record<string, string>): Promise<string[]> {
  write(files);
  const { actions, warnings } = planCallers(inspectProject(root, {}), DEFAULTS);
  for (const { apply } of actions) await apply?.();
  return warnings.map(({ code, message }) => `${code} ${message}`);
}

/** Plans for files that must stay as they are; what is told of them. */
async function leave(files: Record<string, string>): Promise<string[]> {
  const left = await rewrite(files);
  for (const [path, content] of Object.entries(files)) expect(read(path)).toBe(content);
  return left;
}

describe('calls that are rewritten', () => {
  it.each([
    ['db-migrate up', 'npx knexward up --env dev'],
    ['npx db-migrate up -e production', 'npx knexward up --env production'],
    ['npx --no-install db-migrate@0.11 up', 'npx --no-install knexward up --env dev'],
    ['yarn db-migrate down -e production', 'yarn knexward down --env production --count 1'],
    ['pnpm exec db-migrate reset', 'pnpm exec knexward down --env dev --all'],
    ['node_modules/.bin/db-migrate up', 'node_modules/.bin/knexward up --env dev'],
    [
      'node ./node_modules/db-migrate/bin/db-migrate check',
      'node ./node_modules/knexward/bin/knexward.js status --env dev',
    ],
    [
      'NODE_ENV=production npx db-migrate up && exec node server.js',
      'NODE_ENV=production npx knexward up --env dev && exec node server.js',
    ],
    ['npx db-migrate up >/dev/null 2>&1', 'npx knexward up --env dev >/dev/null 2>&1'],
  ])('%s, wherever a file holds what a shell gets', async (from, to) => {
    // Each place, with what else may be around it, must keep every other character.
    const places: Record<string, (command: string) => string> = {
      Procfile: (command) => `web: node server.js\nrelease: ${command}\n`,
      Dockerfile: (command) => `FROM node:20\n# db-migrate up\nRUN npm ci\nCMD ${command}\n`,
      'Dockerfile.worker': (command) => `FROM node:20\nRUN npm ci && \\\n    ${command}\nUSER node`,
      Makefile: (command) => `migrate: install\n\t@${command}\n\nother:\n\techo $$HOME\n`,
      'ops/api.Dockerfile': (command) => `FROM node:20\r\nENTRYPOINT ${command}\r\n`,
      '.github/workflows/plain.yml': (command) =>
        `jobs:\n  a:\n    steps:\n      - run: ${command}\n      - uses: x\n`,
      '.github/workflows/block.yaml': (command) =>
        `jobs:\n  a:\n    steps:\n      - name: migrate\n        run: |\n          npm ci\n\n          ${command}\n          npm test\n\n      - run: npm test\n`,
    };
    const filesWith = (command: string) =>
      Object.fromEntries(Object.entries(places).map(([path, place]) => [path, place(command)]));
    expect(await rewrite(filesWith(from))).toEqual([]);
    const after = Object.keys(places).map((path) => [path, read(path)]);
    expect(Object.fromEntries(after)).toEqual(filesWith(to));
  });

  it('several in one file, and each is told with its line', () => {
    write({ Procfile: 'release: npx db-migrate up\nundo: npx db-migrate down -c 2\n' });
    const { actions } = planCallers(inspectProject(root, {}), DEFAULTS);
    expect(actions).toMatchObject([
      {
        path: 'Procfile',
        action: 'rewrite',
        notes: [
          'line 1: npx db-migrate up → npx knexward up --env dev',
          'line 2: npx db-migrate down -c 2 → npx knexward down --env dev --count 2',
        ],
      },
    ]);
  });

  it('with the environment that db-migrate takes, since NODE_ENV would win now', async () => {
    write({ 'database.json': '{"defaultEnv": "local", "local": {"driver": "pg"}}' });
    await rewrite({ Procfile: 'release: npx db-migrate up\n' });
    expect(read('Procfile')).toBe('release: npx knexward up --env local\n');
  });
});

describe('calls in a script that may not be what it seems', () => {
  const workflow = (step: string) => `jobs:\n  a:\n    steps:\n      - ${step}\n`;

  it.each([
    [
      'a list',
      'CMD ["npx", "db-migrate", "up", "-e", "production"]\n',
      'write: npx knexward up --env production',
    ],
    ['a list of one', 'ENTRYPOINT ["/app/node_modules/.bin/db-migrate"]\n', 'names no command'],
    [
      'flags of Docker',
      'RUN --network=host npx db-migrate up\n',
      'write: npx knexward up --env dev',
    ],
    ['another folder', 'RUN cd api && npx db-migrate up\n', 'write: npx knexward up --env dev'],
    ['a here-document', 'RUN <<END\nnpx db-migrate up\nEND\n', 'write: npx knexward up --env dev'],
    [
      'a shell of its own',
      'SHELL ["pwsh"]\nRUN npx db-migrate up\n',
      'write: npx knexward up --env dev',
    ],
    [
      'an escape of its own',
      '# escape=`\nRUN npx db-migrate up\n',
      'write: npx knexward up --env dev',
    ],
    [
      'a comment amid it',
      'RUN true && \\\n# so\n  npx db-migrate up\n',
      'write: npx knexward up --env dev',
    ],
    ['a variable', 'CMD npx db-migrate up -e $STAGE\n', 'the shell replaces $STAGE'],
    ['no counterpart', 'RUN npx db-migrate db:create app\n', 'createdb'],
    ['a subshell', 'RUN sh -c "npx db-migrate up"\n', 'write: npx knexward up --env dev'],
    ['output in a file', 'RUN npx db-migrate up >migrate.log 2>&1\n', 'its output goes to a file'],
  ])('Dockerfile: %s', async (_, content, advice) => {
    const left = await leave({ Dockerfile: content });
    expect(left).toHaveLength(1);
    const line = content.split('\n').findIndex((text) => text.includes('db-migrate')) + 1;
    expect(left[0]).toMatch(`CALLER_LEFT Dockerfile:${line} calls db-migrate (db-migrate`);
    expect(left[0]).toContain(advice);
  });

  it.each([
    ['a folded block', workflow('run: >\n          npx db-migrate up\n          -e production')],
    ['a value over two lines', workflow('run: npx db-migrate up\n          -e production')],
    ['quotes', workflow('run: "npx db-migrate up"')],
    ['a comment', workflow('run: npx db-migrate up # all')],
    ['an expression', workflow('run: npx db-migrate up -e ${{ inputs.stage }}')],
    ['another folder', workflow('run: npx db-migrate up\n        working-directory: api')],
    ['a shell of its own', workflow('run: npx db-migrate up\n        shell: pwsh')],
    [
      'a here-document',
      workflow('run: |\n          cat <<END\n          npx db-migrate up\n          END'),
    ],
    ['an input of an action', workflow('uses: x\n        with: { args: npx db-migrate up }')],
  ])('workflow: %s', async (_, content) => {
    const left = await leave({ '.github/workflows/ci.yml': content });
    expect(left).toEqual([expect.stringContaining('ci.yml:')]);
  });

  it('no environment that can be told: the call is left, and says so', async () => {
    write({ 'database.json': '{"defaultEnv": {"ENV": "STAGE"}, "dev": {"driver": "pg"}}' });
    expect(await leave({ Procfile: 'release: npx db-migrate up\n' })).toEqual([
      expect.stringContaining('names no environment'),
    ]);
    await rewrite({ Procfile: 'release: npx db-migrate up -e dev\n' });
    expect(read('Procfile')).toBe('release: npx knexward up --env dev\n');
  });

  it('an installation for the whole machine: it is told, and the calls by name with it', async () => {
    const left = await leave({
      Dockerfile: 'FROM node:20\nRUN npm install -g db-migrate db-migrate-pg\nCMD db-migrate up\n',
    });
    expect(left).toEqual([
      expect.stringContaining('Dockerfile:2 installs db-migrate'),
      expect.stringContaining('Dockerfile:3 calls db-migrate'),
    ]);
  });
});

describe('calls that are listed with their file, their line and what to write', () => {
  it.each([
    ['docker-compose.yml', 'services:\n  api:\n    command: npx db-migrate up', 3],
    ['docker-compose.prod.yaml', 'services:\n  api:\n    command: ["npx", "db-migrate", "up"]', 3],
    ['compose.yaml', "services:\n  api:\n    command: sh -c 'db-migrate up && node .'", 3],
    ['.gitlab-ci.yml', 'migrate:\n  script:\n    - npx db-migrate up', 3],
    ['.circleci/config.yml', 'steps:\n  - run: npx db-migrate up', 2],
    ['azure-pipelines.yml', 'steps:\n  - script: npx db-migrate up', 2],
    ['bitbucket-pipelines.yml', 'script:\n  - npx db-migrate up', 2],
    ['Jenkinsfile', "// db-migrate up\nsh 'npx db-migrate up'", 2],
    ['Makefile', 'SHELL := /bin/bash\nmigrate:\n\tnpx db-migrate up', 3],
    ['ops/Makefile', 'migrate:\n\tnpx db-migrate up', 2],
    ['ops/Makefile', 'undo:\n\t@-db-migrate up', 2],
    ['ops/Makefile', 'undo:\n\t-@db-migrate up', 2],
    ['k8s/migrate.yaml', 'spec:\n  containers:\n    - command: ["npx", "db-migrate", "up"]', 3],
    ['helm/templates/job.yaml', 'args:\n  - "npx db-migrate up"', 2],
    ['deploy.sh', '#!/bin/sh\nset -e\nnode_modules/.bin/db-migrate up', 3],
    ['bin/release', '#!/bin/sh\nnpx db-migrate up', 2],
    ['scripts/deploy', '#!/bin/sh\nnpx db-migrate up', 2],
    ['.husky/post-merge', 'npx db-migrate up', 1],
    ['app.json', '{\n  "scripts": { "postdeploy": "db-migrate up" }\n}', 2],
    ['heroku.yml', 'release:\n  command:\n    - db-migrate up', 3],
    ['nixpacks.toml', "[start]\ncmd = 'npx db-migrate up'", 2],
    ['fly.toml', "[deploy]\n  release_command = 'npx db-migrate up'", 2],
    ['render.yaml', 'services:\n  - preDeployCommand: npx db-migrate up', 2],
    ['packages/api/package.json', '{ "scripts": {\n  "migrate": "db-migrate up" } }', 2],
    ['src/migrate.js', "exec('npx db-migrate up');", 1],
    ['src/spawn.ts', "\nspawn('db-migrate', ['up'], { stdio: 'inherit' });", 2],
  ])('%s', async (path, content, line) => {
    const left = await leave({ [path]: content });
    expect(left).toEqual([expect.stringContaining(`CALLER_LEFT ${path}:${line} calls db-migrate`)]);
    expect(left[0]).toContain('write: npx knexward up --env dev');
  });

  it('a list over several lines', async () => {
    const command = ['npx', 'db-migrate', 'up', '-e', 'production'];
    const list = command.map((word) => `      - ${word}\n`).join('');
    const left = await leave({ 'compose.yml': `services:\n  api:\n    command:\n${list}` });
    expect(left).toEqual([
      expect.stringContaining('compose.yml:5 calls db-migrate (db-migrate - up)'),
    ]);
    expect(left[0]).not.toContain('npx knexward up --env dev');
  });

  it.each([
    ["const dbm = require('db-migrate');", 'db-migrate'],
    ['const dbm = require( "db-migrate" ).getInstance(true);', 'db-migrate'],
    ["import dbm from 'db-migrate';", 'db-migrate'],
    ["import * as dbm from 'db-migrate/index.js'", 'db-migrate'],
    ["import 'db-migrate'", 'db-migrate'],
    ["const dbm = await import('db-migrate');", 'db-migrate'],
    ["export { log } from 'db-migrate-shared';", 'db-migrate-shared'],
    ["const { connect } = require('db-migrate-pg');", 'db-migrate-pg'],
  ])('%s', async (statement, module) => {
    for (const path of ['src/a.js', 'test/b.mts', 'c.cjs']) {
      const left = await leave({ [path]: `'use strict';\n\n  ${statement}\n` });
      expect(left).toEqual([expect.stringContaining(`${path}:3 loads ${module} (`)]);
      expect(left[0]?.includes('"db-migrate": "npm:knexward-db-migrate@')).toBe(
        module === 'db-migrate',
      );
      rmSync(join(root, path));
    }
  });

  it('whoever uses database.json', async () => {
    const left = await leave({
      Dockerfile: 'FROM node\nCOPY package.json ./config/database.json ./\nCOPY . .\n',
      'src/db.js': "const { dev } = require('../database.json');\n// database.json\n",
      'src/other.js': "require('./my-database.json'); require('./database.json5');\n",
      'start.sh': 'npx db-migrate up --config database.json\n',
    });
    expect(left).toEqual([
      expect.stringContaining("Dockerfile:2 uses db-migrate's configuration (database.json)"),
      expect.stringContaining('start.sh:1 calls db-migrate'),
      expect.stringContaining("src/db.js:1 uses db-migrate's configuration"),
    ]);
  });

  it('never a password that stands beside it', async () => {
    const [left = ''] = await leave({
      'compose.yml': 'command: DATABASE_URL=postgres://u:s3cret@db/app npx db-migrate up',
    });
    expect(left).toContain('compose.yml:1');
    expect(left).not.toContain('s3cret');
  });
});

describe('what is no call', () => {
  it.each([
    [
      'compose.yml',
      'services:\n  db-migrate:\n    image: x\n  api:\n    depends_on:\n      - db-migrate\n      - redis\n',
    ],
    [
      '.github/workflows/ci.yml',
      'jobs:\n  db-migrate:\n    steps: []\n  api:\n    needs: [db-migrate]\n',
    ],
    ['Makefile', '# db-migrate up\nup: # see db-migrate up\n\tnpm run db-migrate up\n'],
    ['deploy.sh', 'my-db-migrate up\nnpm run ci:db-migrate up\ncat .db-migraterc\n'],
    [
      'src/a.js',
      "// require('db-migrate')\n/**\n * db-migrate up\n */\nrequire('./db-migrate');\n",
    ],
    ['README.md', 'Run `npx db-migrate up`.\n'],
    ['migrations/20200101000000-a.js', "var dbm = require('db-migrate');\n"],
    ['node_modules/x/index.js', "require('db-migrate');\n"],
    ['packages/a/node_modules/x/index.js', "require('db-migrate');\n"],
    ['dist/index.js', "require('db-migrate');\n"],
    ['.next/index.js', "require('db-migrate');\n"],
    ['public/js/app.js', "require('db-migrate');\n"],
    ['deep/generated/app.js', "require('db-migrate');\n"],
    ['large.js', `require('db-migrate');\n${' '.repeat(1024 * 1024)}`],
    ['bin/program', `npx db-migrate up ${String.fromCharCode(0)}`],
  ])('%s', async (path, content) => {
    write({ '.gitignore': '# built\n/public/js/\ngenerated\n!kept\n*.log\n' });
    if (path === 'bin/program') {
      mkdirSync(join(root, 'bin'));
      writeFileSync(join(root, path), Buffer.concat([Buffer.from(content), Buffer.from([0xff])]));
      expect(await rewrite({})).toEqual([]);
    } else {
      expect(await leave({ [path]: content })).toEqual([]);
    }
  });

  it('a link that leads out of the project is not followed', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'knexward-outside-'));
    writeFileSync(join(outside, 'Procfile'), 'release: npx db-migrate up\n');
    symlinkSync(outside, join(root, 'linked'));
    symlinkSync(join(outside, 'Procfile'), join(root, 'Procfile'));
    expect(await rewrite({})).toEqual([]);
    expect(readFileSync(join(outside, 'Procfile'), 'utf8')).toBe('release: npx db-migrate up\n');
    rmSync(outside, { recursive: true });
  });
});

it('a project of very many files is searched in part, and that is told', async () => {
  write(Object.fromEntries([...Array(5001).keys()].map((n) => [`src/${n}.js`, ''])));
  expect(await rewrite({})).toEqual([expect.stringContaining('CALLERS_NOT_ALL_SEARCHED')]);
});

it('what is listed outside of the project says in which folder to run it', () => {
  write({
    '.git/HEAD': '',
    'backend/database.json': '{"dev": {"driver": "pg"}}',
    'compose.yml': 'command: npx db-migrate up\n',
    'package.json': '{"scripts":{"a":"npx db-migrate up","b":"jest"}}',
    // A project of its own, which is not taken over here.
    'other/database.json': '{}',
    'other/Procfile': 'release: npx db-migrate up\n',
  });
  rmSync(join(root, 'database.json'));
  const { actions, warnings } = planCallers(
    inspectProject(join(root, 'backend'), {}),
    DEFAULTS,
    true,
  );
  expect(actions).toEqual([]);
  const written = 'write, to run in backend: npx knexward up --env dev';
  expect(warnings.map(({ message }) => message)).toEqual([
    `../compose.yml:1 calls db-migrate (db-migrate up); ${written}`,
    `../package.json:1 calls db-migrate (db-migrate up); ${written}`,
  ]);
});
