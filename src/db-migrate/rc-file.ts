import { existsSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { KnexwardError } from '../errors.js';

const NAME = 'db-migrate';
const RC_FILE = `.${NAME}rc`;

/**
 * Options out of `.db-migraterc` and its like: those of the machine, of the user, of the folder or the
 * nearest one around it, and of variables such as `db-migrate_table`; what comes later counts more.
 *
 * @throws KnexwardError `DB_MIGRATE_CONFIG` for a file that holds no JSON object.
 * @source rc/index.js
 */
export function readRcFiles(
  folder: string,
  env: NodeJS.ProcessEnv = process.env,
): Record<string, unknown> {
  const home = env['HOME'] ?? homedir();
  const files = [
    ...[join('/etc', NAME, 'config'), join('/etc', `${NAME}rc`)],
    ...[join(home, '.config', NAME, 'config'), join(home, '.config', NAME)],
    ...[join(home, `.${NAME}`, 'config'), join(home, RC_FILE)],
    ...(nearestRcFile(folder) ?? []),
  ];
  return Object.assign({}, ...files.map(readOptions), fromVariables(env)) as Record<
    string,
    unknown
  >;
}

/** The `.db-migraterc` of a folder or of the nearest one around it: none, or one. */
function nearestRcFile(folder: string): [string] | undefined {
  const path = join(folder, RC_FILE);
  if (existsSync(path)) return [path];
  const above = dirname(folder);
  return above === folder ? undefined : nearestRcFile(above);
}

function fromVariables(env: NodeJS.ProcessEnv): Record<string, unknown> {
  const prefix = `${NAME}_`;
  const entries = Object.entries(env)
    .filter(([name]) => name.toLowerCase().startsWith(prefix))
    .map(([name, value]) => [name.slice(prefix.length), value]);
  return Object.fromEntries(entries) as Record<string, unknown>;
}

/** A comment, or a text, in which the signs of a comment are none. */
const COMMENT_OR_TEXT = /"(?:\\.|[^"\\])*"|\/\/[^\r\n]*|\/\*[\s\S]*?\*\//g;

function readOptions(path: string): Record<string, unknown> {
  if (!existsSync(path) || !statSync(path).isFile()) return {};
  try {
    const text = readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
    const json = text.replace(COMMENT_OR_TEXT, (found) => (found.startsWith('"') ? found : ' '));
    return { ...(JSON.parse(json) as Record<string, unknown>) };
  } catch (error) {
    throw new KnexwardError('DB_MIGRATE_CONFIG', {
      message: `${path} cannot be read as JSON: ${(error as Error).message}`,
      fix: 'Write the options as one JSON object: {"migrations-dir": "db/migrations"}.',
      cause: error,
    });
  }
}
