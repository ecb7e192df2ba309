'use strict';

const { randomInt } = require('node:crypto');
const db = require('./db');

// Without the letters and digits that are hard to tell apart on a projector.
const CODE_LETTERS = 'ABCDEFGHJKMNPQRSTUVWXYZ23456789';

function newCode() {
  return Array.from({ length: 6 }, () => CODE_LETTERS[randomInt(CODE_LETTERS.length)]).join('');
}

function slugFor(title, code) {
  const words = title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  return `${words}-${code.toLowerCase()}`;
}

async function first(sql, params) {
  const { rows } = await db.query(sql, params);
  return rows[0];
}

/** Opens a room; takes another code in the rare case that the first one is taken. */
exports.createRoom = async ({ title = 'Untitled' }) => {
  for (;;) {
    const code = newCode();
    const room = await first(
      `INSERT INTO rooms (code, title, slug) VALUES ($1, $2, $3)
       ON CONFLICT (code) DO NOTHING RETURNING code, title, slug`,
      [code, title, slugFor(title, code)],
    );
    if (room) return room;
  }
};

/** Asks a question with its options; it is open at once. */
exports.ask = ({ code, body, options, settings = {} }) =>
  first(
    `WITH question AS (
       INSERT INTO questions (room_id, body, position, state, settings)
       SELECT r.id, $2, (SELECT count(*) FROM questions q WHERE q.room_id = r.id), 'open', $4
       FROM rooms r WHERE r.code = $1
       RETURNING id, body
     ), option AS (
       INSERT INTO options (question_id, label, position)
       SELECT question.id, o.label, o.position
       FROM question, unnest($3::text[]) WITH ORDINALITY AS o (label, position)
       RETURNING id, label, position
     )
     SELECT question.id, question.body,
       json_agg(json_build_object('id', option.id, 'label', option.label) ORDER BY option.position) AS options
     FROM question, option GROUP BY question.id, question.body`,
    [code, body, options, settings],
  );

exports.join = ({ code, name }) =>
  first(
    `INSERT INTO participants (room_id, display_name)
     SELECT id, $2 FROM rooms WHERE code = $1
     RETURNING id, display_name AS name`,
    [code, name],
  );

/** Votes; the participant must be in the question's room. The table allows one vote each. */
exports.vote = ({ questionId, participantId, optionId }) =>
  first(
    `INSERT INTO votes (participant_id, question_id, option_id)
     SELECT p.id, q.id, $3
     FROM participants p JOIN questions q ON q.room_id = p.room_id
     WHERE p.id = $1 AND q.id = $2
     RETURNING question_id AS "questionId", option_id AS "optionId"`,
    [participantId, questionId, optionId],
  );

exports.close = ({ questionId }) =>
  first(
    `UPDATE questions SET state = 'closed', closed_at = now()
     WHERE id = $1 AND state = 'open' RETURNING id, state`,
    [questionId],
  );

exports.results = ({ questionId }) =>
  first(
    `SELECT q.id, q.body, q.state,
       json_agg(json_build_object('id', r.option_id, 'label', r.label, 'votes', r.votes)
         ORDER BY r.option_id) AS options
     FROM questions q JOIN question_results r ON r.question_id = q.id
     WHERE q.id = $1 GROUP BY q.id`,
    [questionId],
  );
