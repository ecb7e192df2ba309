// Taking over a history of db-migrate's, which only knexward does.
import { changes } from '../migrations.mjs';
import {
  dbMigrate,
  DATABASE_JSON,
  dbMigrateFiles,
  dbMigrateHistory,
  dbMigrateNames,
} from '../peers/db-migrate.mjs';
import { journal, knexHistory } from '../peers/knexward.mjs';

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

/**
 * The day after: nothing is pending, and the old table is still there, as it stays until the user
 * says otherwise. db-migrate takes part with the same files and its own rows.
 *
 * @param {number} count rows of the history, all of them adopted
 * @returns {import('../cases.mjs').Case}
 */
export function adoptedCase(count) {
  return {
    id: `adopted-${count}`,
    group: 'nothing',
    title: `Nothing pending, ${count.toLocaleString('en')} adopted from db-migrate`,
    count: 0,
    enter(peer) {
      const isOurs = peer.id === 'knexward-sql';
      if (peer.id === 'knexward-js') return 'the same command as with .sql';
      if (!isOurs && peer.id !== dbMigrate.id) return 'has nothing to take over';
      const all = changes(count);
      const names = dbMigrateNames(all);
      return {
        peer: isOurs ? { ...peer, id: 'knexward', title: 'knexward' } : peer,
        project: `adopted-${peer.id}-${count}`,
        files: { ...peer.files([], { applied: 0, pending: 0, revert: 0 }), ...dbMigrateFiles(all) },
        seed: `-- adopted\n${dbMigrateHistory(names)}${isOurs ? adoptedHistory(names) : ''}`,
        changes: false,
        args: ['up'],
        says: peer.idle,
        expected: { [`select count(*)::int as n from ${peer.history}`]: count },
      };
    },
  };
}

/** What adopt writes: a batch for each row, and each row's original in the journal. */
function adoptedHistory(names) {
  return `${knexHistory(names.map((name) => `${name}.js`))}
    update knex_migrations set batch = id;
    ${journal([])}
    insert into knexward_journal (run_id, event, migration, batch, actor, details)
    select '00000000-0000-4000-8000-000000000000', 'adopted', h.name, h.batch, 'bench@bench, postgres',
           jsonb_build_object('table', '"public"."migrations"', 'id', o.id, 'name', o.name,
             'run_on', o.run_on::text, 'time_zone', 'UTC', 'history_id', h.id)
      from migrations o join knex_migrations h on h.id = o.id;`;
}
