/*
 * Knex's seeds, by Knex's rules: knex.seed does the work on an instance that is configured as for a run.
 * May import what runs migrations; nothing that migrates depends on it.
 */

import { existsSync } from 'node:fs';
import { isAbsolute, relative } from 'node:path';
import { type Knex } from 'knex';
import { type ResolvedConfig } from '../config/resolve.js';
import { openSession, type Session } from '../database/session.js';
import { KnexwardError } from '../errors.js';
import { calledFrom, commandLine } from '../command-line.js';
import { tellDatabase } from '../history/find-tables.js';
import { messageOf, reasonOf } from '../server-error.js';
import { sourceOfSeeds } from './source.js';

/** What to run, and who is told. */
export interface SeedRequest {
  /** The base name of the one file to run. */
  specific?: string | undefined;
  onEmbedded?: (folder: string) => void;
  /** Asked once it is known which database it is; throws to stop. */
  confirm?: () => Promise<void>;
}

/**
 * Runs the seed files, and returns their paths in the order in which they ran.
 *
 * @throws KnexwardError `SEED_FAILED` where a file cannot be found or loaded, or fails; what ran
 * before it stays, because Knex runs each on its own. `SEARCH_PATH_POOLED` where a pooler would not keep
 * the search path.
 */
export async function runSeeds(config: ResolvedConfig, request: SeedRequest): Promise<string[]> {
  const { onEmbedded, specific } = request;
  const session = await openSession(config, onEmbedded ? { onEmbedded } : {});
  try {
    await tellDatabase(session.client, config);
    await request.confirm?.();
    const knex = await knexOf(session);
    const seeds = await callConfig(config, specific);
    const [ran] = await knex.seed.run(seeds).catch((error: unknown) => {
      throw seedFailed(error, specific);
    });
    return (ran ?? []).map(shown);
  } finally {
    await session.close();
  }
}

/** Whether the project has seeds: the knexfile says something of them, or Knex's own folder is there. */
export function hasSeeds({ knex }: ResolvedConfig): boolean {
  return Boolean(knex.seeds) || existsSync('seeds');
}

async function knexOf(session: Session): Promise<Knex> {
  const { knex } = await session.forChanges(true);
  const path = session.transactionPath();
  if (path !== null) {
    throw new KnexwardError('SEARCH_PATH_POOLED', {
      message: `Seeds run outside a transaction, through a pooler in transaction mode: the searchPath of the knexfile (${path}) would not hold in them. Nothing was run.`,
      fix: `Connect to the server itself for seeds, or give the role the path: alter role ... set search_path = ${path}`,
    });
  }
  return knex as Knex;
}

/** The knexfile's `seeds`, with a source that also loads TypeScript; a source of the project's is kept. */
async function callConfig(
  { knex }: ResolvedConfig,
  specific: string | undefined,
): Promise<Knex.SeederConfig> {
  const seeds = knex.seeds ?? {};
  const chosen = specific === undefined ? {} : { specific };
  const filesGiven =
    seeds.directory || seeds.sortDirsSeparately !== undefined || seeds.loadExtensions;
  if (seeds.seedSource && !filesGiven) return { ...seeds, ...chosen };
  const { directory: _, sortDirsSeparately: _sort, loadExtensions: _load, ...rest } = seeds;
  const seedSource = await sourceOfSeeds(seeds);
  return { ...rest, ...chosen, seedSource };
}

/** A path as it is shown; what a source of the project's calls its seeds is no path. */
function shown(seed: unknown): string {
  const text = String(seed);
  return isAbsolute(text) ? relative(calledFrom(), text) : text;
}

function seedFailed(error: unknown, specific: string | undefined): KnexwardError {
  const { code, path } = (error ?? {}) as { code?: string; path?: string };
  if (code === 'ENOENT' && path !== undefined) {
    return new KnexwardError('SEED_FAILED', {
      message: `The folder of the seeds is not there: ${path}. Nothing was run.`,
      fix: `Write a first seed with "${commandLine('seed:make', 'first')}", or correct seeds.directory in the knexfile.`,
      cause: error,
    });
  }
  const notThere = specific !== undefined && /specific seed/.test(messageOf(error));
  return new KnexwardError('SEED_FAILED', {
    message: `${messageOf(error) || `A seed threw ${reasonOf(error)}`}.`.replace(/\.\.$/, '.'),
    fix: notThere
      ? 'Give the name of a file in the seeds folder, with its extension. Nothing was run.'
      : `Correct it and run all again, or that one: "${commandLine('seed', '--specific', 'FILE')}". What ran before it stays.`,
    cause: error,
  });
}
