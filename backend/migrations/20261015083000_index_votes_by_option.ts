import { type Knex } from 'knex';

/** Built while people vote, which cannot be done inside a transaction. */
export const config = { transaction: false };

/** Counting a question's votes read the whole table. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('CREATE INDEX CONCURRENTLY votes_option_id_idx ON votes (option_id)');
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP INDEX CONCURRENTLY IF EXISTS votes_option_id_idx');
}
