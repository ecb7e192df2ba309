import { Client, type QueryResultRow } from 'pg';
import { createDatabase, serverAddress, type TestDatabase, urlFor } from './database.js';
import { OwnServer } from './own-server.js';
import { type FaultPoint, ProtocolProxy } from './protocol-proxy.js';
import { Runner, type RunnerAnswer } from './runner.js';
import { sampleOf, type Sized } from './sizes.js';
import { waitFor } from './wait-for.js';

/*
 * The machinery of the crash matrix: for every message that knexward sends to the server (in a sample:
 * for some), a fault strikes just before and just after it. Several lanes work side by side; each has a database, a
 * proxy in front of the server, and runners of its own, so that they share nothing but the project.
 */

/** The runner is killed; the connection that carries the message is cut; the server is killed. */
export type FaultName = 'kill' | 'cut' | 'server';

export type Action = 'up' | 'down' | 'adopt' | 'finish' | 'undo';

/** What an action starts from, and what must be true after the fault and a further run. */
export interface Scenario {
  action: Action;
  /** Brings the lane's database, which is empty, to where the action starts from. */
  prepare(lane: Lane): Promise<void>;
  /** @param where names the point, for the messages of failed expectations */
  check(lane: Lane, where: string): Promise<void>;
}

export interface MatrixOptions {
  /** How many lanes work side by side. */
  lanes: number;
  /** Where the proxy leads to, instead of to the server itself: to a pooler in front of it. */
  through?: { host: string; port: number };
  /** Strike at every n-th message only. */
  every?: number;
  /** How many of those points. */
  size: Sized;
}

/** One database with all that it takes to run knexward on it, and to disturb that. */
export class Lane {
  /** A runner that is never killed. */
  readonly calm = new Runner();
  private spare: Runner | undefined;
  private client: Client | undefined;

  private constructor(
    private readonly cwd: string,
    readonly fault: FaultName,
    readonly proxy: ProtocolProxy,
    private readonly proxyPort: number,
    private readonly url: string,
    private readonly server: OwnServer | undefined,
    private readonly database: TestDatabase | undefined,
  ) {}

  static async open(cwd: string, fault: FaultName, options: MatrixOptions): Promise<Lane> {
    // A server that is killed cannot be the one that the other tests use.
    const server = fault === 'server' ? await OwnServer.create() : undefined;
    const database = server ? undefined : await createDatabase();
    const url = database?.url ?? urlFor((server as OwnServer).address, 'postgres');
    const { host, port } = options.through ?? server?.address ?? serverAddress();
    const proxy = new ProtocolProxy({ host, port });
    return new Lane(cwd, fault, proxy, await proxy.listen(), url, server, database);
  }

  async close(): Promise<void> {
    this.calm.kill();
    this.spare?.kill();
    await this.client?.end().catch(() => undefined);
    await this.proxy.close();
    await this.database?.drop();
    await this.server?.remove();
  }

  /** The rows of a statement, sent past the proxy. */
  async query<Row extends QueryResultRow>(sql: string, params?: unknown[]): Promise<Row[]> {
    if (!this.client) {
      const client = new Client(this.url);
      client.on('error', () => undefined);
      client.on('end', () => (this.client = undefined));
      await client.connect();
      this.client = client;
    }
    return (await this.client.query<Row>(sql, params)).rows;
  }

  /** Empties the database. */
  async clear(): Promise<void> {
    await this.query('drop schema public cascade; create schema public');
  }

  /** Asks the calm runner, past the proxy. */
  ask(request: {
    action: Action | 'resolve';
    name?: string;
    verdict?: string;
  }): Promise<RunnerAnswer> {
    return this.calm.ask({ cwd: this.cwd, url: this.url, ...request });
  }

  /** Runs an action undisturbed through the proxy, and counts the messages that it sends. */
  async count(action: Action): Promise<number> {
    void this.proxy.arm();
    const answer = await this.askThroughProxy(this.calm, action);
    expect(answer.error).toBeUndefined();
    return this.proxy.messages;
  }

  /** Runs an action and lets the fault strike at the point; leaves nobody connected. */
  async strike(action: Action, point: FaultPoint, where: string): Promise<void> {
    const victim = this.fault === 'kill' ? (this.spare ?? new Runner()) : this.calm;
    // The next victim loads while this one runs.
    if (this.fault === 'kill') this.spare = new Runner();
    const struck = this.proxy.arm(point, async (cut) => {
      if (this.fault === 'kill') victim.kill();
      else if (this.fault === 'cut') cut();
      else await this.server?.kill();
    });
    await this.askThroughProxy(victim, action);
    expect({ where, struck: !this.proxy.pending }).toEqual({ where, struck: true });
    // After its very last message the runner may be done before the fault is.
    await struck;
    // Until then a runner that lives on has found the server dead.
    if (this.fault === 'server') await this.server?.start();
    await this.untilGone();
  }

  private askThroughProxy(runner: Runner, action: Action): Promise<RunnerAnswer> {
    const url = new URL(this.url);
    url.port = String(this.proxyPort);
    return runner.ask({ cwd: this.cwd, url: url.href, action });
  }

  /** Nobody of the broken run is at work any more; a pooler keeps idle sessions, though. */
  private async untilGone(): Promise<void> {
    await waitFor(async () => {
      const others = await this.query(
        `select from pg_stat_activity where datname = current_database()
            and application_name like 'knexward%' and state <> 'idle'
         union all
         select from pg_locks where locktype = 'advisory' and granted
            and database = (select oid from pg_database where datname = current_database())`,
      );
      return others.length === 0;
    });
  }
}

/** Strikes at every point, and returns how many there were. */
export async function strikeEverywhere(
  cwd: string,
  fault: FaultName,
  scenario: Scenario,
  options: MatrixOptions,
): Promise<{ messages: number; points: number }> {
  const { action } = scenario;
  const lanes = await Promise.all(
    Array.from({ length: options.lanes }, () => Lane.open(cwd, fault, options)),
  );
  try {
    const [first] = lanes as [Lane];
    await first.clear();
    await scenario.prepare(first);
    const messages = await first.count(action);
    const points = sampleOf(options.size, pointsOf(messages, options.every ?? 1));
    const left = points.values();
    const work = async (lane: Lane): Promise<void> => {
      for (const point of left) {
        const where = `${action}: ${fault} ${point.when} message ${point.message} of ${messages}`;
        await lane.clear();
        await scenario.prepare(lane);
        await lane.strike(action, point, where);
        await scenario.check(lane, where);
      }
    };
    await Promise.all(lanes.map(work));
    return { messages, points: points.length };
  } finally {
    await Promise.all(lanes.map((lane) => lane.close()));
  }
}

function pointsOf(messages: number, every: number): FaultPoint[] {
  return Array.from({ length: messages }, (_, index) => index + 1)
    .filter((message) => message % every === 0)
    .flatMap((message) => [
      { message, when: 'before' },
      { message, when: 'after' },
    ]);
}
