import Bluebird from 'bluebird';
import { KnexwardError } from '../../errors.js';
import { DB_MIGRATE } from '../require-shim.js';

/** The first argument of a migration's `setup`. */
export interface SetupOptions {
  dbmigrate: typeof DB_MIGRATE;
  /** Whether files that are meant for databases older than themselves shall do nothing. */
  ignoreOnInit: boolean;
  Promise: typeof Bluebird;
}

/** The second argument of a migration's `setup`: db-migrate's seeds, linked to migrations. */
export interface SeedLink {
  links: string[];
  seed: (name: string) => Bluebird<never>;
  link: (name: string) => void;
  process: () => void;
  clear: () => void;
}

/** What `setup` receives first. */
export function setupOptions(ignoreOnInit: boolean): SetupOptions {
  return { dbmigrate: DB_MIGRATE, ignoreOnInit, Promise: Bluebird };
}

/**
 * What `setup` receives second. In db-migrate 0.11 a linked seed is noted and then forgotten, and
 * running one fails; files link seeds all the same.
 */
export function seedLink(): SeedLink {
  const seeds: SeedLink = {
    links: [],
    link: (name) => void seeds.links.push(name),
    clear: () => void (seeds.links = []),
    process: () => seeds.clear(),
    seed: (name) =>
      Bluebird.reject(
        new KnexwardError('INVALID_MIGRATION', {
          message: `A migration runs the seed "${name}"; knexward does not run db-migrate's seeds.`,
          fix: "Put the seed's statements into the migration.",
        }),
      ),
  };
  return seeds;
}
