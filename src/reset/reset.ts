/*
 * A development database, dropped and created again. May import connections and nothing that migrates:
 * what runs afterwards is for the command to call.
 */

import { randomBytes } from 'node:crypto';
import { type Client, escapeIdentifier, escapeLiteral } from 'pg';
import { commandLine } from '../command-line.js';
import { type ResolvedConfig } from '../config/resolve.js';
import { connect } from '../database/connect.js';
import { openSession } from '../database/session.js';
import { SESSIONS } from '../database/sessions.js';
import { KnexwardError } from '../errors.js';
import { tellDatabase } from '../history/find-tables.js';
import { messageOf } from '../server-error.js';
import { withDatabase } from '../throwaway/connection.js';
import { whileBusy } from '../throwaway/in-use.js';
import { belongingsOf, createStatement, type DatabaseFacts, factsOf } from './facts.js';
import { EMPTY_DATABASE } from './empty.js';

/** How to go about it. */
export interface ResetRequest {
  /** Ends the sessions of others instead of refusing. */
  force: boolean;
  /** Asked with the database's name before anything is done; throws to stop. */
  confirm: (database: string) => Promise<void>;
  onEmbedded?: (folder: string) => void;
  /** Called where the old database could not be dropped, with the name that it has now. */
  left: (name: string, reason: string) => void;
}

const NEVER = new Set(['postgres', 'template0', 'template1']);

/**
 * Drops the configuration's database and creates it again, with its owner, encoding, locale, tablespace,
 * connection limit, settings, privileges and comment. The embedded server's database is emptied instead, in one transaction.
 *
 * @returns its name
 * @throws KnexwardError `RESET_REFUSED`, `DATABASE_IN_USE`, `PERMISSION_DENIED`, after none of which
 * anything has changed
 */
export async function resetDatabase(
  config: ResolvedConfig,
  { force, confirm, onEmbedded, left }: ResetRequest,
): Promise<string> {
  if (config.production) throw inProduction();
  const { database: location } = config;
  const session = await openSession(config, onEmbedded ? { onEmbedded } : {});
  try {
    const { client } = session;
    await tellDatabase(client, config);
    const facts = await factsOf(client);
    if (location.kind === 'server') refuseDatabase(facts);
    if (!force) await refuseWhileInUse(client);
    if (location.kind === 'embedded') {
      await confirm(facts.name);
      await emptyDatabase(client, force);
      return facts.name;
    }
    const maintenance = await connect(withDatabase(location.connection, 'postgres'), config);
    try {
      await confirm(facts.name);
      const id = randomBytes(6).toString('hex');
      const belongings = await belongingsOf(client, newName(id));
      await client.end();
      await dropAndCreate(maintenance, facts, { id, belongings, force, left });
      return facts.name;
    } finally {
      await maintenance.end();
    }
  } finally {
    await session.close();
  }
}

interface Change {
  id: string;
  belongings: string[];
  force: boolean;
  left: ResetRequest['left'];
}

/**
 * The new one is made first, under another name, and the two change names in one transaction: whenever
 * this is stopped, the name belongs to a database that is whole.
 */
async function dropAndCreate(
  maintenance: Client,
  facts: DatabaseFacts,
  { id, belongings, force, left }: Change,
): Promise<void> {
  const name = escapeIdentifier(facts.name);
  const [made, old] = [escapeIdentifier(newName(id)), escapeIdentifier(`knexward_reset_old_${id}`)];
  await whileBusy(() => maintenance.query(createStatement(facts, newName(id))));
  try {
    for (const statement of belongings) await maintenance.query(statement);
    const end = `select pg_terminate_backend(a.pid) from pg_stat_get_activity(null) a
      join pg_database d on d.oid = a.datid where d.datname = ${escapeLiteral(facts.name)} and a.backend_type = 'client backend'`;
    const change = async (): Promise<void> => {
      if (force) await maintenance.query(end);
      // In one message, which is one transaction.
      await maintenance.query(
        `alter database ${name} rename to ${old}; alter database ${made} rename to ${name}`,
      );
    };
    // With --force, who connects again at once is sent away again.
    await (force ? whileBusy(change) : change());
  } catch (error) {
    // Whatever becomes of the new one, what went wrong first is what has to be told.
    await maintenance.query(`drop database if exists ${made}`).catch(() => undefined);
    throw (error as { code?: string }).code === '55006' ? inUse(messageOf(error)) : error;
  }
  await maintenance.query(`drop database ${old} with (force)`).catch((error: unknown) => {
    left(`knexward_reset_old_${id}`, messageOf(error));
  });
}

function newName(id: string): string {
  return `knexward_reset_new_${id}`;
}

async function emptyDatabase(client: Client, force: boolean): Promise<void> {
  if (force) {
    await client.query(`select pg_terminate_backend(pid) from ${SESSIONS} s where ${OTHERS}`);
  }
  await client.query(EMPTY_DATABASE);
}

/** Those that are not ours: the lease is what keeps the embedded server running. */
const OTHERS = `s.pid <> pg_backend_pid() and s.backend_type = 'client backend'
  and s.application_name is distinct from 'knexward lease'`;

async function refuseWhileInUse(client: Client): Promise<void> {
  const { rows } = await client.query<{ who: string }>(
    `select format('%s as %s, since %s', coalesce(nullif(s.application_name, ''), 'pid ' || s.pid),
                   coalesce(s.usename, '?'), s.backend_start::timestamptz(0)) as who
       from ${SESSIONS} s where ${OTHERS} order by s.backend_start`,
  );
  if (rows.length > 0) throw inUse(`Connected to it: ${rows.map(({ who }) => who).join('; ')}`);
}

function inUse(reason: string): KnexwardError {
  return new KnexwardError('DATABASE_IN_USE', {
    message: `Others use the database. ${reason}. Nothing was changed.`,
    fix: `Stop them, or end their sessions with it: ${commandLine('reset', '--force')}`,
  });
}

function refuseDatabase({ name, template, mayDrop, mayCreate, role, owner }: DatabaseFacts): void {
  if (NEVER.has(name) || template) {
    throw new KnexwardError('RESET_REFUSED', {
      message: `"${name}" is one of the server's own databases, which other programs rely on. Nothing was changed.`,
      fix: 'Give the project a database of its own.',
    });
  }
  if (mayDrop && mayCreate) return;
  throw new KnexwardError('PERMISSION_DENIED', {
    message: mayDrop
      ? `The role ${role} may not create databases, so the database could not be created again. Nothing was changed.`
      : `The database belongs to ${owner}, and the role ${role} may not drop it. Nothing was changed.`,
    fix: mayDrop
      ? `As a superuser: ALTER ROLE ${escapeIdentifier(role)} CREATEDB;`
      : 'Run it as the owner, or make that role the owner.',
  });
}

function inProduction(): KnexwardError {
  return new KnexwardError('RESET_REFUSED', {
    message: 'reset drops the database, so it never runs in production. Nothing was changed.',
    fix: 'Choose another environment with --env or NODE_ENV.',
  });
}
