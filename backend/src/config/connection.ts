import { type Knex } from 'knex';

/** Where each environment finds its database. The names are those that database.json had. */
const VARIABLES = {
  development: {
    host: 'POSTGRES_HOST',
    port: 'POSTGRES_PORT',
    user: 'POSTGRES_USER',
    password: 'POSTGRES_PASSWORD',
    database: 'POSTGRES_DB',
  },
  deployed: {
    host: 'DB_HOST',
    port: 'DB_PORT',
    user: 'DB_USER',
    password: 'DB_PASSWORD',
    database: 'DB_NAME',
  },
} as const;

/** The environments of this backend; `dev` is what database.json called development. */
export const ENVIRONMENTS = ['development', 'dev', 'test', 'production'] as const;
export type EnvironmentName = (typeof ENVIRONMENTS)[number];

/**
 * The connection of an environment, for the application and the migrations alike. `DATABASE_URL`
 * wins, as it did with db-migrate. Where nothing is set, every entry is undefined: outside
 * production that means the embedded PostgreSQL.
 */
export function connectionOf(
  environment: EnvironmentName,
  env: NodeJS.ProcessEnv = process.env,
): Knex.PgConnectionConfig {
  if (env['DATABASE_URL']) return { connectionString: env['DATABASE_URL'] };
  const isDeployed = environment === 'test' || environment === 'production';
  const names = VARIABLES[isDeployed ? 'deployed' : 'development'];
  // Knex's type knows no "undefined"; pg takes it for "not given", as the generated knexfile does.
  return {
    host: env[names.host],
    port: Number(env[names.port]) || undefined,
    user: env[names.user],
    password: env[names.password],
    database: env[names.database],
  } as Knex.PgConnectionConfig;
}

/** Whether anything names a database server. */
export function namesDatabase(connection: Knex.PgConnectionConfig): boolean {
  return Object.values(connection).some((value) => value !== undefined && value !== '');
}
