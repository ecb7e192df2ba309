// An empty database to Unleash's schema, with the 374 files that its makers wrote for db-migrate.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unleashFolder } from '../install.mjs';

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

/** The files, as a project has them. */
export function migrations() {
  const folder = unleashFolder();
  return Object.fromEntries(
    readdirSync(folder)
      .filter((name) => /\.(js|json)$/.test(name))
      .map((name) => [`migrations/${name}`, readFileSync(join(folder, name), 'utf8')]),
  );
}
