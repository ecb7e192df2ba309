import { type Knex } from 'knex';
import { notFound, Problem } from '../problem.js';
import { newToken } from './tokens.js';

/** A participant, for the one who joined: with the token that votes in that name. */
export interface JoinedParticipant {
  id: number;
  name: string;
  token: string;
}

const UNIQUE_VIOLATION = '23505';
const TAKEN = 'Someone in this room already uses that name. Choose another one.';

/** Joins a room under a name that nobody in it has yet. */
export async function joinRoom(knex: Knex, code: string, name: string): Promise<JoinedParticipant> {
  const { token, hash } = newToken();
  const joined = await knex
    .raw<{ rows: { id: number }[] }>(
      `INSERT INTO participants (room_id, display_name, token_hash)
       SELECT id, ?, ? FROM rooms WHERE code = ? RETURNING id`,
      [name, hash, code],
    )
    .catch((error: unknown) => {
      const isTaken = (error as { code?: string }).code === UNIQUE_VIOLATION;
      throw isTaken ? new Problem(409, 'taken', TAKEN, [{ path: 'name', message: TAKEN }]) : error;
    });
  const [row] = joined.rows;
  if (!row) throw notFound('room');
  return { id: row.id, name, token };
}
