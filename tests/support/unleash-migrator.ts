import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type TestDatabase } from './database';
import { createProject, type Outcome, type Project, REPOSITORY } from './project';
import { copyUnleash } from './unleash';

const run = promisify(execFile);

const RELEASE = 'unleash-server@7.5.1';
const CACHE = join(REPOSITORY, '.cache', `${RELEASE.replace('@', '-')}-migrator`);

/** Unleash's own module that migrates, as it was published. */
async function fetchMigrator(): Promise<string> {
  if (!existsSync(CACHE)) {
    const work = `${CACHE}.${process.pid}`;
    mkdirSync(work, { recursive: true });
    try {
      const { stdout } = await run('npm', [
        'pack',
        RELEASE,
        '--silent',
        '--pack-destination',
        work,
      ]);
      const files = ['package/dist/migrator.js', 'package/package.json'];
      await run('tar', ['-xzf', join(work, stdout.trim()), '-C', work, ...files]);
      renameSync(join(work, 'package'), CACHE);
    } catch (error) {
      if (!existsSync(CACHE)) throw error;
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  return CACHE;
}

/** What calls the functions of Unleash's module, as its server does, and prints what they return. */
const CALLER = `
import * as migrator from './unleash/dist/migrator.js';
const [name, db, stopAt] = JSON.parse(process.argv[2]);
const result = await migrator[name]({ db }, stopAt);
const told = name === 'requiresMigration' ? result : null;
process.stdout.write('TOLD' + JSON.stringify(told), () => process.exit());
`;

/** Of date-fns, Unleash's module uses this one function. */
const DATE_FNS = 'export const secondsToMilliseconds = (seconds) => seconds * 1000;';

/**
 * A project with Unleash's module and migrations, and with copies of knexward and of
 * knexward-db-migrate, the latter under db-migrate's name. Copies, so that nothing of the
 * repository's own node_modules, real db-migrate say, can be found from them.
 */
export async function createUnleashProject(): Promise<Project> {
  const project = createProject(
    {
      'caller.mjs': CALLER,
      'package.json': '{}',
      'node_modules/date-fns/package.json': JSON.stringify({ type: 'module', main: 'index.js' }),
      'node_modules/date-fns/index.js': DATE_FNS,
    },
    [],
  );
  const modules = join(project.root, 'node_modules');
  rmSync(join(modules, 'knexward'));
  copyPackage(REPOSITORY, join(modules, 'knexward'));
  copyPackage(join(REPOSITORY, 'compat/db-migrate'), join(modules, 'db-migrate'));
  // async is a dependency of Unleash's own.
  for (const name of [...dependenciesOf(modules), 'async']) link(name, modules);
  cpSync(await fetchMigrator(), join(project.root, 'unleash'), { recursive: true });
  await copyUnleash(join(project.root, 'unleash/dist/migrations'));
  return project;
}

function copyPackage(from: string, to: string): void {
  for (const entry of ['package.json', 'bin', 'dist']) {
    cpSync(join(from, entry), join(to, entry), { recursive: true });
  }
}

function dependenciesOf(modules: string): Set<string> {
  const load = createRequire(join(modules, 'x.js'));
  const names = ['knexward', 'db-migrate'].flatMap((name) => {
    const { dependencies } = load(`${modules}/${name}/package.json`) as { dependencies: object };
    return Object.keys(dependencies);
  });
  return new Set(names.filter((name) => name !== 'knexward'));
}

/** Links a package from where the copied packages' originals find it. */
function link(name: string, modules: string): void {
  const from = createRequire(join(REPOSITORY, 'compat/db-migrate/package.json'));
  const folder = from.resolve
    .paths(name)
    ?.map((path) => join(path, name))
    .find((path) => existsSync(path));
  if (folder === undefined) throw new Error(`${name} is not installed.`);
  mkdirSync(dirname(join(modules, name)), { recursive: true });
  symlinkSync(realpathSync(folder), join(modules, name), 'dir');
}

/** Calls one of Unleash's functions in a process of its own. */
export async function callUnleash(
  project: Project,
  database: TestDatabase,
  name: 'migrateDb' | 'requiresMigration' | 'resetDb',
  stopAt?: string,
): Promise<{ outcome: Outcome; result: unknown }> {
  const { host, port, user, password } = database.config;
  const db = {
    ...{ host, port, user, password, database: database.name, driver: 'postgres', ssl: false },
    ...{ schema: 'public', pool: { min: 0, max: 4 }, disableMigration: false },
    applicationName: 'unleash',
  };
  const outcome = await project.node(['caller.mjs', JSON.stringify([name, db, stopAt])]);
  const [, told] = outcome.stdout.split('TOLD');
  if (told === undefined) throw new Error(`${name}: ${outcome.stdout}\n${outcome.stderr}`);
  return { outcome, result: JSON.parse(told) as unknown };
}
