import { type Knex } from 'knex';
import { notFound } from '../problem.js';
import { type NewQuestion } from './input.js';
import { checkHost } from './rooms.js';

/** A question as it was asked. */
export interface AskedQuestion {
  id: number;
  body: string;
  options: { id: number; label: string }[];
}

/** A question that is closed, and whose room has this code. */
export interface ClosedQuestion {
  id: number;
  state: 'closed';
  code: string;
}

const ASK = `
  WITH question AS (
    INSERT INTO questions (room_id, body, position, state)
    VALUES (:roomId, :body, (SELECT count(*) FROM questions WHERE room_id = :roomId), 'open')
    RETURNING id, body
  ), option AS (
    INSERT INTO options (question_id, label, position)
    SELECT question.id, o.label, o.position
    FROM question, unnest(CAST(:labels AS text[])) WITH ORDINALITY AS o (label, position)
    RETURNING id, label, position
  )
  SELECT question.id, question.body,
    json_agg(json_build_object('id', option.id, 'label', option.label) ORDER BY option.position) AS options
  FROM question, option GROUP BY question.id, question.body`;

/** Asks a question with its options; it is open at once. For the host only. */
export async function askQuestion(
  knex: Knex,
  code: string,
  token: string | undefined,
  { body, options }: NewQuestion,
): Promise<AskedQuestion> {
  const room = await knex<HostedRoom>('rooms').where({ code }).first('id', 'host_token_hash');
  if (!room) throw notFound('room');
  checkHost(token, room.host_token_hash);
  const bindings = { roomId: room.id, body, labels: options };
  const { rows } = await knex.raw<{ rows: [AskedQuestion] }>(ASK, bindings);
  return rows[0];
}

/** Ends the voting. For the host only; doing it again changes nothing. */
export async function closeQuestion(
  knex: Knex,
  id: number,
  token: string | undefined,
): Promise<ClosedQuestion> {
  const room = await knex('rooms')
    .join('questions', 'questions.room_id', 'rooms.id')
    .where('questions.id', id)
    .first<HostedRoom | undefined>('rooms.id', 'rooms.code', 'rooms.host_token_hash');
  if (!room) throw notFound('question');
  checkHost(token, room.host_token_hash);
  await knex('questions')
    .where({ id, state: 'open' })
    .update({ state: 'closed', closed_at: knex.fn.now() });
  return { id, state: 'closed', code: room.code };
}

/** What a host may start from. */
export async function listTemplates(
  knex: Knex,
): Promise<{ key: string; label: string; answers: (string | number)[] }[]> {
  return knex('question_templates').select('key', 'label', 'answers').orderBy('key');
}

interface HostedRoom {
  id: number;
  code: string;
  host_token_hash: Buffer | null;
}
