import { createMigrator } from 'knexward';
import { io, type Socket } from 'socket.io-client';
import { createDatabase, type TestDatabase } from '../../../tests/support/database';
import { type Environment, readEnvironment } from '../../src/config/environment';
import knexfile from '../../src/config/knexfile';
import { ROOT } from '../../src/config/root';
import { openDatabase } from '../../src/database';
import { openLog } from '../../src/log';
import { startApplication } from '../../src/start';

/** What an answer of the API holds. */
export interface Answer<Body = Record<string, unknown>> {
  status: number;
  headers: Headers;
  body: Body;
}

/** A backend that listens in this process, on a database of its own. */
export interface RunningBackend {
  url: string;
  database: TestDatabase;
  /** The log's lines so far. */
  logged(): Record<string, unknown>[];
  get<Body>(path: string, headers?: Record<string, string>): Promise<Answer<Body>>;
  post<Body>(path: string, body?: unknown, token?: string): Promise<Answer<Body>>;
  /** A socket that connects at once. */
  socket(options?: { extraHeaders?: Record<string, string> }): Socket;
  stop(): Promise<void>;
}

/** How a backend is started. */
export interface StartOptions {
  /** Goes before the usual settings. */
  settings?: Partial<Environment>;
  /** Only that many of the migrations are applied. */
  migrations?: number;
}

/** Starts the backend on a database of its own, migrated. */
export async function startBackend(options: StartOptions = {}): Promise<RunningBackend> {
  const database = await createDatabase();
  const lines: string[] = [];
  const log = openLog('info', { write: (line) => void lines.push(line) });
  const connection = { connectionString: database.url };
  const opened = await openDatabase('test', { ...knexfile.test, connection });
  const extent = options.migrations === undefined ? {} : { count: options.migrations };
  // One of the old migrations prints what it reads.
  const printing = jest.spyOn(console, 'log').mockImplementation(() => undefined);
  const { failed } = await createMigrator({ config: opened.config, cwd: ROOT }).up(extent);
  printing.mockRestore();
  if (failed) throw new Error(failed.message);
  const environment = { ...readEnvironment({ NODE_ENV: 'test', PORT: '0' }), ...options.settings };
  const application = await startApplication({ environment, database: opened, log });
  const url = `http://127.0.0.1:${application.port}`;
  const sockets: Socket[] = [];
  return {
    ...{ url, database },
    logged: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>),
    get: (path, headers = {}) => request(url + path, { headers }),
    post: (path, body, token) => request(url + path, postOf(body, token)),
    socket: (more = {}) => {
      const socket = io(url, { transports: ['websocket'], reconnection: false, ...more });
      sockets.push(socket);
      return socket;
    },
    stop: async () => {
      sockets.forEach((socket) => socket.disconnect());
      await application.stop();
      await database.drop();
    },
  };
}

/** What `fetch` is given to post a body as somebody. */
export function postOf(body: unknown, token?: string): RequestInit {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
  return {
    method: 'POST',
    headers,
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  };
}

/** Sends a request and reads its JSON. */
export async function request<Body>(url: string, init: RequestInit): Promise<Answer<Body>> {
  const response = await fetch(url, init);
  const { status, headers } = response;
  return { status, headers, body: (await response.json()) as Body };
}
