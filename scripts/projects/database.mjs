import { mkdtempSync, rmSync, chmodSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { REPOSITORY } from '../smoke/install.mjs';

const require = createRequire(import.meta.url);
const { escapeIdentifier, escapeLiteral } = pg;

/** The databases that are kept, migrated in whole and by half, in the order of their use. */
const COPIES = ['whole', 'half'];

/** SQLSTATE: the database that is copied needs the role. */
const IN_USE = '2BP01';

/** A server of its own, with the databases and roles that the projects' configurations name. */
export async function startServer() {
  const { startEmbedded, findBinaries } = require(join(REPOSITORY, 'dist/embedded/index.js'));
  const work = mkdtempSync(join(tmpdir(), 'knexward-projects-'));
  chmodSync(work, 0o755);
  const server = await startEmbedded({
    folder: join(work, 'server'),
    binaries: await findBinaries(REPOSITORY),
    settings: { fsync: 'off', timezone: 'UTC' },
  });
  const admin = new pg.Client(server.url);
  await admin.connect();
  return {
    version: server.version,
    /** The database that a project uses, and how it logs in. */
    login: (project) => loginOf(server, admin, project),
    async stop() {
      await admin.end();
      await server.stop();
      rmSync(work, { recursive: true, force: true });
    },
  };
}

async function loginOf({ host, port, user, password }, admin, project) {
  const login = { host, port, user, password, database: 'project', ...project.login };
  if (login.user !== user) {
    const role = escapeIdentifier(login.user);
    await admin.query(`DROP ROLE IF EXISTS ${role}`);
    await admin.query(
      `CREATE ROLE ${role} SUPERUSER LOGIN PASSWORD ${escapeLiteral(login.password)}`,
    );
  }
  const name = escapeIdentifier(login.database);
  const drop = (database) => admin.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
  return {
    ...login,
    /** A fresh database under the project's name: an empty one, or a copy that was kept. */
    async create({ from } = {}) {
      await drop(name);
      const used = from === undefined ? COPIES : COPIES.slice(0, COPIES.indexOf(from));
      for (const copy of used) await drop(copy);
      await dropRoles(admin, login.user);
      await admin.query(`CREATE DATABASE ${name}${from ? ` TEMPLATE ${from}` : ''}`);
      if (from !== undefined) return;
      await queryIn(login, async (query) => {
        for (const sql of project.prepare ?? []) await query(sql);
      });
    },
    /** Keeps the database as it is for a later `create({ from })`. */
    async keep(as) {
      await drop(as);
      await admin.query(`CREATE DATABASE ${as} TEMPLATE ${name}`);
    },
    query: (work) => queryIn(login, work),
    async remove() {
      await drop(name);
      for (const copy of COPIES) await drop(copy);
      await dropRoles(admin, login.user);
      if (login.user !== user) await admin.query(`DROP ROLE ${escapeIdentifier(login.user)}`);
    },
  };
}

/** Roles are the server's: those that migrations made for another database must be gone. */
async function dropRoles(admin, user) {
  const { rows } = await admin.query(
    `SELECT quote_ident(rolname) AS name FROM pg_roles WHERE rolname !~ '^pg_' AND rolname NOT IN (current_user, $1)`,
    [user],
  );
  for (const { name } of rows) {
    await admin.query(`DROP ROLE ${name}`).catch((error) => {
      if (error.code !== IN_USE) throw error;
    });
  }
}

async function queryIn({ host, port, user, password, database }, work) {
  const client = new pg.Client({ host, port, user, password, database });
  await client.connect();
  try {
    return await work((sql, params) => client.query(sql, params));
  } finally {
    await client.end();
  }
}
