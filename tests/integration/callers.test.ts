import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createDatabase, type TestDatabase } from '../support/database';
import { createLegacyProject, dbMigrate, legacyTable } from '../support/db-migrate';
import { type Outcome, type Project, REPOSITORY } from '../support/project';

const WORKFLOW = `name: deploy
on: push
jobs:
  db-migrate:
    runs-on: ubuntu-latest
    steps:
      - run: npm ci
      - name: Migrate
        run: |
          npx db-migrate check
          npx db-migrate up -e dev
`;

const CALLERS = {
  Procfile: 'web: node server.js\nrelease: npx db-migrate up\n',
  Dockerfile:
    'FROM node:20\nWORKDIR /app\nCOPY . .\nRUN npm ci\nCMD npx db-migrate up && node server.js\n',
  '.github/workflows/deploy.yml': WORKFLOW,
  'compose.yaml': 'services:\n  api:\n    command: ["npx", "db-migrate", "up"]\n',
  'bin/start': '#!/bin/sh\nset -e\nnpx db-migrate up\nexec node server.js\n',
  'server.js':
    "const dbm = require('db-migrate');\ndbm.getInstance(true).up().then(() => process.exit());\n",
};

/** What of them can be rewritten, and what it is then. */
const REWRITTEN = {
  Procfile: 'web: node server.js\nrelease: npx knexward up --env dev\n',
  Dockerfile:
    'FROM node:20\nWORKDIR /app\nCOPY . .\nRUN npm ci\nCMD npx knexward up --env dev && node server.js\n',
  '.github/workflows/deploy.yml': WORKFLOW.replace(
    'npx db-migrate check',
    'npx knexward status --env dev',
  ).replace('npx db-migrate up -e dev', 'npx knexward up --env dev'),
};

describe('adopt finds who calls db-migrate (FR-011, SC-004)', () => {
  let database: TestDatabase;
  let project: Project;
  let env: Record<string, string>;
  const contents = () =>
    Object.fromEntries(Object.keys(CALLERS).map((path) => [path, project.read(path)]));
  const succeed = async (outcome: Promise<Outcome>) => {
    const { code, stdout, stderr, json } = await outcome;
    expect({ code, stdout, stderr }).toMatchObject({ code: 0 });
    return { stdout, json };
  };

  beforeEach(async () => {
    database = await createDatabase();
    env = { DATABASE_URL: database.url };
    project = createLegacyProject({
      ...CALLERS,
      'migrations/20150101000000-a.js': legacyTable('a'),
    });
    await succeed(dbMigrate(project, ['up'], env));
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  it('a dry run shows what would be rewritten and what is left, and changes nothing', async () => {
    const { stdout } = await succeed(project.knexward(['adopt', '--dry-run'], env));
    expect(stdout).toContain('rewrite Procfile');
    expect(stdout).toContain('line 2: npx db-migrate up → npx knexward up --env dev');
    expect(stdout).toContain('CALLER_LEFT: compose.yaml:3 calls db-migrate');
    expect(contents()).toEqual(CALLERS);
  });

  it('rewrites what it can, lists the rest with line and replacement, and is then done', async () => {
    const adopt = async () => {
      const { json } = await succeed(project.knexward(['adopt', '--yes', '--json'], env));
      return json<{
        files: { path: string; action: string }[];
        warnings: { code: string; message: string }[];
      }>();
    };
    const { files, warnings } = await adopt();
    expect(files.filter(({ path }) => path in CALLERS)).toEqual([
      { path: 'Dockerfile', action: 'rewrite' },
      { path: 'Procfile', action: 'rewrite' },
      { path: '.github/workflows/deploy.yml', action: 'rewrite' },
    ]);
    expect(contents()).toEqual({ ...CALLERS, ...REWRITTEN });
    expect(warnings.map(({ code }) => code)).toEqual(Array(3).fill('CALLER_LEFT'));
    const messages = warnings.map(({ message }) => message).sort();
    expect(messages).toEqual([
      expect.stringMatching(/^bin\/start:3 .*write: npx knexward up --env dev$/),
      expect.stringMatching(/^compose\.yaml:3 .*write: npx knexward up --env dev$/),
      expect.stringMatching(/^server\.js:1 .*"db-migrate": "npm:knexward-db-migrate@/),
    ]);
    const again = await adopt();
    // The program that loads db-migrate, and the calls that are left, still read database.json.
    expect(again.files).toEqual([
      { path: 'knexfile.js', action: 'keep' },
      { path: 'database.json', action: 'keep' },
    ]);
    expect(again.warnings).toHaveLength(3);
  });

  it('what it wrote runs as before, on a machine that sets NODE_ENV', async () => {
    await succeed(project.knexward(['adopt', '--yes'], env));
    mkdirSync(join(project.root, 'node_modules/.bin'));
    symlinkSync(
      join(REPOSITORY, 'bin/knexward.js'),
      join(project.root, 'node_modules/.bin/knexward'),
    );
    project.write({ 'migrations/20160101000000-b.js': legacyTable('b') });
    const command = /^release: (.*)$/m.exec(project.read('Procfile'))?.[1] ?? '';
    const run = `require('child_process').execSync(${JSON.stringify(command)}, { encoding: 'utf8' })`;
    const { stdout } = await succeed(project.node(['-p', run], { ...env, NODE_ENV: 'production' }));
    expect(stdout).toContain('Using environment: dev');
    expect(stdout).toContain('Batch 2 run: 1 migrations');
  });

  it('leaves the files alone where only the database is to be copied', async () => {
    const { json } = await succeed(
      project.knexward(['adopt', '--yes', '--database-only', '--json'], env),
    );
    expect(json()).toMatchObject({ adopted: 1, files: [], warnings: [] });
    expect(contents()).toEqual(CALLERS);
  });
});
