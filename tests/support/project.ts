import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { type CommandLinePool } from './command-line/pool.js';
import { holdToSchema } from './json-schemas.js';
import { WHOLE } from './sizes.js';

/** The repository's root folder. */
export const REPOSITORY = resolve(__dirname, '../..');

/** What a command left behind. */
export interface Outcome {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  /** stdout as the one JSON document that `--json` promises. */
  json: <T = Record<string, unknown>>() => T;
}

/** A project in a temporary folder of its own. */
export interface Project {
  root: string;
  write(files: Record<string, string>): void;
  read(path: string): string;
  delete(path: string): void;
  /** Runs knexward's command line in the project, as `runCommandLine` does. */
  knexward(args: readonly string[], env?: Record<string, string>): Promise<Outcome>;
  /** The same in a process of its own whatever the size of the tests: for what is seen at its end. */
  knexwardProcess(args: readonly string[], env?: Record<string, string>): Promise<Outcome>;
  /** Runs another program in the project: the first word is a script for Node.js. */
  node(args: readonly string[], env?: Record<string, string>): Promise<Outcome>;
  remove(): void;
}

/**
 * Makes a project with these files. Its `node_modules` hold links to knexward itself (as it is
 * built) and to the named packages of the repository.
 */
export function createProject(
  files: Record<string, string>,
  packages: readonly string[] = ['knex', 'pg'],
): Project {
  const root = mkdtempSync(join(tmpdir(), 'knexward-project-'));
  mkdirSync(join(root, 'node_modules'));
  symlinkSync(REPOSITORY, join(root, 'node_modules', 'knexward'), 'dir');
  for (const name of packages) {
    symlinkSync(join(REPOSITORY, 'node_modules', name), join(root, 'node_modules', name), 'dir');
  }
  const project: Project = {
    root,
    write(contents) {
      for (const [path, content] of Object.entries(contents)) {
        mkdirSync(dirname(join(root, path)), { recursive: true });
        writeFileSync(join(root, path), content);
      }
    },
    read: (path) => readFileSync(join(root, path), 'utf8'),
    delete: (path) => rmSync(join(root, path)),
    knexward: (args, env) => runCommandLine(KNEXWARD, args, root, env ?? {}),
    knexwardProcess: (args, env) =>
      runNode([join(REPOSITORY, 'bin/knexward.js'), ...args], root, env ?? {}),
    node: (args, env) => runNode(args, root, env ?? {}),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
  project.write(files);
  return project;
}

/** A knexfile whose database is the one that `TEST_DATABASE_URL` names. */
export const KNEXFILE = `module.exports = {
  development: {
    client: 'pg',
    connection: process.env.TEST_DATABASE_URL,
    migrations: { directory: './migrations' },
  },
};
`;

const KNEXWARD = 'bin/knexward.js';

/** Variables that Node.js and the packages read when they start or load. */
const READ_AT_START = ['NODE_OPTIONS', 'DEBUG', 'USER', 'LANG'];

/**
 * Runs one of the repository's command lines. Where everything is run, in a process of its own, as
 * a user does; in a sample, in one that has loaded Knex before: starting it is most of the time.
 */
export async function runCommandLine(
  program: string,
  args: readonly string[],
  cwd: string,
  env: Record<string, string>,
): Promise<Outcome> {
  const path = join(REPOSITORY, program);
  if (WHOLE || READ_AT_START.some((name) => name in env)) {
    const alone = await runNode([path, ...args], cwd, env);
    if (program === KNEXWARD) holdToSchema(args, alone.stdout);
    return alone;
  }
  const pool: CommandLinePool = commandLinePool;
  const outcome = await pool.run({
    program: path,
    args,
    cwd,
    env: environmentOf(env),
  });
  if (program === KNEXWARD) holdToSchema(args, outcome.stdout);
  return { ...outcome, json: <T>() => JSON.parse(outcome.stdout) as T };
}

/** Nothing of the tests' own environment but what Node.js needs. */
function environmentOf(env: Record<string, string>): Record<string, string> {
  const { PATH = '', HOME = '' } = process.env;
  return { PATH, HOME, TZ: 'UTC', ...env };
}

function runNode(
  args: readonly string[],
  cwd: string,
  env: Record<string, string>,
): Promise<Outcome> {
  const child = spawn(process.execPath, args, {
    cwd,
    env: environmentOf(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  return new Promise((resolveOutcome, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) =>
      resolveOutcome({
        ...{ code, signal, ...output },
        json: <T>() => JSON.parse(output.stdout) as T,
      }),
    );
  });
}
