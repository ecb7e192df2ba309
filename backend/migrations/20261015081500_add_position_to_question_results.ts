import { type Knex } from 'knex';

/** The order in which the host wrote the options. At the end: the old release names its columns. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE OR REPLACE VIEW question_results AS
    SELECT q.id AS question_id, o.id AS option_id, o.label, count(v.participant_id) AS votes, o.position
    FROM questions q
    JOIN options o ON o.question_id = q.id
    LEFT JOIN votes v ON v.option_id = o.id
    GROUP BY q.id, o.id
  `);
}

/** A view cannot lose a column, so it is made anew, as the old migration made it. */
export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP VIEW question_results');
  await knex.raw(`
    CREATE VIEW question_results AS
    SELECT q.id AS question_id, o.id AS option_id, o.label, count(v.participant_id) AS votes
    FROM questions q
    JOIN options o ON o.question_id = q.id
    LEFT JOIN votes v ON v.option_id = o.id
    GROUP BY q.id, o.id
  `);
}
