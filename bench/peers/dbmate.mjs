// dbmate, a compiled program, through its npm launcher.
import { filesOf, insert } from './peer.mjs';

/** @type {import('./peer.mjs').Peer} */
export const dbmate = {
  id: 'dbmate',
  title: 'dbmate',
  package: 'dbmate',
  what: 'a Go program through its npm launcher; changes as .sql files; a transaction each, with the history inside',
  history: 'schema_migrations',
  program: 'dbmate/dist/cli.js',
  files: (changes) =>
    filesOf(changes, ({ stamp, subject, up, down }) => [
      `migrations/${stamp}_${subject}.sql`,
      `-- migrate:up\n${up}\n-- migrate:down\n${down}`,
    ]),
  seed: (changes) => `
    create table schema_migrations (version varchar(128) primary key);
    ${insert(
      'schema_migrations',
      changes.map(({ stamp }) => `('${stamp}')`),
    )}`,
  idleStatus: /^Pending: 0$/m,
  env: ({ url }) => ({
    DATABASE_URL: `${url}?sslmode=disable`,
    DBMATE_MIGRATIONS_DIR: './migrations',
    DBMATE_NO_DUMP_SCHEMA: 'true',
  }),
  command(action, count, { applied }) {
    if (applied + count === 0) return 'takes a folder without files for an error';
    if (action === 'up') return ['migrate'];
    if (action === 'status') return ['status'];
    if (action === 'adopt') return 'has nothing to take over';
    return count === 1 ? ['rollback'] : 'reverts one at a time only';
  },
};
