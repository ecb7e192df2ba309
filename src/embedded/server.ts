import { escapeIdentifier } from 'pg';
import { acquireLease, rejoin } from './acquire.js';
import { findBinaries, type Binaries } from './binaries.js';
import { openCluster, SUPERUSER, type Cluster } from './cluster.js';
import { isKept, keep } from './kept.js';
import { type Lease } from './lease.js';
import { HOST, stopServer } from './server-process.js';

/** What to start, and where. */
export interface EmbeddedOptions {
  /** The folder for the data, made where it is missing. */
  folder: string;
  /** The database to connect to, created where it is missing. By default `postgres`. */
  database?: string;
  /** The programs to run. By default those that npm installed, see `findBinaries`. */
  binaries?: Binaries;
  /** Server settings by name. A server that already runs keeps the ones it was started with. */
  settings?: Readonly<Record<string, string>>;
  /** Has the server stay when its last user leaves, until `stopKept`. */
  keep?: boolean;
  /** Told in a line what takes a while. */
  log?: (line: string) => void;
}

/** A running server, in use by this process until it calls `stop`. */
export interface EmbeddedServer {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
  /** All of the above as one connection URL. It holds the password. */
  url: string;
  /** The server's own version, such as `18.4`. */
  version: string;
  /** The process id of the server. */
  pid: number;
  /** Where its data really is: in another folder where its user cannot enter the given one. */
  dataFolder: string;
  /** Whether it was kept running before. */
  wasKept: boolean;
  /** Ends this process's use of the server. The last user to leave stops it. */
  stop(): Promise<void>;
}

const DUPLICATE_DATABASE = ['42P04', '23505'];

/**
 * Starts a PostgreSQL server on the data of a folder, or joins the one that already runs there.
 *
 * The server listens on 127.0.0.1 only, on a free port, and lives in a process of its own. It
 * survives this process where that is killed; the next caller then joins it.
 *
 * @throws KnexwardError NO_EMBEDDED_SERVER when there are no programs for this platform,
 *   EMBEDDED_SERVER_FAILED when the server does not start.
 *
 * @example
 * const server = await startEmbedded({ folder: '.knexward', database: 'app_dev' });
 * const client = new Client(server.url);
 * // …
 * await server.stop();
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const { folder, database = 'postgres', settings = {}, log = () => undefined } = options;
  const binaries = options.binaries ?? (await findBinaries(folder));
  const cluster = await openCluster(folder, binaries, settings.fsync !== 'off');
  const { lease, postmaster } = await acquireLease(cluster, settings, log);
  try {
    await createDatabase(lease, database);
    const version = await serverVersion(lease);
    const wasKept = await isKept(cluster);
    if (options.keep) await keep(cluster, postmaster);
    lease.rest();
    return {
      host: HOST,
      port: postmaster.port,
      user: SUPERUSER,
      password: cluster.password,
      database,
      url: urlOf(postmaster.port, cluster.password, database),
      version,
      pid: postmaster.pid,
      dataFolder: cluster.home,
      wasKept,
      stop: once(() => leave(lease, cluster)),
    };
  } catch (error) {
    await leave(lease, cluster);
    throw error;
  }
}

/**
 * The name is encoded only as far as the driver decodes it again, which leaves out some of what
 * `encodeURIComponent` encodes.
 */
function urlOf(port: number, password: string, database: string): string {
  const name = encodeURI(database).replace(/[?#]/g, encodeURIComponent);
  return `postgresql://${SUPERUSER}:${password}@${HOST}:${port}/${name}`;
}

async function createDatabase(lease: Lease, name: string): Promise<void> {
  const { rowCount } = await lease.client.query('SELECT FROM pg_database WHERE datname = $1', [
    name,
  ]);
  if (rowCount) return;
  try {
    await lease.client.query(`CREATE DATABASE ${escapeIdentifier(name)}`);
  } catch (error) {
    // Another process created it between the look and the statement.
    if (!DUPLICATE_DATABASE.includes((error as { code?: string }).code ?? '')) throw error;
  }
}

async function serverVersion(lease: Lease): Promise<string> {
  const { rows } = await lease.client.query<{ server_version: string }>('SHOW server_version');
  return rows[0]?.server_version ?? '';
}

/**
 * Where the connection was lost while the server lives on (it ends every connection when one of
 * its processes crashes), a new lease stands in for the lost one, so that the last one out is
 * still noticed.
 */
async function leave(lease: Lease, cluster: Cluster): Promise<void> {
  const stop = async () => {
    if (!(await isKept(cluster))) await stopServer(cluster);
  };
  if (await lease.leave(stop)) return;
  const again = await rejoin(cluster);
  await again?.lease.leave(stop);
}

function once(action: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => (running ??= action());
}
