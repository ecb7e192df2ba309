import { createDatabase, type TestDatabase } from './database';

/** A fleet of schemas in one database, and a table that counts what their migrations do. */
export interface Tenants {
  database: TestDatabase;
  names: string[];
  /** How often each migration was applied in each schema, as the migrations themselves counted. */
  applied(): Promise<Record<string, number>>;
  drop(): Promise<void>;
}

/** Schemas `t_00`, `t_01`, …, listed in a table `tenants` of the same database. */
export async function createTenants(count: number): Promise<Tenants> {
  const database = await createDatabase();
  const names = [...Array(count).keys()].map((place) => `t_${String(place).padStart(2, '0')}`);
  await database.query(
    `create table tenants (id text, schema text, labels json);
     create table public.counted (schema text, migration text);
     insert into tenants select 't_' || lpad(n::text, 2, '0'), 't_' || lpad(n::text, 2, '0')
       from generate_series(0, ${count - 1}) n;
     ${names.map((name) => `create schema ${name}`).join(';')}`,
  );
  return {
    database,
    names,
    applied: async () => {
      const rows = await database.query<{ key: string; times: number }>(
        "select schema || ' ' || migration as key, count(*)::int as times from counted group by 1 order by 1",
      );
      return Object.fromEntries(rows.map(({ key, times }) => [key, times]));
    },
    drop: () => database.drop(),
  };
}

/** A knexfile for that database, with this text in `knexward.fleet`. */
export function fleetKnexfile(
  fleet: string,
  knexward = "lockTimeout: '200ms', retries: 1",
): string {
  return `module.exports = {
  client: 'pg',
  connection: process.env.TEST_DATABASE_URL,
  migrations: { directory: './migrations' },
  knexward: { ${knexward}, fleet: { ${fleet} } },
};`;
}

/** The fleet of the table `tenants`. */
export const ALL_TENANTS = "targets: 'select id, schema, labels from tenants order by id'";

/** A migration that counts where it was applied; `more` comes before that. */
export function counting(name: string, more = ''): string {
  return `exports.up = async (knex) => {
  ${more}
  await knex.raw("insert into public.counted select current_schema(), '${name}'");
};
exports.down = async () => {};`;
}

/** Every key of the names and migrations, with the number 1: each was applied once everywhere. */
export function onceEach(names: readonly string[], migrations: readonly string[]): object {
  return Object.fromEntries(
    names.flatMap((name) => migrations.map((migration) => [`${name} ${migration}`, 1])),
  );
}
