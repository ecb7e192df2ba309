import { type Knex } from 'knex';

/** A question with its options and their votes. */
export interface QuestionResults {
  id: number;
  body: string;
  state: 'draft' | 'open' | 'closed';
  options: { id: number; label: string; votes: number }[];
}

const RESULTS = `
  SELECT q.id, q.body, q.state,
    json_agg(json_build_object('id', r.option_id, 'label', r.label, 'votes', r.votes)
      ORDER BY r.position, r.option_id) AS options
  FROM questions q JOIN question_results r ON r.question_id = q.id`;

/** The results of one question, or `undefined` where there is none. */
export async function resultsOf(
  knex: Knex,
  questionId: number,
): Promise<QuestionResults | undefined> {
  const { rows } = await knex.raw<{ rows: QuestionResults[] }>(
    `${RESULTS} WHERE q.id = ? GROUP BY q.id`,
    [questionId],
  );
  return rows[0];
}

/** The results of all of a room's questions, in the order in which they were asked. */
export async function resultsInRoom(knex: Knex, roomId: number): Promise<QuestionResults[]> {
  const { rows } = await knex.raw<{ rows: QuestionResults[] }>(
    `${RESULTS} WHERE q.room_id = ? GROUP BY q.id ORDER BY q.position, q.id`,
    [roomId],
  );
  return rows;
}
