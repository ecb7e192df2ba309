// Umzug, which is a library: the smallest runner that its README's own examples make.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { filesOf, insert, quote } from './peer.mjs';

const nameOf = ({ stamp, subject }) => `${stamp}_${subject}.up.sql`;
const RUNNER = fileURLToPath(new URL('./umzug-runner.cjs', import.meta.url));

/** @type {import('./peer.mjs').Peer} */
export const umzug = {
  id: 'umzug',
  title: 'Umzug',
  package: 'umzug',
  what: 'a runner of 40 lines with pg, changes as .sql files; change and history commit one after the other',
  history: 'umzug_migrations',
  program: './migrate.cjs',
  idle: /^0 changes$/m,
  idleStatus: /^0 pending$/m,
  files: (changes) => ({
    'migrate.cjs': readFileSync(RUNNER, 'utf8'),
    ...filesOf(changes, (change) => [`migrations/${nameOf(change)}`, change.up]),
    ...filesOf(changes, (change) => [
      `migrations/${nameOf(change).replace('.up.', '.down.')}`,
      change.down,
    ]),
  }),
  seed: (changes) => `
    create table umzug_migrations (name text primary key);
    ${insert(
      'umzug_migrations',
      changes.map((change) => `(${quote(nameOf(change))})`),
    )}`,
  command(action, count) {
    if (action === 'up') return ['up'];
    if (action === 'status') return ['status'];
    if (action === 'down') return ['down', String(count)];
    return 'has nothing to take over';
  },
};
