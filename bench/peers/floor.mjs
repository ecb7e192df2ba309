// The least that each job takes, without a migration tool: what the others are held against.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { REPOSITORY } from '../folders.mjs';
import { insert, quote } from './peer.mjs';

const RAW = fileURLToPath(new URL('./raw-client.cjs', import.meta.url));
const HISTORY = 'select name from history order by name;\n';

const nameOf = ({ stamp, subject }) => `${stamp}_${subject}`;
const each = (sql) => `begin;\n${sql}commit;\n`;

/** A project with a script for the job; the history is a table of names, only read. */
function scripts(changes, { pending, revert }) {
  return {
    'idle.sql': HISTORY,
    'up.sql': lastOf(changes, pending)
      .map(({ up }) => each(up))
      .join(''),
    'down.sql': lastOf(changes, revert)
      .reverse()
      .map(({ down }) => each(down))
      .join(''),
  };
}

const lastOf = (changes, count) => changes.slice(changes.length - count);

function seed(changes) {
  const rows = changes.map((change) => `(${quote(nameOf(change))})`);
  return `create table history (name text primary key);\n${insert('history', rows)}`;
}

/**
 * psql's own program. Debian's `psql` in the PATH is a Perl script that looks for it.
 *
 * @returns {string | undefined}
 */
function findPsql() {
  const debian = '/usr/lib/postgresql';
  const installed = existsSync(debian)
    ? readdirSync(debian)
        .sort((a, b) => Number(b) - Number(a))
        .map((version) => join(debian, version, 'bin'))
    : [];
  const folders = [...installed, ...(process.env.PATH ?? '').split(delimiter)];
  return folders.map((folder) => join(folder, 'psql')).find((path) => existsSync(path));
}

const psqlProgram = findPsql();

/** @type {import('./peer.mjs').Peer | undefined} `undefined` where psql is not installed */
export const psql = psqlProgram && {
  id: 'psql',
  title: 'psql',
  package: null,
  what: 'no tool: psql runs the same SQL from one file, a transaction each, and keeps no history; where nothing is pending it reads a history',
  history: null,
  floor: true,
  native: true,
  program: psqlProgram,
  files: scripts,
  seed,
  env: () => ({ PGSSLMODE: 'disable', PGGSSENCMODE: 'disable' }),
  command(action, count) {
    const file = scriptFor(action, count);
    return file === undefined
      ? 'the floor has no such job'
      : ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', file];
  },
};

/** @type {import('./peer.mjs').Peer} */
export const raw = {
  id: 'raw',
  title: 'node + pg',
  package: null,
  what: 'no tool: a script with nothing but pg, that reads a history or sends each change with its begin and commit in one message',
  history: null,
  floor: true,
  program: './raw-client.cjs',
  modules: join(REPOSITORY, 'node_modules'),
  files: (changes, job) => ({
    ...scripts(changes, job),
    'raw-client.cjs': readFileSync(RAW, 'utf8'),
  }),
  seed,
  command: (action, count) => {
    const file = scriptFor(action, count);
    return file === undefined ? 'the floor has no such job' : [file];
  },
};

/** @type {import('./peer.mjs').Peer} */
export const node = {
  id: 'node',
  title: 'node -e 0',
  package: null,
  what: 'no tool: Node.js starts and ends',
  history: null,
  floor: true,
  program: './nothing.cjs',
  files: () => ({ 'nothing.cjs': '' }),
  seed: () => '',
  command: (action, count) =>
    action === 'up' && count === 0 ? [] : 'only starts: no part in this',
};

function scriptFor(action, count) {
  if (action === 'up') return count === 0 ? 'idle.sql' : 'up.sql';
  return action === 'down' ? 'down.sql' : undefined;
}
