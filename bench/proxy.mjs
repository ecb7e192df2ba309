// A TCP proxy in front of the server that counts round trips and adds latency.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { performance } from 'node:perf_hooks';
import { RoundTrips } from './round-trips.mjs';

/** A client hangs up with a last message that nothing answers: `Terminate` of the protocol. */
const TERMINATE = 'X'.charCodeAt(0);

/**
 * @typedef {object} Proxy
 * @property {number} port
 * @property {RoundTrips} roundTrips
 * @property {() => Promise<void>} close
 */

/**
 * Starts the proxy on a free port.
 *
 * @param {{ host: string, port: number }} server
 * @param {number} latencyMs added to each round trip: what clients send is held back that long.
 *   The first words of a connection wait twice, the second time for TCP's own handshake.
 * @returns {Promise<Proxy>}
 */
export async function startProxy(server, latencyMs = 0) {
  const roundTrips = new RoundTrips();
  const sockets = new Set();
  const listener = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect({ ...server, allowHalfOpen: true });
    const counter = roundTrips.connection();
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => {
        client.destroy();
        upstream.destroy();
      });
    }
    const later = delayLine(latencyMs);
    client.on('data', (data) => {
      if (data[0] !== TERMINATE) counter.client();
      later(() => upstream.write(data));
    });
    client.on('end', () => later(() => upstream.end()));
    upstream.on('data', (data) => {
      counter.server();
      client.write(data);
    });
    upstream.on('end', () => client.end());
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    port: /** @type {import('node:net').AddressInfo} */ (listener.address()).port,
    roundTrips,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}

/** Does things in their order, each so long after it was asked for. */
function delayLine(latencyMs) {
  if (latencyMs === 0) return (action) => action();
  const queue = [];
  let first = true;
  const next = () => {
    while (queue.length > 0 && queue[0].due <= performance.now()) queue.shift().action();
    if (queue.length > 0) setTimeout(next, Math.max(0, queue[0].due - performance.now()));
  };
  return (action) => {
    queue.push({ action, due: performance.now() + latencyMs * (first ? 2 : 1) });
    first = false;
    if (queue.length === 1) setTimeout(next, queue[0].due - performance.now());
  };
}
