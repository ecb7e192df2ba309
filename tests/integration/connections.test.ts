import { existsSync, readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { type Knex } from 'knex';
import { type ClientBase } from 'pg';
import { projectConfig, type ResolvedConfig } from '../../src/config/resolve';
import { withRawConnection } from '../../src/database/raw-connection';
import { openSession } from '../../src/database/session';
import { createDatabase, type TestDatabase } from '../support/database';
import { waitFor } from '../support/wait-for';

const TCP_TABLE = '/proc/net/tcp';
const onLinux = existsSync(TCP_TABLE) ? it : it.skip;

describe('the connections of a session (US7)', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createDatabase();
  });
  afterEach(() => database.drop());

  const configFor = (connectionString: string): ResolvedConfig => ({
    ...projectConfig('/', 'development', { client: 'pg' }, null),
    database: { kind: 'server', connection: { connectionString } },
  });

  /** In how many seconds the kernel will ask whether the other side is still there. */
  function secondsToKeepAlive(client: ClientBase): number | null {
    const { localPort } = (client as unknown as { connection: { stream: Socket } }).connection
      .stream;
    const port = (localPort ?? 0).toString(16).toUpperCase().padStart(4, '0');
    const line = readFileSync(TCP_TABLE, 'utf8')
      .split('\n')
      .map((row) => row.trim().split(/\s+/))
      .find(([, local]) => local?.endsWith(`:${port}`));
    // Which timer runs (2: keep-alive), and for how many hundredths of a second yet, in hexadecimal.
    const [timer, when = ''] = line?.[5]?.split(':') ?? [];
    return timer === '02' ? parseInt(when, 16) / 100 : null;
  }

  onLinux('TCP keep-alive finds out soon that the other side is gone', async () => {
    const session = await openSession(configFor(database.url));
    const knex = (await session.forChanges(true)).knex as Knex;
    const other = await session.connect();
    await withRawConnection(knex, async (connection) => {
      for (const client of [session.client, other, connection]) {
        // As long as something sent is not confirmed, another timer runs.
        let seconds: number | null = null;
        await waitFor(() => Promise.resolve((seconds = secondsToKeepAlive(client)) !== null));
        expect(seconds).toBeLessThanOrEqual(15);
      }
    });
    await other.end();
    await session.close();
  });

  it('a server that takes the connection and never speaks is given up on', async () => {
    const { hostname, port } = new URL(database.url);
    const sockets: Socket[] = [];
    let silent = false;
    // Leads to the server at first, and to nowhere later on.
    const proxy: Server = createServer((client) => {
      sockets.push(client.on('error', () => undefined));
      if (silent) return;
      const server = connect(Number(port), hostname);
      sockets.push(server.on('error', () => undefined));
      client.pipe(server).pipe(client);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const url = new URL(database.url);
    url.port = String((proxy.address() as AddressInfo).port);
    const session = await openSession(configFor(url.href));
    const knex = (await session.forChanges(true)).knex as Knex;
    silent = true;
    const [later, first] = await Promise.allSettled([
      withRawConnection(knex, () => Promise.resolve()),
      openSession(configFor(url.href)),
    ]);
    // What Knex itself would say after a minute is something else.
    expect(later).toMatchObject({ reason: { message: 'timeout expired' } });
    expect(first).toMatchObject({ reason: { code: 'CONNECTION_FAILED' } });
    await session.close();
    sockets.forEach((socket) => socket.destroy());
    proxy.close();
  });

  it("the session's name goes before one that the connection URL has", async () => {
    const url = `${database.url}?application_name=app&connect_timeout=7`;
    const session = await openSession(configFor(url), { applicationName: 'knexward 1234' });
    const name = "select current_setting('application_name') as name";
    const { rows } = await session.client.query(name);
    expect(rows).toEqual([{ name: 'knexward 1234' }]);
    const knexRows = await withRawConnection((await session.forChanges(true)).knex as Knex, (raw) =>
      raw.query(name),
    );
    expect(knexRows.rows).toEqual([{ name: 'knexward 1234' }]);
    await session.close();
  });
});
