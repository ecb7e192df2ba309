// graphile-migrate, its committed migrations.
import { createHash } from 'node:crypto';
import { insert, quote } from './peer.mjs';

/** Each committed file names its own hash and the one before, as `graphile-migrate commit` writes it. */
function committed(changes) {
  let previous = null;
  return changes.map(({ up }, index) => {
    const text = `${previous ?? ''}\n${up.trim()}`.trim();
    const hash = `sha1:${createHash('sha1').update(`${text}\n`).digest('hex')}`;
    const entry = { file: `${String(index + 1).padStart(6, '0')}.sql`, previous, hash, up };
    previous = hash;
    return entry;
  });
}

/** @type {import('./peer.mjs').Peer} */
export const graphileMigrate = {
  id: 'graphile-migrate',
  title: 'graphile-migrate',
  package: 'graphile-migrate',
  what: 'committed changes as .sql files; a transaction each, with the history inside',
  history: 'graphile_migrate.migrations',
  program: 'graphile-migrate/dist/cli.js',
  idle: /[Uu]p to date/,
  idleStatus: /^Up to date\.$/m,
  files: (changes) => ({
    '.gmrc': '{}\n',
    'migrations/current.sql': '-- Enter migration here\n',
    ...Object.fromEntries(
      committed(changes).map(({ file, previous, hash, up }) => [
        `migrations/committed/${file}`,
        `--! Previous: ${previous ?? '-'}\n--! Hash: ${hash}\n\n${up}`,
      ]),
    ),
  }),
  seed: (changes) => `
    create schema graphile_migrate;
    create table graphile_migrate.migrations (hash text primary key,
      previous_hash text references graphile_migrate.migrations,
      filename text not null, date timestamptz not null default now());
    create table graphile_migrate.current (filename text primary key default 'current.sql',
      content text not null, date timestamptz not null default now());
    ${insert(
      'graphile_migrate.migrations (hash, previous_hash, filename)',
      committed(changes).map(
        ({ file, previous, hash }) =>
          `(${quote(hash)}, ${previous === null ? 'null' : quote(previous)}, ${quote(file)})`,
      ),
    )}`,
  env: ({ url }) => ({ SHADOW_DATABASE_URL: `${url}_shadow`, ROOT_DATABASE_URL: `${url}_root` }),
  command(action) {
    if (action === 'up') return ['migrate'];
    if (action === 'status') return ['status'];
    if (action === 'down') return 'has no way back';
    return 'has nothing to take over';
  },
};
