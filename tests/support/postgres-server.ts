import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { startEmbedded } from '../../src/embedded/index.js';
import { type TestServerAddress } from './postgres-address.js';
import { testBinaries } from './postgres-binaries.js';

export interface TestServer {
  address: TestServerAddress;
  /** Stops the server and removes its data. */
  remove(): Promise<void>;
}

/** Starts the one server that all tests share, on data that nobody will miss after a crash. */
export async function startTestServer(): Promise<TestServer> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'knexward-tests-'));
  // Under root the server runs as another user, who has to enter the folder.
  await chmod(folder, 0o755);
  const server = await startEmbedded({
    folder,
    binaries: await testBinaries(),
    settings: {
      fsync: 'off',
      synchronous_commit: 'off',
      full_page_writes: 'off',
      max_connections: '200',
      timezone: 'UTC',
    },
  });
  const { host, port, user, password } = server;
  return {
    address: { host, port, user, password },
    async remove() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
