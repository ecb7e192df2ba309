import { type Knex } from 'knex';
import { notFound, Problem } from '../problem.js';
import { CHANNEL, changeText } from './changes.js';
import { type NewVote } from './input.js';
import { isRightToken } from './tokens.js';

/** A vote as it counts. */
export interface Vote {
  questionId: number;
  optionId: number;
  /** Whether it was cast now; else the same one was there already. */
  isNew: boolean;
}

interface Voter {
  room_id: number;
  code: string;
  token_hash: Buffer | null;
}

const NOT_OPEN = '23514';

// The question's row is held against a host who closes it at this moment: either the vote is there
// before, or the trigger sees that it is closed. What is shown as the final result stays so.
const CAST = `
  WITH vote AS (
    INSERT INTO votes (participant_id, question_id, option_id)
    SELECT :participantId, q.id, :optionId
    FROM questions q WHERE q.id = :questionId AND q.room_id = :roomId
    FOR SHARE OF q
    ON CONFLICT (participant_id, question_id) DO NOTHING
    RETURNING question_id
  )
  SELECT question_id, pg_notify(:channel, :change) FROM vote`;

/**
 * Votes. Sending the same vote again, as a client does that got no answer, gives the same answer;
 * another option is refused. The table's primary key decides between two at once. Those who watch are
 * told in the same statement.
 */
export async function castVote(
  knex: Knex,
  questionId: number,
  { participantId, optionId }: NewVote,
  token: string | undefined,
): Promise<Vote> {
  const voter = await knex('participants')
    .join('rooms', 'rooms.id', 'participants.room_id')
    .where('participants.id', participantId)
    .first<Voter | undefined>('participants.room_id', 'participants.token_hash', 'rooms.code');
  if (!voter) throw notFound('participant');
  if (!isRightToken(token, voter.token_hash)) {
    throw new Problem(403, 'not-participant', 'The token does not belong to this participant.');
  }
  const change = changeText({ code: voter.code, questionId });
  const bindings = {
    ...{ participantId, optionId, questionId, roomId: voter.room_id },
    ...{ channel: CHANNEL, change },
  };
  let refusal: Error | undefined;
  const inserted = await knex.raw<{ rows: unknown[] }>(CAST, bindings).catch((error: unknown) => {
    if ((error as { code?: string }).code !== NOT_OPEN) throw error;
    refusal = error as Error;
    return { rows: [] };
  });
  const answer = { questionId, optionId };
  if (inserted.rows.length > 0) return { ...answer, isNew: true };

  const earlier = await knex('votes')
    .where({ participant_id: participantId, question_id: questionId })
    .first<{ option_id: number } | undefined>('option_id');
  if (earlier?.option_id === optionId) return { ...answer, isNew: false };
  if (refusal) throw refusal;
  if (!earlier) throw notFound('question');
  throw new Problem(409, 'already-voted', 'You have already voted on this question.');
}
