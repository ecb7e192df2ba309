import path from 'node:path';
import { Client, escapeIdentifier, escapeLiteral } from 'pg';
import { type Binaries, type EmbeddedServer, startEmbedded } from '../../src/embedded/index.js';
import { type TestServerAddress } from './postgres-address.js';
import { testBinaries } from './postgres-binaries.js';

export interface TestServer {
  address: TestServerAddress;
  /** The file that it logs to. */
  log: string;
  stop(): Promise<void>;
}

/** Starts the one server that all tests share, on data that nobody will miss after a crash. */
export async function startTestServer(scratch: string): Promise<TestServer> {
  const folder = path.join(scratch, 'server');
  const binaries = await testBinaries();
  const server = await startEmbedded({
    folder,
    binaries,
    settings: {
      fsync: 'off',
      synchronous_commit: 'off',
      full_page_writes: 'off',
      max_connections: '200',
      timezone: 'UTC',
      wal_level: 'minimal',
      max_wal_senders: '0',
      autovacuum: 'off',
      // In the report of a failed test: when, and in which database.
      log_line_prefix: '%m %d ',
      log_checkpoints: 'off',
      ...(majorOf(binaries) >= 16 && { scram_iterations: '1' }),
    },
  });
  const { host, port, user, password } = server;
  await makeLoginCheap(server);
  return {
    address: { host, port, user, password },
    log: path.join(folder, 'server.log'),
    stop: () => server.stop(),
  };
}

/**
 * Gives the superuser the same password anew: as initdb stored it, checking it takes client and
 * server some ten milliseconds for each of the thousands of connections.
 */
async function makeLoginCheap({ url, user, password }: EmbeddedServer): Promise<void> {
  const client = new Client(url);
  await client.connect();
  await client.query(`ALTER ROLE ${escapeIdentifier(user)} PASSWORD ${escapeLiteral(password)}`);
  await client.end();
}

function majorOf({ version }: Binaries): number {
  return Number.parseInt(version, 10);
}
