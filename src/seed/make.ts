import { existsSync } from 'node:fs';
import { extname, join, resolve } from 'node:path';
import { type Knex } from 'knex';
import { type ProjectConfig } from '../config/resolve.js';
import { commandLine } from '../command-line.js';
import { KnexwardError } from '../errors.js';
import { messageOf } from '../server-error.js';

/** What `seed:make` may be told. */
export interface SeedMakeRequest {
  name: string;
  extension?: string | undefined;
  stub?: string | undefined;
  timestampFilenamePrefix?: boolean | undefined;
}

/**
 * Writes a new seed file as Knex does, and returns its path. An existing file is never overwritten.
 *
 * @throws KnexwardError `INVALID_NAME`, `FILE_NOT_WRITABLE`
 */
export async function makeSeed(config: ProjectConfig, request: SeedMakeRequest): Promise<string> {
  const { name } = request;
  if (!/^[\p{L}\p{N}_][\p{L}\p{N}_.-]*$/u.test(name)) throw invalidName(name);
  const seeds = config.knex.seeds ?? {};
  const extension = extensionOf(config, request);
  const timestampFilenamePrefix = request.timestampFilenamePrefix ?? seeds.timestampFilenamePrefix;
  const folder = resolve([seeds.directory ?? './seeds'].flat().at(-1) as string);
  const path = join(folder, `${name}.${extension}`);
  if (!timestampFilenamePrefix && existsSync(path)) throw existing(path);
  const stub = stubOf(seeds, request.stub);
  const { default: createKnex } = await import('knex');
  const knex = createKnex({ client: 'pg', seeds });
  const given = {
    extension,
    ...(stub && { stub }),
    ...(timestampFilenamePrefix && { timestampFilenamePrefix }),
  };
  return knex.seed.make(name, given).catch((error: unknown) => {
    throw new KnexwardError('FILE_NOT_WRITABLE', {
      message: `${path} cannot be written: ${messageOf(error)}`,
      fix: 'Check the folder, its permissions, the extension and the stub.',
      cause: error,
    });
  });
}

/** Knex's rule: what was asked for, else what the configuration says, else the knexfile's own. */
function extensionOf({ knex, knexfile }: ProjectConfig, { extension }: SeedMakeRequest): string {
  const { ext } = knex as { ext?: string };
  const own = knexfile === null ? '' : extname(knexfile).slice(1);
  return (extension ?? knex.seeds?.extension ?? ext ?? (own || 'js')).toLowerCase();
}

/** Knex's rule: a path has a slash in it; a name is that of a file in the seeds folder. */
function stubOf(seeds: Knex.SeederConfig, stub: string | undefined): string | undefined {
  if (stub === undefined || stub.includes('/')) return stub;
  if (typeof seeds.directory === 'string') return join(seeds.directory, stub);
  throw new KnexwardError('USAGE', {
    message: `--stub ${stub} is looked for in seeds.directory, which the knexfile does not name.`,
    fix: `Give a path: --stub ./${stub}`,
  });
}

function invalidName(name: string): KnexwardError {
  return new KnexwardError('INVALID_NAME', {
    message: `"${name}" cannot be the name of a seed.`,
    fix: `Use letters, digits, ".", "-" and "_", for example: ${commandLine('seed:make', '01_users')}`,
  });
}

function existing(path: string): KnexwardError {
  return new KnexwardError('FILE_NOT_WRITABLE', {
    message: `${path} exists already. Nothing was changed.`,
    fix: 'Choose another name, or give --timestamp-filename-prefix.',
  });
}
