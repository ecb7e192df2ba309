import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { type Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { MessageChannel, Worker } from 'node:worker_threads';
import { Client, type ClientConfig } from 'pg';
import { REPOSITORY } from './project';

const FETCH = join(REPOSITORY, 'scripts/matrix/fetch.mjs');

/** What node-postgres has, and its types leave out. */
type Connected = Client & {
  connection: NodeJS.EventEmitter & { stream: Socket };
};

/** Node.js has it; TypeScript has its types among the browser's. */
declare const WebAssembly: { compile(code: Uint8Array): Promise<object> };

interface Program {
  path: string;
  /** Held, for V8 gives the compiled code to each thread that compiles the same bytes while it is there. */
  compiled: object;
}

let fetched: Promise<Program> | undefined;

/** pg_dump in WebAssembly, fetched from the npm registry the first time. */
export function fetchPgDump(): Promise<Program> {
  fetched ??= fetchProgram();
  return fetched;
}

async function fetchProgram(): Promise<Program> {
  const { stdout } = await promisify(execFile)(process.execPath, [FETCH, 'pg-dump']);
  const folder = join(stdout.trim(), 'node_modules/@electric-sql/pglite-tools/dist');
  const compiled = await WebAssembly.compile(await readFile(join(folder, 'pg_dump.wasm')));
  return { path: join(folder, 'pg_dump.cjs'), compiled };
}

/** What `pg_dump --schema-only` prints, by the program in WebAssembly and a session of node-postgres. */
export async function pgDump(config: ClientConfig): Promise<string> {
  const { path: program } = await fetchPgDump();
  const client = new Client(config) as Connected;
  const parameters: [name: string, value: string][] = [];
  client.connection.on('parameterStatus', (one: Record<string, string>) =>
    parameters.push([String(one['parameterName']), String(one['parameterValue'])]),
  );
  await client.connect();
  const { port1, port2 } = new MessageChannel();
  const answered = new Int32Array(new SharedArrayBuffer(4));
  const { database } = config;
  const thread = new Worker(join(__dirname, 'pg-dump-thread.mjs'), {
    workerData: { program, database, greeting: greet(parameters), answers: port2, answered },
    transferList: [port2],
  });
  const ask = takeOver(client.connection.stream, (answer) => {
    port1.postMessage(answer);
    Atomics.store(answered, 0, 1);
    Atomics.notify(answered, 0);
  });
  try {
    return await new Promise<string>((resolve, reject) => {
      client.on('error', reject);
      thread.on('error', reject);
      thread.on('message', ({ question, dump }: { question?: Uint8Array; dump?: string }) => {
        if (question) ask(question);
        else resolve(String(dump));
      });
    });
  } finally {
    await thread.terminate();
    port1.close();
    client.connection.stream.destroy();
  }
}

/** Reads a session's bytes in place of node-postgres: an answer goes to the server's "ready for query". */
function takeOver(
  stream: Socket,
  onAnswer: (answer: Uint8Array) => void,
): (question: Uint8Array) => void {
  let [answer, read] = [Buffer.alloc(0), 0];
  stream.removeAllListeners('data');
  stream.on('data', (bytes) => {
    answer = Buffer.concat([answer, bytes]);
    while (read + 5 <= answer.length) {
      const end = read + 1 + answer.readInt32BE(read + 1);
      if (end > answer.length) return;
      const isLast = answer.toString('latin1', read, read + 1) === 'Z';
      read = end;
      if (isLast) return onAnswer(answer);
    }
  });
  return (question) => {
    [answer, read] = [Buffer.alloc(0), 0];
    stream.write(question);
  };
}

/** What a server says to a client that it lets in: node-postgres has read it already. */
function greet(parameters: readonly [name: string, value: string][]): Buffer {
  const message = (type: string, ...fields: Buffer[]): Buffer => {
    const body = Buffer.concat(fields);
    const head = Buffer.from(`${type}....`);
    head.writeInt32BE(body.length + 4, 1);
    return Buffer.concat([head, body]);
  };
  return Buffer.concat([
    message('R', Buffer.alloc(4)),
    ...parameters.map(([name, value]) => message('S', Buffer.from(`${name}\0${value}\0`))),
    message('Z', Buffer.from('I')),
  ]);
}
