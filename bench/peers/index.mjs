// All who take part, in the order in which the tables show them.
import { dbMigrate } from './db-migrate.mjs';
import { dbmate } from './dbmate.mjs';
import { node, psql, raw } from './floor.mjs';
import { graphileMigrate } from './graphile-migrate.mjs';
import { knex } from './knex.mjs';
import { knexwardScript, knexwardSql } from './knexward.mjs';
import { nodePgMigrate } from './node-pg-migrate.mjs';
import { umzug } from './umzug.mjs';

/** @type {import('./peer.mjs').Peer[]} */
export const PEERS = [
  knexwardSql,
  knexwardScript,
  knex,
  dbMigrate,
  nodePgMigrate,
  umzug,
  graphileMigrate,
  dbmate,
  ...(psql ? [psql] : []),
  raw,
  node,
];
