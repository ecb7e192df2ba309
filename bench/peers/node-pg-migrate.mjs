// node-pg-migrate's command line.
import { filesOf, insert, quote } from './peer.mjs';

const nameOf = ({ stamp, subject }) => `${stamp}000_${subject}`;

/** @type {import('./peer.mjs').Peer} */
export const nodePgMigrate = {
  id: 'node-pg-migrate',
  title: 'node-pg-migrate',
  package: 'node-pg-migrate',
  what: 'changes as .sql files; all pending in one transaction',
  history: 'pgmigrations',
  program: 'node-pg-migrate/bin/node-pg-migrate.js',
  idle: /No migrations to run/,
  files: (changes) =>
    filesOf(changes, (change) => [
      `migrations/${nameOf(change)}.sql`,
      `-- Up Migration\n${change.up}\n-- Down Migration\n${change.down}`,
    ]),
  seed: (changes) => `
    create table pgmigrations (id serial primary key, name varchar(255) not null, run_on timestamp not null);
    ${insert(
      'pgmigrations (name, run_on)',
      changes.map((change) => `(${quote(nameOf(change))}, now())`),
    )}`,
  command(action, count) {
    if (action === 'up') return ['up'];
    if (action === 'down') return ['down', String(count)];
    if (action === 'status') return 'has no such command';
    return 'has nothing to take over';
  },
};
