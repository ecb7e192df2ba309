import { type Knex } from 'knex';

/**
 * Who opens a room gets a secret; only its hash is kept. Nullable: the old release, which runs beside
 * the new one while the fleet is rolled, writes rows without one.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.alterTable('rooms', (table) => {
    table.binary('host_token_hash');
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.alterTable('rooms', (table) => {
    table.dropColumn('host_token_hash');
  });
}
