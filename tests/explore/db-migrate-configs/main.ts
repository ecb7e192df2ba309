/*
 * Holds what knexward makes of drawn projects of db-migrate's against what real db-migrate makes of
 * them: `adopt`, and the knexfile that it writes, in every environment of the file. The same
 * database, schema, environment, folder and table, or a refusal.
 *
 * Called with a number of projects and a seed; prints one JSON document.
 */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { type DrawnProject, project } from './draw';
import { adoptSide, dbMigrateSide, knexfileSide, type Outcome, type Target } from './sides';

export interface Comparison {
  projects: number;
  /** Taken over as db-migrate would run. */
  equal: number;
  /** Environments of these whose knexfile says what db-migrate makes of them. */
  environments: number;
  /** Environments that db-migrate would reach and the knexfile refuses, by code. */
  environmentsRefused: Record<string, number>;
  /** Refused by both: how many, by db-migrate's reason. */
  bothRefused: Record<string, number>;
  /** db-migrate goes on, adopt refuses: by the code and the start of the message, how many. */
  refused: Record<string, number>;
  /** adopt goes on where db-migrate does not: how many, by db-migrate's reason. */
  beyond: Record<string, number>;
  /** Refused without a code of knexward's own. */
  unexplained: string[];
  /** What must not be. */
  different: { project: DrawnProject; env: string; old: Outcome; own: Outcome }[];
  /** Files in which the value of a variable was written down. */
  leaked: { project: DrawnProject; file: string }[];
}

const NONE = {
  ...{ equal: 0, environments: 0, environmentsRefused: {}, bothRefused: {}, refused: {} },
  ...{ beyond: {}, unexplained: [], different: [], leaked: [] },
};

export async function compare(count: number, seed: number): Promise<Comparison> {
  const comparison: Comparison = { projects: count, ...structuredClone(NONE) };
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'knexward-db-migrate-')));
  mkdirSync(join(home, 'node_modules'));
  symlinkSync(resolve(__dirname, '../../..'), join(home, 'node_modules/knexward'), 'dir');
  const before = { ...process.env };
  Object.assign(globalThis, { immunity: true });
  try {
    for (const [number, drawn] of fc.sample(project, { numRuns: count, seed }).entries()) {
      const root = join(home, String(number));
      write(root, drawn.files);
      await compareOne(comparison, drawn, root);
      process.chdir(home);
      rmSync(root, { recursive: true });
    }
  } finally {
    process.chdir(tmpdir());
    set(before);
    rmSync(home, { recursive: true, force: true });
  }
  return comparison;
}

async function compareOne(all: Comparison, project: DrawnProject, root: string): Promise<void> {
  const old = await within(project, root, () => dbMigrateSide(project.words, root));
  // All of them before the first file is written.
  const others = new Map<string, Outcome>();
  for (const name of NAMES) {
    const words = [...project.words, '--env', name];
    others.set(name, await within(project, root, () => dbMigrateSide(words, root)));
  }
  const { outcome: own, environments } = await within(project, root, () =>
    adoptSide(project, root),
  );
  if ('refused' in own && !/^[A-Z_]{4,}:/.test(own.refused)) all.unexplained.push(own.refused);
  if ('refused' in own && own.refused.startsWith('INTERNAL')) all.unexplained.push(own.refused);
  if ('refused' in old && 'refused' in own) count(all.bothRefused, old.refused);
  else if ('refused' in own) count(all.refused, own.refused);
  else if ('refused' in old) count(all.beyond, old.refused);
  else if (isSame(old.target, own.target)) all.equal += 1;
  else all.different.push({ project, env: '', old, own });
  if ('refused' in own) return;
  for (const file of leaksIn(project, root)) all.leaked.push({ project, file });
  const env = own.target.environment;
  if ('target' in old) await compareKnexfile(all, project, { root, env, old });
  for (const name of environments) {
    const meant = others.get(name);
    if (name === env || !meant || 'refused' in meant) continue;
    await compareKnexfile(all, project, { root, env: name, old: meant });
  }
}

async function compareKnexfile(
  all: Comparison,
  project: DrawnProject,
  { root, env, old }: { root: string; env: string; old: Outcome },
): Promise<void> {
  const own = await within(project, root, () => knexfileSide(env, root));
  if ('refused' in own) count(all.environmentsRefused, own.refused);
  else if ('target' in old && isSame(old.target, own.target)) all.environments += 1;
  else all.different.push({ project, env, old, own });
}

const NAMES = ['dev', 'development', 'local', 'production', 'test'];

/** Without a file, db-migrate has a name for its one environment that nobody gives. */
function isSame(old: Target, own: Target): boolean {
  const environment = old.environment === 'urlConfig' ? own.environment : old.environment;
  return isDeepStrictEqual({ ...old, environment }, own);
}

async function within<T>(
  { variables }: DrawnProject,
  root: string,
  work: () => Promise<T>,
): Promise<T> {
  set({ PATH: process.env['PATH'] ?? '', HOME: root, ...variables });
  process.chdir(root);
  return work();
}

function set(variables: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, variables);
}

function count(where: Record<string, number>, why: string): void {
  // Without what is another each time.
  const key = why.replace(/\/\S*\/|"[^"]*"/g, '…').slice(0, 90);
  where[key] = (where[key] ?? 0) + 1;
}

function leaksIn({ files, secrets }: DrawnProject, root: string): string[] {
  const paths = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  return paths.filter((path) => {
    const text = readFileSync(path, 'utf8');
    const known = Object.values(files).includes(text);
    return !known && secrets.some((secret) => text.includes(secret));
  });
}

function write(root: string, files: Record<string, string>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

if (process.argv[1]?.endsWith('db-migrate-configs.mjs')) {
  const [number, seed] = process.argv.slice(2).map(Number);
  void compare(number ?? 100, seed ?? 1).then((comparison) =>
    process.stdout.write(JSON.stringify(comparison)),
  );
}
