import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Logger } from 'pino';
import { type Environment } from './config/environment.js';
import { type Database } from './database.js';
import { ReadinessCheck } from './health/readiness.js';
import { createApp } from './http/app.js';
import { ChangeFeed } from './live/change-feed.js';
import { LiveRooms } from './live/sockets.js';

/** A running application. */
export interface Application {
  port: number;
  /** Stops in order: no new requests, the open ones to their end, the sockets, the database. */
  stop(): Promise<void>;
}

/** What an application is started with. */
export interface StartOptions {
  environment: Environment;
  database: Database;
  log: Logger;
}

/** Requests that have not ended by then are cut off. */
const STOP_WITHIN_MS = 10_000;
const SWEEP_MS = 100;

/**
 * Serves on the port of the environment. The database is closed at the end; where the start
 * fails, it stays open.
 */
export async function startApplication(options: StartOptions): Promise<Application> {
  const { environment, database, log } = options;
  const { knex } = database;
  const readiness = new ReadinessCheck(database.config);
  const origins = environment.CORS_ORIGIN;
  const app = createApp({
    ...{ knex, log, readiness, origins },
    rateLimit: environment.RATE_LIMIT,
    trustProxy: environment.TRUST_PROXY,
  });
  const server = createServer(app);
  const live = new LiveRooms(server, { knex, log, origins });
  const feed = new ChangeFeed(database.connection, live, log);
  server.listen(environment.PORT);
  await once(server, 'listening');
  void feed.start();
  const { port } = server.address() as AddressInfo;

  const stop = async (): Promise<void> => {
    readiness.drain();
    await sleep(environment.DRAIN_MS);
    const cut = setTimeout(() => server.closeAllConnections(), STOP_WITHIN_MS);
    // A connection whose last request is answered would be kept for the next one.
    const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
    await live.close();
    if (server.listening) await once(server, 'close');
    clearTimeout(cut);
    clearInterval(sweep);
    await feed.stop();
    await database.close();
  };
  let stopping: Promise<void> | undefined;
  return { port, stop: () => (stopping ??= stop()) };
}
