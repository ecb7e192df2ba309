import { type Knex } from 'knex';
import { givenConnection } from '../config/connection.js';
import { type DatabaseLocation } from '../config/resolve.js';
import { type EnvironmentConfig } from '../config/settings.js';
import { KnexwardError } from '../errors.js';

/** What an application's Knex tells about itself; the types leave most of it out. */
interface KnexInsides {
  isTransaction?: boolean;
  userParams?: Record<string, unknown>;
  client?: { config?: EnvironmentConfig; driverName?: string };
  listeners?(event: string): ((...args: unknown[]) => void)[];
}

const DRIVERS = new Set(['pg', 'pgnative']);
const EVENTS = ['start', 'query', 'query-error', 'query-response'] as const;

/**
 * The configuration of an application's Knex, with the parameters that its migrations may read.
 *
 * @throws KnexwardError `USAGE` for what is no Knex instance, or is a transaction of one;
 * `UNSUPPORTED_CLIENT` for a database other than PostgreSQL.
 */
export function configOfKnex(knex: Knex): EnvironmentConfig {
  const { client, isTransaction, userParams } = insidesOf(knex);
  if (typeof knex !== 'function' || !client?.config) {
    throw new KnexwardError('USAGE', {
      message: 'What was given as knex is no Knex instance.',
      fix: "Give what require('knex')(config) returned.",
    });
  }
  if (isTransaction) {
    throw new KnexwardError('USAGE', {
      message: 'A transaction was given in the place of a Knex instance.',
      fix: 'Give the instance: each migration gets a transaction of its own, on a connection of its own.',
    });
  }
  const { driverName = 'none' } = client;
  if (!DRIVERS.has(driverName)) {
    throw new KnexwardError('UNSUPPORTED_CLIENT', {
      message: `The Knex instance's driver is "${driverName}"; knexward works with PostgreSQL only.`,
      fix: 'Give an instance whose client is "pg".',
    });
  }
  return Object.assign({}, client.config, userParams && { userParams });
}

/**
 * Where an application's Knex connects to, asked of it anew: a function that hands out passwords
 * is called again. Neither the process environment nor the embedded server ever stands in, because
 * the application itself would not reach them.
 *
 * @throws KnexwardError `NO_DATABASE` where the instance has no connection.
 */
export async function databaseOfKnex(config: EnvironmentConfig): Promise<DatabaseLocation> {
  const connection = await givenConnection(config);
  if (connection !== undefined) return { kind: 'server', connection };
  throw new KnexwardError('NO_DATABASE', {
    message: 'The Knex instance has no connection.',
    fix: 'Give its configuration a connection.',
  });
}

/** Lets who listens to an application's Knex, to log its queries, hear those of the migrations. */
export function copyListeners(from: Knex, to: Knex): void {
  for (const event of EVENTS) {
    for (const listener of insidesOf(from).listeners?.(event) ?? []) {
      to.on(event, listener);
    }
  }
}

function insidesOf(knex: Knex): KnexInsides {
  return knex as unknown as KnexInsides;
}
