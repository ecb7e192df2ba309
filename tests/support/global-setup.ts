import { createJiti } from 'jiti';
import type * as PostgresAddress from './postgres-address.js';
import type * as PostgresServer from './postgres-server.js';

declare global {
  var knexwardTestServer: PostgresServer.TestServer | undefined;
}

/**
 * Starts the tests' PostgreSQL server. Its modules are loaded with jiti, because Jest does not
 * apply its `moduleNameMapper`, which leads from `.js` to `.ts`, to what a global setup imports.
 */
export default async function globalSetup(): Promise<void> {
  const jiti = createJiti(__filename);
  const address = await jiti.import<typeof PostgresAddress>('./postgres-address.ts');
  const { startTestServer } = await jiti.import<typeof PostgresServer>('./postgres-server.ts');
  const server = await startTestServer();
  globalThis.knexwardTestServer = server;
  process.env[address.TEST_SERVER_VARIABLE] = JSON.stringify(server.address);
}
