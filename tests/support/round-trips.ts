import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** Counts how often a client has to wait for the server. */
export interface RoundTripCounter {
  port: number;
  /** How many since the last call. */
  take(): number;
  close(): Promise<void>;
}

/**
 * A proxy in front of a server. A round trip is a change of direction on one connection: what the
 * client sends after the server has spoken cannot have been sent before.
 */
export async function countRoundTrips(target: {
  host: string;
  port: number;
}): Promise<RoundTripCounter> {
  let count = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(target);
    let serversTurn = false;
    client.on('data', (data) => {
      if (!serversTurn) count += 1;
      serversTurn = true;
      upstream.write(data);
    });
    upstream.on('data', (data) => {
      serversTurn = false;
      client.write(data);
    });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    take: () => {
      const taken = count;
      count = 0;
      return taken;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
