import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { KnexwardError } from '../errors.js';
import { type EnvironmentConfig } from './settings.js';
import { loadUserModule } from './user-module.js';

const FOLDERS = ['.', 'src/config', 'config'];
const EXTENSIONS = ['.ts', '.js', '.cjs', '.mjs'];

/** A knexfile as it was found: where, and what it exports. */
export interface Knexfile {
  path: string;
  content: Record<string, unknown>;
}

/** The path of the project's knexfile, or `undefined` where it has none. */
export function findKnexfile(projectRoot: string): string | undefined {
  for (const folder of FOLDERS) {
    for (const extension of EXTENSIONS) {
      const path = join(projectRoot, folder, `knexfile${extension}`);
      if (existsSync(path)) return path;
    }
  }
  return undefined;
}

/**
 * Loads the knexfile that was asked for, or the one that the project has.
 *
 * @throws KnexwardError `KNEXFILE_NOT_FOUND` where a given path does not exist, `KNEXFILE_BROKEN`
 * where the file cannot be loaded or exports nothing that is a configuration.
 */
export async function loadKnexfile(
  projectRoot: string,
  given: string | undefined,
): Promise<Knexfile | undefined> {
  const path = given === undefined ? findKnexfile(projectRoot) : resolve(projectRoot, given);
  if (path === undefined) return undefined;
  if (!existsSync(path) || !statSync(path).isFile()) {
    throw new KnexwardError('KNEXFILE_NOT_FOUND', {
      message: `There is no knexfile at ${path}.`,
      fix: 'Correct --knexfile, or leave it out to use the one in ., src/config or config.',
    });
  }
  return { path, content: await evaluate(path) };
}

async function evaluate(path: string): Promise<Record<string, unknown>> {
  let exported: unknown;
  try {
    const namespace = await loadUserModule(path);
    exported = typeof namespace['default'] === 'function' ? namespace['default'] : namespace;
    if (typeof exported === 'function') exported = await (exported as () => unknown)();
  } catch (error) {
    throw new KnexwardError('KNEXFILE_BROKEN', {
      message: `The knexfile ${path} cannot be loaded: ${describe(error)}`,
      fix: 'Correct the file. "node --check" shows the place of a syntax error in JavaScript.',
      cause: error,
    });
  }
  if (typeof exported !== 'object' || exported === null || Object.keys(exported).length === 0) {
    throw new KnexwardError('KNEXFILE_BROKEN', {
      message: `The knexfile ${path} exports no configuration.`,
      fix: 'Export an object with client and connection, or one such object an environment.',
    });
  }
  return exported as Record<string, unknown>;
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/**
 * Picks an environment out of a knexfile's content. A knexfile that is itself one configuration
 * serves every environment.
 *
 * @throws KnexwardError `UNKNOWN_ENVIRONMENT` where the knexfile does not have it.
 */
export function selectEnvironment(
  knexfile: Knexfile,
  wanted: string | undefined,
): { name: string; config: EnvironmentConfig } {
  const { content } = knexfile;
  if ('client' in content || 'connection' in content) {
    return { name: wanted ?? 'development', config: content };
  }
  const name = wanted ?? ('development' in content || !('dev' in content) ? 'development' : 'dev');
  const config = Object.hasOwn(content, name) ? content[name] : undefined;
  if (typeof config !== 'object' || config === null) {
    const known = Object.keys(content).filter((key) => key !== 'default' && isObject(content[key]));
    throw new KnexwardError('UNKNOWN_ENVIRONMENT', {
      message: `The knexfile ${knexfile.path} has no environment "${name}".`,
      fix: `It has: ${known.join(', ')}. Choose one with --env or NODE_ENV, or add "${name}".`,
    });
  }
  return { name, config };
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
