import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type Server as HttpServer } from 'node:http';
import { type Knex } from 'knex';
import { type Logger } from 'pino';
import { Server, type Socket } from 'socket.io';
import { requestIdOf } from '../http/request-id.js';
import { withLogContext } from '../log.js';
import { type Change } from '../polls/changes.js';
import { WRONG_CODE } from '../polls/codes.js';
import { code as codeSchema } from '../polls/input.js';
import { resultsOf } from '../polls/results.js';
import { countParticipants, type RoomView, viewRoom } from '../polls/rooms.js';
import { Problem, problemOf } from '../problem.js';
import { type ChangeListener } from './change-feed.js';

/** The answer to a socket's `watch`. */
export type WatchAnswer =
  | { ok: true; room: RoomView }
  | { ok: false; problem: { status: number; code: string; title: string } };

/** What goes over the sockets. */
export interface LiveOptions {
  knex: Knex;
  log: Logger;
  /** Origins besides the server's own. */
  origins: readonly string[];
}

/** Votes that come in together are told together. */
const TELL_AFTER_MS = 50;
/** How many rooms a socket may ask for in its life; a person needs a handful. */
const WATCHES_PER_SOCKET = 30;

const channel = (code: string): string => `room:${code}`;

/** Everybody who watches a room, on this instance. */
export class LiveRooms implements ChangeListener {
  readonly io: Server;
  private readonly dirty = new Map<string, Change>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    server: HttpServer,
    private readonly options: LiveOptions,
  ) {
    const origins = [...options.origins];
    this.io = new Server(server, {
      cors: { origin: origins },
      maxHttpBufferSize: 10_000,
      // The browser's same-origin rule does not hold for WebSockets: it is kept here.
      allowRequest: (request, answer) => answer(null, isAllowedOrigin(request, origins)),
    });
    this.io.on('connection', (socket) => this.welcome(socket));
  }

  changed(change: Change): void {
    if (!this.isWatched(change.code)) return;
    this.dirty.set(`${change.code}/${change.questionId ?? ''}`, change);
    this.timer ??= setTimeout(() => void this.tell(), TELL_AFTER_MS);
  }

  /** Has everybody look again. */
  missed(): void {
    this.io.emit('stale');
  }

  async close(): Promise<void> {
    clearTimeout(this.timer);
    await this.io.close();
  }

  private welcome(socket: Socket): void {
    const requestId = requestIdOf(socket.handshake.headers['x-request-id']) ?? randomUUID();
    let watches = 0;
    socket.on('watch', (given: unknown, answer: unknown) => {
      if (typeof answer !== 'function') return;
      const reply = answer as (value: WatchAnswer) => void;
      void withLogContext({ requestId }, async () => {
        try {
          if (++watches > WATCHES_PER_SOCKET) {
            throw new Problem(429, 'too-many', 'Too many requests. Reload the page.');
          }
          reply({ ok: true, room: await this.watch(socket, given) });
        } catch (error) {
          const { status, code, title } = problemOf(error);
          if (status >= 500) this.options.log.error({ err: error }, 'a socket could not watch');
          reply({ ok: false, problem: { status, code, title } });
        }
      });
    });
  }

  private async watch(socket: Socket, given: unknown): Promise<RoomView> {
    const parsed = codeSchema.safeParse(given);
    if (!parsed.success) throw new Problem(400, 'invalid-input', WRONG_CODE);
    // First in, then look: what changes in between is told twice rather than not at all.
    for (const room of socket.rooms) if (room !== socket.id) await socket.leave(room);
    await socket.join(channel(parsed.data));
    try {
      return await viewRoom(this.options.knex, parsed.data);
    } catch (error) {
      await socket.leave(channel(parsed.data));
      throw error;
    }
  }

  private isWatched(code: string): boolean {
    return this.io.sockets.adapter.rooms.has(channel(code));
  }

  private async tell(): Promise<void> {
    const changes = [...this.dirty.values()];
    this.dirty.clear();
    this.timer = undefined;
    for (const { code, questionId } of changes) {
      try {
        if (questionId === undefined) {
          const participants = await countParticipants(this.options.knex, code);
          this.io.to(channel(code)).emit('people', { participants });
        } else {
          const question = await resultsOf(this.options.knex, questionId);
          if (question) this.io.to(channel(code)).emit('question', question);
        }
      } catch (error) {
        this.options.log.error({ err: error }, 'a change could not be told');
      }
    }
  }
}

function isAllowedOrigin({ headers }: IncomingMessage, others: readonly string[]): boolean {
  const { origin, host } = headers;
  if (origin === undefined || others.includes(origin)) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}
