import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { rememberName } from '../printable.js';
import { KnexwardError } from '../errors.js';
import { askProject } from './ask-project.js';
import { type EnvironmentConfig } from './settings.js';
import { readEntry } from './shapes.js';
import { loadExports } from './user-module.js';

/** What Knex's command line looks for, in this order, in a folder and then in those above it. */
const KNEX_NAMES = ['js', 'mjs', 'coffee', 'ts', 'eg', 'ls'].map((end) => `knexfile.${end}`);
/** Where a knexfile is found that Knex's command line only takes with `--knexfile`. */
const OTHER_FOLDERS = ['.', 'src/config', 'config'];
const OTHER_NAMES = ['ts', 'js', 'cjs', 'mjs', 'mts', 'cts', 'json'].map(
  (end) => `knexfile.${end}`,
);
const LOADED = /\.(?:[cm]?[jt]s|json)$/;

/** Where a knexfile is. */
export interface KnexfilePlace {
  path: string;
  /** Where Knex's command line would work: relative paths in the knexfile start there. */
  workingDirectory: string;
}

/** A knexfile as it was found: where, and what it exports. */
export interface Knexfile extends KnexfilePlace {
  content: Record<string, unknown>;
}

/**
 * The knexfile that a folder itself has, in the places where knexward looks; `undefined` where it
 * has none.
 */
export function knexfileIn(folder: string): string | undefined {
  const names = [...KNEX_NAMES, ...OTHER_NAMES];
  const paths = OTHER_FOLDERS.flatMap((place) => names.map((name) => join(folder, place, name)));
  return paths.find((path) => existsSync(path));
}

/**
 * Finds the knexfile as Knex's command line does: the one that was given, else the first one in the
 * project's folder or in one above it. Only where that finds none, the places count that Knex does
 * not know.
 *
 * Knex changes into the folder of a knexfile that is given, and stays where it is otherwise.
 *
 * @throws KnexwardError `KNEXFILE_NOT_FOUND` where a given path does not exist,
 * `AMBIGUOUS_KNEXFILE` where Knex would take another one than the project's own.
 */
export function findKnexfile(
  projectRoot: string,
  given: string | undefined,
): KnexfilePlace | undefined {
  if (given !== undefined) return givenKnexfile(resolve(projectRoot, given));
  const knexTakes = lookUpwards(projectRoot);
  const own = knexfileIn(projectRoot);
  if (own === undefined || knexTakes === own) {
    return knexTakes === undefined ? undefined : { path: knexTakes, workingDirectory: projectRoot };
  }
  if (knexTakes !== undefined) throw ambiguous(own, knexTakes);
  const folder = dirname(own);
  return { path: own, workingDirectory: folder };
}

function givenKnexfile(path: string): KnexfilePlace {
  if (existsSync(path) && statSync(path).isFile()) return { path, workingDirectory: dirname(path) };
  throw new KnexwardError('KNEXFILE_NOT_FOUND', {
    message: `There is no knexfile at ${path}.`,
    fix: "Correct --knexfile, or leave it out to use the project's own.",
  });
}

function lookUpwards(folder: string): string | undefined {
  const path = KNEX_NAMES.map((name) => join(folder, name)).find((each) => existsSync(each));
  if (path !== undefined) return path;
  const above = dirname(folder);
  return above === folder ? undefined : lookUpwards(above);
}

function ambiguous(own: string, knexTakes: string): KnexwardError {
  return new KnexwardError('AMBIGUOUS_KNEXFILE', {
    message: `The project has ${own}, but Knex's command line would use ${knexTakes}. Nothing was changed.`,
    fix: `Choose one: --knexfile ${own} or --knexfile ${knexTakes}.`,
  });
}

/**
 * Loads the knexfile that was asked for, or the one that the project has.
 *
 * @param enter called with the folder that Knex's command line would work in, before the file is loaded
 * @param loaded called when it is loaded, and what it rejected meanwhile has been told to the process
 * @throws KnexwardError as `findKnexfile`; `KNEXFILE_BROKEN` where the file cannot be loaded or
 * exports nothing that is a configuration.
 */
export async function loadKnexfile(
  projectRoot: string,
  given: string | undefined,
  enter: (folder: string) => void = () => undefined,
  loaded: () => void = () => undefined,
): Promise<Knexfile | undefined> {
  const place = findKnexfile(projectRoot, given);
  enter(place?.workingDirectory ?? projectRoot);
  if (!place) return undefined;
  const content = await evaluate(place.path);
  // Node.js tells of a promise that nobody has handled at the end of a turn.
  await nextTurn();
  loaded();
  return { ...place, content };
}

/** What Knex's command line makes of a knexfile: its `default`, and what a function returns. */
async function evaluate(path: string): Promise<Record<string, unknown>> {
  if (!LOADED.test(path)) throw unknownLanguage(path);
  const exported = await askProject(`The knexfile ${path}`, async () => {
    const loaded = await loadExports(path);
    const { default: main } = Object(loaded) as { default?: unknown };
    const content = main ? await Promise.resolve(main) : loaded;
    return typeof content === 'function' ? await (content as () => unknown)() : content;
  });
  if (!isObject(exported) || Object.keys(exported).length === 0) {
    throw new KnexwardError('KNEXFILE_BROKEN', {
      message: `The knexfile ${path} exports no configuration.`,
      fix: 'Export an object with client and connection, or one such object an environment.',
    });
  }
  for (const name of Object.keys(exported)) rememberName(name);
  return exported as unknown as Record<string, unknown>;
}

function unknownLanguage(path: string): KnexwardError {
  return new KnexwardError('KNEXFILE_BROKEN', {
    message: `The knexfile ${path} is in a language that knexward does not load.`,
    fix: 'Write it in JavaScript or TypeScript, or name another one with --knexfile.',
  });
}

/** Which environment is meant, and who says so. */
export interface WantedEnvironment {
  /** `--env`, or a program's `env`. */
  given: string | undefined;
  /** `NODE_ENV`, where it is set. */
  fromNode: string | undefined;
}

/**
 * Picks an environment out of a knexfile's content by Knex's rule: the entry of that name, else the
 * whole object. Beyond that, `dev` stands in where nobody names one and there is no `development`.
 *
 * @throws KnexwardError `UNKNOWN_ENVIRONMENT` where neither is a configuration, and where an
 * environment was given that a knexfile with environments does not have.
 */
export function selectEnvironment(
  { path, content }: Pick<Knexfile, 'path' | 'content'>,
  { given, fromNode }: WantedEnvironment,
): { name: string; config: EnvironmentConfig } {
  const name = given ?? fromNode ?? 'development';
  // Of the others, one may be a getter that throws where its variables are not set.
  const known = (): string[] => Object.keys(content).filter((key) => hasEnvironment(content, key));
  const entry = name in Object.prototype ? undefined : readEntry(content, name);
  if (isObject(entry)) return { name, config: entry };
  const whole = ROOT_KEYS.some((key) => key in content);
  if (!entry && whole && (given === undefined || known().length === 0)) {
    return { name, config: content };
  }
  if (name === 'development' && !whole && given === undefined) {
    const dev = readEntry(content, 'dev');
    if (isObject(dev)) return { name: 'dev', config: dev };
  }
  throw new KnexwardError('UNKNOWN_ENVIRONMENT', {
    message: `The knexfile ${path} has no environment "${name}".`,
    fix: `It has: ${known().join(', ')}. Choose one with --env or NODE_ENV, or add "${name}".`,
  });
}

/** What shows that a knexfile's content is itself a configuration. */
const ROOT_KEYS = ['client', 'dialect', 'connection', 'connectionPool'];
/** A configuration has other objects too, such as `pool` and `migrations`. */
function hasEnvironment(content: Record<string, unknown>, key: string): boolean {
  try {
    const value = content[key];
    return isObject(value) && ROOT_KEYS.some((each) => each in value);
  } catch {
    // It is there; what it throws is told where it is chosen.
    return true;
  }
}

function isObject(value: unknown): value is EnvironmentConfig {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The environment variables that a knexfile reads, as far as its text shows, and that are not set:
 * for the message where it names no database.
 */
export function unsetVariablesIn(path: string, env: NodeJS.ProcessEnv): string[] {
  const read = readFileSync(path, 'utf8').matchAll(
    /\benv(?:\.([A-Z_][A-Z0-9_]*)\b|\[\s*['"`](\w+)['"`]\s*\])/g,
  );
  const names = new Set([...read].map(([, dotted, quoted]) => dotted ?? quoted ?? ''));
  return [...names].filter((name) => name !== 'NODE_ENV' && !env[name]);
}
