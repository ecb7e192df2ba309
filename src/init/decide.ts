import { commandLine } from '../command-line.js';
import { join, relative } from 'node:path';
import { KnexwardError } from '../errors.js';
import { firstMigration, knexfileFor } from './files.js';
import { type PackageManager, type ProjectFacts } from './look.js';
import { withScripts } from './package-json.js';

/** A file to write. */
export interface PlannedFile {
  /** Relative to the project's folder. */
  path: string;
  action: 'create' | 'change';
  content: string;
  /** What it holds before, where it is there. */
  before: string | null;
  /** What a person is told about it, a line each. */
  told: string[];
}

/** What `init` is to do. */
export interface InitPlan {
  /** `adopt`: the project uses db-migrate; `check`: it uses Knex; `create`: it uses neither. */
  kind: 'adopt' | 'check' | 'create';
  /** Why it is that. */
  because: string;
  packageManager: PackageManager;
  files: PlannedFile[];
  /** What is left as it is, and why. */
  notes: string[];
  /** The commands to run next. */
  next: string[];
}

const SCRIPTS: Readonly<Record<string, string>> = Object.fromEntries(
  ['up', 'down', 'status', 'create'].map((command) => [
    `migrate:${command}`,
    `knexward ${command}`,
  ]),
);
const FOLDER = '.knexward';

/** Decides what to write into a project. Pure: the same facts and moment give the same plan. */
export function decide(facts: ProjectFacts, now: Date): InitPlan {
  const { knexfile, dbMigrate } = facts;
  if (knexfile !== null) return check(facts, knexfile);
  if (dbMigrate !== null) return adopt(facts, dbMigrate);
  return create(facts, now);
}

function adopt({ packageManager }: ProjectFacts, because: string): InitPlan {
  const run = runner(packageManager);
  return {
    ...{ kind: 'adopt', because, packageManager, files: [], notes: [] },
    next: [run('adopt', '--dry-run'), run('adopt'), run('status')],
  };
}

/** A project of Knex's has all that it needs: only scripts are offered. */
function check(facts: ProjectFacts, knexfile: string): InitPlan {
  const { packageManager, root } = facts;
  const run = runner(packageManager);
  // Above this package, its scripts would not work in this folder.
  const isAbove = relative(root, knexfile).startsWith('..');
  const scripts = isAbove
    ? {
        files: [],
        notes: [
          `${knexfile} is above this folder: run init there, or write scripts with --knexfile.`,
        ],
      }
    : scriptsFile(facts);
  return {
    ...{ kind: 'check', because: relative(root, knexfile) || knexfile, packageManager },
    files: scripts.files,
    notes: [
      ...scripts.notes,
      ...(facts.lacksTypes
        ? [
            "The types of the knexfile, with the key knexward: import { type Config } from 'knexward'",
          ]
        : []),
    ],
    next: [...installs(facts), run('status'), run('up', '--dry-run'), run('doctor')].slice(0, 3),
  };
}

function create(facts: ProjectFacts, now: Date): InitPlan {
  const { packageManager, hasMigrations, gitignore, workspaceRoot } = facts;
  const run = runner(packageManager);
  const scripts = scriptsFile(facts);
  const knexfile = knexfileFor(facts);
  const migration = firstMigration(facts, now);
  // The knexfile comes last: where the writing breaks off, init can be run again and goes on.
  const files: PlannedFile[] = [
    ...(hasMigrations ? [] : [newFile(migration, 'makes the table users, as an example')]),
    ...scripts.files,
    ...ignored(gitignore),
    newFile(knexfile, 'DATABASE_URL, or the embedded PostgreSQL in development'),
  ];
  return {
    ...{ kind: 'create', because: 'neither a knexfile nor db-migrate', packageManager, files },
    notes: [
      ...(workspaceRoot
        ? ['This is the root of a workspace. To set up one of its packages instead: --cwd FOLDER']
        : []),
      ...(hasMigrations ? ['The folder migrations has files: no first migration is written.'] : []),
      ...scripts.notes,
    ],
    next: [...installs(facts), run('up'), run('create', 'add_name_to_users'), run('status')].slice(
      0,
      3,
    ),
  };
}

function newFile({ path, content }: { path: string; content: string }, told: string): PlannedFile {
  return { path, content, action: 'create', before: null, told: [told] };
}

function scriptsFile(facts: ProjectFacts): { files: PlannedFile[]; notes: string[] } {
  const { packageJson } = facts;
  const { scripts, text, path } = packageJson;
  const wanted = Object.entries(SCRIPTS);
  const added = wanted.filter(([name]) => !Object.hasOwn(scripts, name));
  const notes = wanted
    .filter(([name, command]) => Object.hasOwn(scripts, name) && scripts[name] !== command)
    .map(([name]) => `The script ${name} exists and is not changed: ${String(scripts[name])}`);
  if (added.length === 0) return { files: [], notes };
  const content = withScripts(text, { ...scripts, ...Object.fromEntries(added) });
  if (content === null) {
    throw new KnexwardError('USAGE', {
      message: `No scripts can be added to ${path}. Nothing was changed.`,
      fix: 'Write the file as npm does, with the key "scripts" once, then run the command again.',
    });
  }
  const told = added.map(([name, command]) => `${name}: ${command}`);
  return {
    files: [{ path: 'package.json', action: 'change', content, before: text, told }],
    notes,
  };
}

function ignored(text: string | null): PlannedFile[] {
  const line = `${FOLDER}/`;
  const lines = (text ?? '').split(/\r?\n/).map((each) => each.trim().replace(/^\/|\/$/g, ''));
  if (lines.includes(FOLDER)) return [];
  const told = [`${line}, the data of the embedded PostgreSQL`];
  if (text === null) return [newFile({ path: '.gitignore', content: `${line}\n` }, told.join())];
  const end = text.includes('\r\n') ? '\r\n' : '\n';
  const gap = text === '' || text.endsWith('\n') ? '' : end;
  const content = `${text}${gap}${line}${end}`;
  return [{ path: join('.gitignore'), action: 'change', content, before: text, told }];
}

/** The packages that the project's own code and files need, as far as they are not listed. */
function installs({ packageJson, packageManager }: ProjectFacts): string[] {
  const missing = ['knexward', 'knex', 'pg'].filter((name) => !packageJson.dependencies.has(name));
  const verb = packageManager === 'npm' ? 'install' : 'add';
  return missing.length === 0 ? [] : [`${packageManager} ${verb} ${missing.join(' ')}`];
}

/** How the package manager runs a command of an installed package, on what this call was given. */
function runner(packageManager: PackageManager): (...words: [string, ...string[]]) => string {
  const before = { npm: 'npx', pnpm: 'pnpm exec', yarn: 'yarn' }[packageManager];
  return (...words) => `${before} ${commandLine(...words)}`;
}
