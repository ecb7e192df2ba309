import { type Client } from 'pg';

/** What is found at the other end of the connection. */
export interface ConnectionFacts {
  host: string;
  port: number;
  database: string;
  role: string;
  /** Whether the first leg, from here to whoever answers, is encrypted. */
  encrypted: boolean;
  /** As a number, such as 160004. */
  serverVersion: number;
  /** A standby, which can only be read. */
  standby: boolean;
  /** Whether transactions can only read unless they say otherwise. */
  readOnlyByDefault: boolean;
  clock: ClockFacts;
}

/** The server's clock against this machine's. */
export interface ClockFacts {
  /** How far the server is ahead. */
  aheadMs: number;
  /** The true value is no further from it than this: half of the round trip. */
  uncertaintyMs: number;
}

/** Looks at the server, and at the way there. */
export async function lookAtConnection(client: Client): Promise<ConnectionFacts> {
  const { rows } = await client.query<{
    database: string;
    role: string;
    version: number;
    standby: boolean;
    read_only: boolean;
  }>(
    `select current_database() as database, current_user as role,
            current_setting('server_version_num')::int as version,
            pg_is_in_recovery() as standby,
            current_setting('default_transaction_read_only')::bool as read_only`,
  );
  const row = rows[0] as (typeof rows)[0];
  const { stream } = (client as unknown as { connection: { stream: { encrypted?: boolean } } })
    .connection;
  return {
    host: client.host,
    port: client.port,
    database: row.database,
    role: row.role,
    encrypted: stream.encrypted === true,
    serverVersion: row.version,
    standby: row.standby,
    readOnlyByDefault: row.read_only,
    clock: await lookAtClock(client),
  };
}

const CLOCK_TRIALS = 3;

/** The quickest of several answers tells the most: the server looked within its round trip. */
async function lookAtClock(client: Client): Promise<ClockFacts> {
  let best: ClockFacts = { aheadMs: 0, uncertaintyMs: Infinity };
  for (let trial = 0; trial < CLOCK_TRIALS; trial++) {
    const asked = Date.now();
    const started = performance.now();
    const { rows } = await client.query<{ now: number }>(
      'select (extract(epoch from clock_timestamp()) * 1000)::float8 as now',
    );
    const uncertaintyMs = (performance.now() - started) / 2;
    const aheadMs = (rows[0]?.now ?? NaN) - (asked + uncertaintyMs);
    if (uncertaintyMs < best.uncertaintyMs) best = { aheadMs, uncertaintyMs };
  }
  return best;
}
