import { Client, type ClientConfig } from 'pg';

/** The same server and role with another database, which a connection string would go before. */
export function withDatabase(connection: ClientConfig, database: string): ClientConfig {
  const { connectionString, ...rest } = connection;
  if (connectionString === undefined) return { ...rest, database };
  const client = new Client(connection) as unknown as ClientConfig & {
    connectionParameters: { application_name?: string; options?: string };
  };
  const { host, port, user, password, ssl } = client;
  const { application_name, options } = client.connectionParameters;
  return {
    ...rest,
    ...{ host, port, user, password, ssl, database },
    ...(application_name && { application_name }),
    ...(options && { options }),
  };
}
