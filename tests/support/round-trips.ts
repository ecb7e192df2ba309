import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** Counts how often a client has to wait for the server. */
export interface RoundTripCounter {
  port: number;
  /** How many since the last call. */
  take(): number;
  close(): Promise<void>;
}

/** What asks for a ReadyForQuery: Query, Sync, FunctionCall; and that answer. */
const ASKS = 'QSF';
const READY = 'Z';

/** Answers take a moment, as over a network: else it would be chance what is sent ahead of them. */
const DELAY_MS = 5;

/** Calls back with the type of each message of a stream, whichever way it is cut. */
function messageTypes(onType: (type: string) => void): (data: Buffer) => void {
  let rest = Buffer.alloc(0);
  return (data) => {
    rest = Buffer.concat([rest, data]);
    while (rest.length >= 5 && rest.length > rest.readInt32BE(1)) {
      onType(String.fromCharCode(rest[0] as number));
      rest = rest.subarray(1 + rest.readInt32BE(1));
    }
  };
}

/**
 * A proxy in front of a server. A round trip is what a client sends on a connection on which nothing that it sent
 * before is still unanswered: it has waited for that.
 */
export async function countRoundTrips(target: {
  host: string;
  port: number;
}): Promise<RoundTripCounter> {
  let count = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(target);
    // Until the first ReadyForQuery, the two take turns.
    let serversTurn = false;
    let hasBegun = false;
    let unanswered = 0;
    const sent = messageTypes((type) => void (unanswered += ASKS.includes(type) ? 1 : 0));
    const answered = messageTypes((type) => {
      if (type !== READY) return;
      unanswered -= hasBegun ? 1 : 0;
      hasBegun = true;
    });
    client.on('data', (data) => {
      if (hasBegun ? unanswered === 0 : !serversTurn) count += 1;
      serversTurn = true;
      if (hasBegun) sent(data);
      upstream.write(data);
    });
    upstream.on('data', (data) => {
      setTimeout(() => {
        serversTurn = false;
        answered(data);
        client.write(data);
      }, DELAY_MS);
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
