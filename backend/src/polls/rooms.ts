import { type Knex } from 'knex';
import { notFound, Problem } from '../problem.js';
import { newCode, slugFor } from './codes.js';
import { type NewRoom } from './input.js';
import { type QuestionResults, resultsInRoom } from './results.js';
import { isRightToken, newToken } from './tokens.js';

/** A room, for the one who opened it: with the token that makes a host. */
export interface OpenedRoom {
  code: string;
  title: string;
  slug: string;
  hostToken: string;
}

/** What everybody in a room sees. */
export interface RoomView {
  code: string;
  title: string;
  participants: number;
  questions: QuestionResults[];
}

/** Opens a room; takes another code in the rare case that the first one is taken. */
export async function openRoom(knex: Knex, { title }: NewRoom): Promise<OpenedRoom> {
  const { token, hash } = newToken();
  for (;;) {
    const code = newCode();
    const slug = slugFor(title, code);
    const inserted = await knex('rooms')
      .insert({ code, title, slug, host_token_hash: hash })
      .onConflict('code')
      .ignore()
      .returning('code');
    if (inserted.length > 0) return { code, title, slug, hostToken: token };
  }
}

/** What everybody may see of a room. */
export async function viewRoom(knex: Knex, code: string): Promise<RoomView> {
  const room = await knex<{ id: number; code: string; title: string }>('rooms')
    .where({ code })
    .first('id', 'title');
  if (!room) throw notFound('room');
  const [participants, questions] = await Promise.all([
    countParticipants(knex, code),
    resultsInRoom(knex, room.id),
  ]);
  return { code, title: room.title, participants, questions };
}

/** How many have joined a room. */
export async function countParticipants(knex: Knex, code: string): Promise<number> {
  const { rows } = await knex.raw<{ rows: { count: number }[] }>(
    `SELECT count(*)::int AS count
     FROM participants p JOIN rooms r ON r.id = p.room_id WHERE r.code = ?`,
    [code],
  );
  return rows[0]?.count ?? 0;
}

/** Refuses whoever is not the host of the room with this code. */
export async function checkHostOf(
  knex: Knex,
  code: string,
  token: string | undefined,
): Promise<void> {
  const room = await knex('rooms')
    .where({ code })
    .first<{ host_token_hash: Buffer | null } | undefined>('host_token_hash');
  if (!room) throw notFound('room');
  checkHost(token, room.host_token_hash);
}

/** Refuses whoever is not the host. */
export function checkHost(token: string | undefined, hash: Buffer | null): void {
  if (isRightToken(token, hash)) return;
  throw new Problem(403, 'not-host', 'Only the host of the room can do this.');
}
