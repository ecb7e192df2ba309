import { createServer, type Server, type Socket, connect } from 'node:net';
import { type AddressInfo } from 'node:net';

/** Where a fault strikes: at the n-th message that clients send, before or after it is passed on. */
export interface FaultPoint {
  /** Counted from 1, over all connections, in the order of arrival. */
  message: number;
  when: 'before' | 'after';
  /** The connection outlives the fault: the message is passed on, and its answer is heard. */
  goesOn?: boolean;
  /** Counting begins with the first message that holds this. */
  from?: string;
}

/** What happens at the fault point; the connection that carries the message can be cut. */
export type Fault = (cut: () => void) => void | Promise<void>;

/** How long the server is given to act on the message, where it does not answer at once. */
const GRACE_MS = 25;

/**
 * A proxy in front of PostgreSQL that understands where one message of the frontend protocol ends
 * and the next begins (https://www.postgresql.org/docs/current/protocol-message-formats.html), and
 * lets a test do something just before or just after the n-th of them.
 */
export class ProtocolProxy {
  messages = 0;
  /** What leads to the server, in the order in which the connections were opened. */
  readonly connections: Socket[] = [];
  private server: Server | undefined;
  private readonly sockets = new Set<Socket>();
  private frozen = false;
  /** By their place in `connections`: how the server's side of each is ended alone. */
  private readonly parts: (() => void)[] = [];
  private armed:
    { point: FaultPoint; from: string | undefined; fault: Fault; struck: () => void } | undefined;

  constructor(private readonly target: { host: string; port: number }) {}

  async listen(): Promise<number> {
    this.server = createServer((client) => this.accept(client));
    await new Promise<void>((resolve) => this.server?.listen(0, '127.0.0.1', resolve));
    return (this.server.address() as AddressInfo).port;
  }

  /**
   * Counts anew, and strikes at the point if one is given.
   *
   * @returns a promise that is kept when the fault has come to pass
   */
  arm(point?: FaultPoint, fault: Fault = () => undefined): Promise<void> {
    this.messages = 0;
    return new Promise((resolve) => {
      this.armed = point && { point, from: point.from, fault, struck: resolve };
    });
  }

  /** Whether the armed fault has not come to pass. */
  get pending(): boolean {
    return this.armed !== undefined;
  }

  /**
   * From now on passes nothing on, either way, not even that a connection has ended: a network that drops all
   * packets, between a client and a server that both go on.
   */
  freeze(): void {
    this.frozen = true;
  }

  /** Ends every connection; the proxy goes on listening. */
  cutAll(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /**
   * Ends the server's side of a connection alone, as a network does that loses it: the client hears of
   * it when it sends something next.
   */
  part(place: number): void {
    this.parts[place]?.();
  }

  async close(): Promise<void> {
    this.cutAll();
    await new Promise((resolve) => this.server?.close(resolve));
  }

  private accept(client: Socket): void {
    const upstream = connect(this.target);
    this.connections.push(upstream);
    for (const socket of [client, upstream]) {
      this.sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.sockets.delete(socket);
        if (this.frozen) return;
        if (!parted) client.destroy();
        upstream.destroy();
      });
    }
    let parted = false;
    let unanswered = false;
    this.parts.push(() => {
      // A client that waits for an answer is told at once, for it sends nothing before.
      parted = !unanswered;
      upstream.destroy();
    });
    let buffer = Buffer.alloc(0);
    let started = false;
    let mute = false;
    let queue = Promise.resolve();
    upstream.on('data', (data) => {
      unanswered = false;
      if (!mute && !this.frozen) client.write(data);
    });
    client.on('data', (data: Buffer) => {
      if (this.frozen) return;
      unanswered = true;
      if (parted) return void client.destroy();
      buffer = Buffer.concat([buffer, data]);
      for (let length = messageLength(buffer, started); length <= buffer.length;) {
        const message = buffer.subarray(0, length);
        buffer = buffer.subarray(length);
        started = true;
        queue = queue.then(() => this.pass(message, client, upstream, () => (mute = true)));
        length = messageLength(buffer, started);
      }
    });
  }

  private async pass(
    message: Buffer,
    client: Socket,
    upstream: Socket,
    mute: () => void,
  ): Promise<void> {
    const { armed } = this;
    if (armed?.from !== undefined && message.includes(armed.from)) {
      armed.from = undefined;
      this.messages = 0;
    }
    this.messages++;
    if (armed?.point.message !== this.messages || armed.from !== undefined) {
      upstream.write(message);
      return;
    }
    this.armed = undefined;
    if (armed.point.when === 'after') {
      // The server gets the message; the client never hears of what became of it, unless it goes on.
      if (!armed.point.goesOn) mute();
      upstream.write(message);
      await Promise.race([
        new Promise((resolve) => upstream.once('data', resolve)),
        new Promise((resolve) => setTimeout(resolve, GRACE_MS)),
      ]);
    }
    await armed.fault(() => {
      client.destroy();
      upstream.destroy();
    });
    armed.struck();
    if (armed.point.goesOn && armed.point.when === 'before') upstream.write(message);
  }
}

/** The first message of a connection has no type byte; later ones have one before the length. */
function messageLength(buffer: Buffer, started: boolean): number {
  const offset = started ? 1 : 0;
  return buffer.length < offset + 4 ? Infinity : offset + buffer.readInt32BE(offset);
}
