import { Client, type ClientConfig } from 'pg';

/** The same server and role with another database, which a connection string would go before. */
export function withDatabase(connection: ClientConfig, database: string): ClientConfig {
  const { connectionString, ...rest } = connection;
  if (connectionString === undefined) return { ...rest, database };
  const { host, port, user, password, ssl } = new Client(connection) as unknown as ClientConfig;
  return { ...rest, ...{ host, port, user, password, ssl, database } };
}
