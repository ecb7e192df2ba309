import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

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
  /** Runs knexward in the project, as a user would. */
  knexward(args: readonly string[], env?: Record<string, string>): Promise<Outcome>;
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
    knexward: (args, env) =>
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

function runNode(
  args: readonly string[],
  cwd: string,
  env: Record<string, string>,
): Promise<Outcome> {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, args, {
    cwd,
    env: { PATH, HOME, TZ: 'UTC', ...env },
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
