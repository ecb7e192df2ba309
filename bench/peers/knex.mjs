// Knex's own command line.
import { knexFile, knexHistory } from './knexward.mjs';
import { filesOf } from './peer.mjs';

const nameOf = ({ stamp, subject }) => `${stamp}_${subject}.js`;

/** @type {import('./peer.mjs').Peer} */
export const knex = {
  id: 'knex',
  title: 'knex CLI',
  package: 'knex',
  what: 'changes in JavaScript; all pending in one transaction',
  history: 'knex_migrations',
  program: 'knex/bin/cli.js',
  idle: /Already up to date/,
  idleStatus: /No Pending Migration files Found/i,
  files: (changes) => ({
    'knexfile.js': `module.exports = {
  client: 'pg',
  connection: process.env.DATABASE_URL,
  migrations: { directory: './migrations' },
};
`,
    ...filesOf(changes, (change) => [`migrations/${nameOf(change)}`, knexFile(change)]),
  }),
  seed: (changes) => knexHistory(changes.map(nameOf)),
  command(action, count) {
    if (action === 'up') return ['migrate:latest'];
    if (action === 'status') return ['migrate:list'];
    // All rows are of one batch: the rollback of the last one is the rollback of all.
    if (action === 'down') return count === 1 ? ['migrate:down'] : ['migrate:rollback'];
    return 'has nothing to take over';
  },
};
