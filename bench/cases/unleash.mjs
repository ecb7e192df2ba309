// An empty database to Unleash's schema, with the 374 files that its makers wrote for db-migrate.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '../folders.mjs';
import { unleashFolder } from '../install.mjs';
import { ensureProject } from '../projects.mjs';

export const MIGRATIONS = 374;
/** Tables and views, without what the tools keep for themselves: the count of the tests. */
const TABLES = 102;
const COUNT_TABLES = `select count(*)::int as n from information_schema.tables
  where table_schema = 'public' and table_name not in
    ('migrations', 'knex_migrations', 'knex_migrations_lock', 'knexward_journal')`;

/** @returns {import('../cases.mjs').Case} */
export function unleashCase() {
  return {
    id: 'unleash',
    group: 'unleash',
    title: 'Unleash, an empty database to the full schema (374 changes)',
    count: MIGRATIONS,
    enter(peer) {
      if (peer.floor) return 'the changes are programs, not SQL';
      if (peer.id === 'knexward-js') return 'the same command as with .sql';
      if (!['knexward-sql', 'db-migrate'].includes(peer.id)) {
        return 'does not run the files of db-migrate';
      }
      const entrant =
        peer.id === 'db-migrate' ? peer : { ...peer, id: 'knexward', title: 'knexward' };
      return {
        peer: entrant,
        project: `unleash-${entrant.id}`,
        files: {
          ...peer.files([], { applied: 0, pending: 0, revert: 0 }),
          ...migrations(),
        },
        seed: '',
        changes: true,
        args: ['up'],
        expected: {
          [COUNT_TABLES]: TABLES,
          [`select count(*)::int as n from ${peer.history}`]: MIGRATIONS,
        },
      };
    },
  };
}

const BASELINE = 'knexward-baseline.sql';

/**
 * The same, from a baseline and replayed: knexward against itself.
 *
 * @returns {import('../cases.mjs').Case}
 */
export function unleashBaselineCase() {
  return {
    id: 'unleash-baseline',
    group: 'unleash',
    title: 'Unleash, an empty database to the full schema, from a baseline and replayed',
    count: MIGRATIONS,
    enter(peer) {
      if (!['knexward-sql', 'knexward-js'].includes(peer.id)) return 'has no baseline of its own';
      const isReplay = peer.id === 'knexward-js';
      const project = {
        ...peer.files([], { applied: 0, pending: 0, revert: 0 }),
        ...migrations(),
      };
      return {
        peer: {
          ...peer,
          id: isReplay ? 'knexward-replay' : 'knexward',
          title: isReplay ? 'knexward, replayed' : 'knexward, from a baseline',
        },
        project: `unleash-baseline-${isReplay ? 'replay' : 'load'}`,
        files: { ...project, [BASELINE]: baselineOf(peer, project) },
        seed: '',
        changes: true,
        args: isReplay ? ['up', '--no-baseline'] : ['up'],
        expected: {
          [COUNT_TABLES]: TABLES,
          [`select count(*)::int as n from ${peer.history}`]: MIGRATIONS,
        },
      };
    },
  };
}

let baseline;

/**
 * The baseline, written by knexward itself on an embedded server of the project's own.
 *
 * @param {import('../peers/peer.mjs').Peer} peer
 * @param {Record<string, string>} files
 * @returns {string}
 */
function baselineOf({ modules }, files) {
  if (baseline !== undefined) return baseline;
  const folder = ensureProject('unleash-to-write-a-baseline-of', files, modules);
  const { PATH, HOME } = process.env;
  execFileSync(
    process.execPath,
    [join(REPOSITORY, 'bin/knexward.js'), 'baseline', '--yes', '--cwd', folder],
    { env: { PATH, HOME }, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  rmSync(join(folder, '.knexward'), { recursive: true, force: true });
  return (baseline = readFileSync(join(folder, BASELINE), 'utf8'));
}

/** The files, as a project has them. */
export function migrations() {
  const folder = unleashFolder();
  return Object.fromEntries(
    readdirSync(folder)
      .filter((name) => /\.(js|json)$/.test(name))
      .map((name) => [`migrations/${name}`, readFileSync(join(folder, name), 'utf8')]),
  );
}
