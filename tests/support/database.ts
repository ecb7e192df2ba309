import { randomBytes } from 'node:crypto';
import {
  Client,
  escapeIdentifier,
  escapeLiteral,
  type ClientConfig,
  type QueryResultRow,
} from 'pg';
import { TEST_SERVER_VARIABLE, type TestServerAddress } from './postgres-address.js';

/** A database of a test's own. */
export interface TestDatabase {
  name: string;
  /** The superuser's connection URL. */
  url: string;
  /** The same, for a `pg` client. */
  config: ClientConfig;
  /** The rows of a statement, sent on one connection that is opened at the first call. */
  query<Row extends QueryResultRow>(sql: string, params?: unknown[]): Promise<Row[]>;
  /** Closes that connection until the next call: a database that is copied has none. */
  disconnect(): Promise<void>;
  /** Closes that connection, ends all others, and drops the database. */
  drop(): Promise<void>;
}

/** A role of a test's own, with no rights but those that the test grants it. */
export interface TestRole {
  name: string;
  password: string;
  /** The role's connection URL to a database. */
  url(database: TestDatabase): string;
  /** Drops the role with what it owns and what it was granted in these databases. */
  drop(...databases: TestDatabase[]): Promise<void>;
}

/** What a role may do. By default it may log in and nothing else. */
export interface RoleOptions {
  createDatabase?: boolean;
  /** Roles to be a member of. */
  memberOf?: readonly string[];
}

/**
 * Creates a database under a random name on the tests' server: an empty one, or a copy of the one
 * that is named, to which nothing may be connected then.
 *
 * @param options of CREATE DATABASE, besides
 */
export async function createDatabase(copyOf?: string, options = ''): Promise<TestDatabase> {
  const name = randomName('test');
  const template = copyOf === undefined ? '' : ` TEMPLATE ${escapeIdentifier(copyOf)}`;
  await onServer((client) =>
    client.query(`CREATE DATABASE ${escapeIdentifier(name)}${template} ${options}`),
  );
  const config: ClientConfig = { ...serverAddress(), database: name };
  let opening: Promise<Client> | undefined;
  return {
    name,
    url: urlFor(serverAddress(), name),
    config,
    async query<Row extends QueryResultRow>(sql: string, params?: unknown[]) {
      opening ??= connect(config);
      const client = await opening;
      return (await client.query<Row>(sql, params)).rows;
    },
    async disconnect() {
      // Where it has never opened, there is nothing to close.
      await (await opening?.catch(() => undefined))?.end();
      opening = undefined;
    },
    async drop() {
      await (await opening?.catch(() => undefined))?.end();
      await onServer((client) =>
        client.query(`DROP DATABASE IF EXISTS ${escapeIdentifier(name)} WITH (FORCE)`),
      );
    },
  };
}

/**
 * Creates a copy of a database that is made once for all tests, and once only though several Jest
 * workers ask for it at the same time.
 *
 * @param name what says how it is made: another content has another name
 */
export async function createCopyOf(
  name: string,
  make: (database: TestDatabase) => Promise<void>,
): Promise<TestDatabase> {
  await onServer(async (client) => {
    await client.query('SELECT pg_advisory_lock(hashtext($1))', [name]);
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (rowCount) return;
    const database = await createDatabase();
    await make(database);
    await database.disconnect();
    await client.query(
      `ALTER DATABASE ${escapeIdentifier(database.name)} RENAME TO ${escapeIdentifier(name)}`,
    );
  });
  return createDatabase(name);
}

/** Creates a role with a random name and password that is allowed to log in. */
export async function createRole(options: RoleOptions = {}): Promise<TestRole> {
  const name = randomName('role');
  const password = randomBytes(12).toString('hex');
  const role = escapeIdentifier(name);
  const right = options.createDatabase ? 'CREATEDB' : 'NOCREATEDB';
  await onServer(async (client) => {
    await client.query(`CREATE ROLE ${role} LOGIN ${right} PASSWORD ${escapeLiteral(password)}`);
    for (const group of options.memberOf ?? []) {
      await client.query(`GRANT ${escapeIdentifier(group)} TO ${role}`);
    }
  });
  return {
    name,
    password,
    url: (database) => urlFor({ ...serverAddress(), user: name, password }, database.name),
    async drop(...databases) {
      for (const database of databases) await database.query(`DROP OWNED BY ${role} CASCADE`);
      await onServer((client) => client.query(`DROP ROLE IF EXISTS ${role}`));
    },
  };
}

/** How to reach the tests' server as its superuser. */
export function serverAddress(): TestServerAddress {
  const address = process.env[TEST_SERVER_VARIABLE];
  if (address === undefined) throw new Error('The global setup of the tests has not run.');
  return JSON.parse(address) as TestServerAddress;
}

/** A connection URL for a database on a server. */
export function urlFor(
  { host, port, user, password }: TestServerAddress,
  database: string,
): string {
  return `postgresql://${user}:${password}@${host}:${port}/${database}`;
}

function randomName(prefix: string): string {
  return `${prefix}_${randomBytes(6).toString('hex')}`;
}

async function connect(config: ClientConfig): Promise<Client> {
  const client = new Client(config);
  // A test may end the server's side on purpose; its own query then says so.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function onServer<T>(action: (client: Client) => Promise<T>): Promise<T> {
  const client = await connect({ ...serverAddress(), database: 'postgres' });
  try {
    return await action(client);
  } finally {
    await client.end();
  }
}
