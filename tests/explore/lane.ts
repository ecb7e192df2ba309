import { randomBytes } from 'node:crypto';
import { Client, escapeIdentifier, escapeLiteral } from 'pg';
import { OwnServer } from '../support/own-server.js';
import { findPgBouncer, type PgBouncer, startPgBouncer } from '../support/pgbouncer.js';
import { waitFor } from '../support/wait-for.js';
import { WITNESS_SQL } from './effects.js';
import { type Surroundings } from './schedule.js';

const TEMPLATE = 'explorer_template';
/** Two faults of one schedule may follow each other closely. */
const TRIES = 4;

/** A role that runners log in as. */
interface Login {
  name: string;
  password: string;
}

/** A database of one schedule. */
export interface ScheduleDatabase {
  name: string;
  /** Where the history tables are. */
  schema: string;
  /** The runners' URL, at this port; it says which of the runners it is, where the route lets that through. */
  url(port: number, runner: number | null): string;
  /** One superuser's connection, opened anew where the server was restarted. */
  admin(): Promise<Client>;
  /** Asks on that connection, and again where another's fault has cut it meanwhile. */
  ask<T>(work: (admin: Client) => Promise<T>): Promise<T>;
  drop(): Promise<void>;
}

/**
 * A server that may be killed, with a pooler in front of it: one schedule at a time runs on it, so
 * that none is struck by another's faults.
 */
export class Lane {
  private next = 0;

  private constructor(
    readonly server: OwnServer,
    private readonly roles: Record<Surroundings['role'], Login>,
    readonly pooler: PgBouncer | null,
    private readonly version: number,
  ) {}

  static async open(): Promise<Lane> {
    const server = await OwnServer.create({ max_connections: '60' });
    const roles = { owner: login('explorer_owner'), few: login('explorer_few') };
    const version = await prepareServer(server, Object.values(roles));
    const pooler = findPgBouncer()
      ? await startPgBouncer({
          ...{ mode: 'transaction', roles: Object.values(roles), server: server.address },
          // After a restart of the server it is to try again at once.
          settings: { server_login_retry: '0.2', log_connections: '0', log_disconnections: '0' },
        })
      : null;
    return new Lane(server, roles, pooler, version);
  }

  async close(): Promise<void> {
    await this.pooler?.stop();
    await this.server.remove();
  }

  /** Makes a database for the role. */
  async createDatabase({ role, route }: Surroundings): Promise<ScheduleDatabase> {
    const name = `schedule_${++this.next}`;
    const { name: roleName, password } = this.roles[role];
    const schema = role === 'few' ? 'app' : 'public';
    const owner = role === 'owner' ? ` owner ${roleName}` : '';
    await onServer(this.server, 'postgres', (client) =>
      client.query(`create database ${name} template ${TEMPLATE}${owner}`),
    );
    let opening: Promise<Client> | undefined;
    const admin = (): Promise<Client> =>
      (opening ??= connect(this.server, name, () => (opening = undefined)).catch(
        (error: unknown) => {
          opening = undefined;
          throw error;
        },
      ));
    if (role === 'few') {
      await (
        await admin()
      ).query(`create schema app authorization ${roleName};
        revoke select on pg_catalog.pg_stat_activity from public`);
    }
    return {
      ...{ name, schema, admin },
      ask: async (work) => {
        for (let tried = 1; ; tried++) {
          try {
            return await work(await admin());
          } catch (error) {
            if (tried === TRIES) throw error;
          }
        }
      },
      url: (port, runner) => {
        const url = new URL(`postgresql://${roleName}:${password}@127.0.0.1:${port}/${name}`);
        if (runner === null || route === 'pooled') return url.href;
        return `${url.href}?options=${encodeURIComponent(`-c explorer.runner=${runner}`)}`;
      },
      drop: async () => {
        await (await opening?.catch(() => undefined))?.end().catch(() => undefined);
        await onServer(this.server, 'postgres', (client) =>
          client.query(`drop database if exists ${name} with (force)`),
        );
      },
    };
  }

  /** Gives the role the settings that were drawn; `calm`: takes them back. */
  async setRole({ role, roleSettings }: Surroundings, calm: boolean): Promise<void> {
    const { name: roleName } = this.roles[role];
    const settings = calm ? [] : roleSettings;
    await onServer(this.server, 'postgres', async (client) => {
      await client.query(`alter role ${roleName} reset all`);
      for (const setting of settings) {
        const [name = '', value = ''] = setting.split('=');
        if (name === 'transaction_timeout' && this.version < 17) continue;
        await client.query(`alter role ${roleName} set ${name} = ${escapeLiteral(value)}`);
      }
    });
  }

  async restart(): Promise<void> {
    await this.server.kill();
    await this.server.start();
  }
}

function login(name: string): Login {
  return { name, password: randomBytes(12).toString('hex') };
}

/** Roles, the template, and passwords that take no time to check. */
async function prepareServer(server: OwnServer, roles: readonly Login[]): Promise<number> {
  const { user, password } = server.address;
  const version = await onServer(server, 'postgres', async (client) => {
    const { rows } = await client.query<{ major: number }>(
      `select current_setting('server_version_num')::int / 10000 as major`,
    );
    const major = rows[0]?.major ?? 0;
    if (major >= 16) await client.query('set scram_iterations = 1');
    await client.query(`alter role ${escapeIdentifier(user)} password ${escapeLiteral(password)}`);
    for (const { name, password: secret } of roles) {
      await client.query(`create role ${name} login password ${escapeLiteral(secret)}`);
    }
    await client.query(`create database ${TEMPLATE}`);
    return major;
  });
  await onServer(server, TEMPLATE, (client) => client.query(WITNESS_SQL));
  return version;
}

async function connect(server: OwnServer, database: string, onEnd: () => void): Promise<Client> {
  let client: Client | undefined;
  // A restart takes a moment, in which it refuses.
  await waitFor(async () => {
    const attempt = new Client({ ...server.address, database });
    attempt.on('error', onEnd).on('end', onEnd);
    try {
      await attempt.connect();
      client = attempt;
      return true;
    } catch {
      return false;
    }
  });
  return client as Client;
}

async function onServer<T>(
  server: OwnServer,
  database: string,
  action: (client: Client) => Promise<T>,
): Promise<T> {
  const client = await connect(server, database, () => undefined);
  try {
    return await action(client);
  } finally {
    await client.end();
  }
}
