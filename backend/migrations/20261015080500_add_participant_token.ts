import { type Knex } from 'knex';

/**
 * The same for who joins. A migration of its own: one that holds both tables meets those who join, who
 * hold one and wait for the other, and the server may end their request as well as ours.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.alterTable('participants', (table) => {
    table.binary('token_hash');
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.alterTable('participants', (table) => {
    table.dropColumn('token_hash');
  });
}
