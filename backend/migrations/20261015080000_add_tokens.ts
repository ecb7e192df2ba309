import { type Knex } from 'knex';

/**
 * Hosts and participants get a secret each; only its hash is kept. Nullable: the old release, which
 * runs beside the new one while the fleet is rolled, writes rows without one.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.alterTable('rooms', (table) => {
    table.binary('host_token_hash');
  });
  await knex.schema.alterTable('participants', (table) => {
    table.binary('token_hash');
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.alterTable('participants', (table) => {
    table.dropColumn('token_hash');
  });
  await knex.schema.alterTable('rooms', (table) => {
    table.dropColumn('host_token_hash');
  });
}
