// db-migrate with its driver for PostgreSQL.
import { filesOf, insert, quote } from './peer.mjs';

const nameOf = ({ stamp, subject }) => `${stamp}-${subject.replaceAll('_', '-')}`;

/** The configuration; the address comes from DATABASE_URL. */
export const DATABASE_JSON = '{ "dev": { "driver": "pg" } }\n';

/** The history as db-migrate keeps it. */
export function dbMigrateHistory(names) {
  return `
    create table migrations (id serial primary key, name varchar(255) not null, run_on timestamp not null);
    ${insert(
      'migrations (name, run_on)',
      names.map((name) => `(${quote(`/${name}`)}, localtimestamp)`),
    )}`;
}

/** The files that db-migrate would have made for the changes. */
export function dbMigrateFiles(changes) {
  return filesOf(changes, (change) => [
    `migrations/${nameOf(change)}.js`,
    `exports.setup = function () {};

exports.up = function (db) {
  return db.runSql(${JSON.stringify(change.up)});
};

exports.down = function (db) {
  return db.runSql(${JSON.stringify(change.down)});
};

exports._meta = { version: 1 };
`,
  ]);
}

/** What db-migrate's history calls the changes, without the slash. */
export const dbMigrateNames = (changes) => changes.map(nameOf);

/** @type {import('./peer.mjs').Peer} */
export const dbMigrate = {
  id: 'db-migrate',
  title: 'db-migrate',
  package: 'db-migrate',
  what: 'changes in JavaScript; a transaction each, with the history inside; takes no lock',
  history: 'migrations',
  program: 'db-migrate/bin/db-migrate',
  idle: /No migrations to run/,
  idleStatus: /Migrations to run: \[\]|No migrations to run/i,
  files: (changes) => ({ 'database.json': DATABASE_JSON, ...dbMigrateFiles(changes) }),
  seed: (changes) => dbMigrateHistory(dbMigrateNames(changes)),
  command(action, count) {
    if (action === 'up') return ['up'];
    if (action === 'status') return ['check'];
    if (action === 'down') return ['down', '--count', String(count)];
    return 'has nothing to take over';
  },
};
