// knexward, with changes in SQL and with changes in JavaScript.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { REPOSITORY } from '../folders.mjs';
import { filesOf, insert, quote } from './peer.mjs';

const KNEXFILE = `module.exports = {
  client: 'pg',
  connection: process.env.DATABASE_URL,
  migrations: { directory: './migrations' },
};
`;

/** The file of a change that is written for Knex: knex.raw with the same SQL. */
export function knexFile({ up, down }) {
  return `exports.up = (knex) => knex.raw(${JSON.stringify(up)});

exports.down = (knex) => knex.raw(${JSON.stringify(down)});
`;
}

/** Knex's own two tables with one batch in them. */
export function knexHistory(names) {
  return `
    create table knex_migrations (id serial primary key, name varchar(255), batch integer, migration_time timestamptz);
    create table knex_migrations_lock (index serial primary key, is_locked integer);
    insert into knex_migrations_lock (is_locked) values (0);
    ${insert(
      'knex_migrations (name, batch, migration_time)',
      names.map((name) => `(${quote(name)}, 1, now())`),
    )}`;
}

/** knexward's journal, as its own create statement has it; the rows are name and text. */
export function journal(rows) {
  return `
    create table knexward_journal (
      id bigint generated always as identity primary key,
      run_id uuid not null,
      at timestamptz not null default clock_timestamp(),
      event text not null check (event in ('adopted', 'started', 'applied', 'failed',
        'reverted', 'resolved', 'unlocked', 'undone')),
      migration text, batch integer, checksum text, duration_ms double precision,
      actor text not null, details jsonb not null default '{}');
    create index knexward_journal_migration_index on knexward_journal (migration, id);
    ${insert(
      'knexward_journal (run_id, event, migration, batch, checksum, duration_ms, actor)',
      rows.map(
        ([name, text]) =>
          `('00000000-0000-4000-8000-000000000000', 'applied', ${quote(name)}, 1, '${sha256(text)}', 1, 'bench@bench, postgres')`,
      ),
    )}`;
}

function sha256(text) {
  return createHash('sha256').update(text).digest('hex');
}

function command(action, count) {
  switch (action) {
    case 'up':
      return ['up'];
    case 'status':
      return ['status'];
    case 'down':
      return ['down', '--count', String(count)];
    case 'adopt':
      return ['adopt', '--yes', '--time-zone', 'UTC'];
  }
}

/** @type {Omit<import('./peer.mjs').Peer, 'id' | 'title' | 'what' | 'files' | 'seed'>} */
const common = {
  package: null,
  history: 'knex_migrations',
  idle: /^Already up to date$/m,
  idleStatus: /^Already up to date$/m,
  command,
  program: join(REPOSITORY, 'bin/knexward.js'),
  modules: join(REPOSITORY, 'node_modules'),
};

const sqlName = ({ stamp, subject }) => `${stamp}_${subject}.up.sql`;
const scriptName = ({ stamp, subject }) => `${stamp}_${subject}.js`;

/** @type {import('./peer.mjs').Peer} */
export const knexwardSql = {
  ...common,
  id: 'knexward-sql',
  title: 'knexward, .sql',
  what: 'changes as .up.sql and .down.sql files; a transaction each, with history and journal inside',
  files: (changes) => ({
    'knexfile.js': KNEXFILE,
    ...filesOf(changes, (change) => [`migrations/${sqlName(change)}`, change.up]),
    ...filesOf(changes, (change) => [
      `migrations/${sqlName(change).replace('.up.', '.down.')}`,
      change.down,
    ]),
  }),
  seed: (changes) =>
    knexHistory(changes.map(sqlName)) +
    journal(changes.map((change) => [sqlName(change), change.up])),
};

/** @type {import('./peer.mjs').Peer} */
export const knexwardScript = {
  ...common,
  id: 'knexward-js',
  title: 'knexward, .js',
  what: 'changes as Knex migrations in JavaScript; a transaction each, with history and journal inside',
  files: (changes) => ({
    'knexfile.js': KNEXFILE,
    ...filesOf(changes, (change) => [`migrations/${scriptName(change)}`, knexFile(change)]),
  }),
  seed: (changes) =>
    knexHistory(changes.map(scriptName)) +
    journal(changes.map((change) => [scriptName(change), knexFile(change)])),
};
