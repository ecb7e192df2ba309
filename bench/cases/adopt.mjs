// Taking over a history of db-migrate's, which only knexward does.
import { changes } from '../migrations.mjs';
import {
  DATABASE_JSON,
  dbMigrateFiles,
  dbMigrateHistory,
  dbMigrateNames,
} from '../peers/db-migrate.mjs';

const PACKAGE = {
  name: 'legacy',
  private: true,
  scripts: { 'migrate:up': 'db-migrate up', 'migrate:down': 'db-migrate down' },
  dependencies: { 'db-migrate': '0.11.14', 'db-migrate-pg': '1.5.2' },
};

/**
 * @param {number} count rows of the history, each with its file
 * @returns {import('../cases.mjs').Case}
 */
export function adoptCase(count) {
  return {
    id: `adopt-${count}`,
    group: 'adopt',
    title: `Adopt ${count.toLocaleString('en')} rows of db-migrate`,
    count,
    enter(peer) {
      if (peer.id !== 'knexward-sql') {
        return peer.id === 'knexward-js'
          ? 'the same command as with .sql'
          : 'has nothing to take over';
      }
      const all = changes(count);
      return {
        peer: { ...peer, id: 'knexward', title: 'knexward' },
        project: `adopt-${count}`,
        files: {
          'database.json': DATABASE_JSON,
          'package.json': `${JSON.stringify(PACKAGE, null, 2)}\n`,
          ...dbMigrateFiles(all),
        },
        reset: true,
        seed: dbMigrateHistory(dbMigrateNames(all)),
        changes: true,
        args: ['adopt', '--yes', '--time-zone', 'UTC'],
        says: new RegExp(`Adopted ${count} migrations`),
        expected: {
          'select count(*)::int as n from knex_migrations': count,
          'select count(*)::int as n from migrations': count,
          "select count(*)::int as n from knexward_journal where event = 'adopted'": count,
        },
      };
    },
  };
}
