import { resolve } from 'node:path';
import { type Client } from 'pg';
import {
  type ConfigRequest,
  resolveProject,
  type ResolvedConfig,
  withDatabase,
} from '../../config/resolve.js';
import { openSession, type Session, type SessionOptions } from '../../database/session.js';
import { KnexwardError } from '../../errors.js';
import { type DatabaseFacts, type Facts, type Looked } from '../facts.js';
import { lookAtActivity } from './activity.js';
import { lookAtConnection } from './connection.js';
import { lookAtHistory } from './history.js';
import { lookAtMachine } from './packages.js';
import { lookForPooler } from './pooler.js';
import { lookAtProject } from './project.js';
import { lookAtRights } from './rights.js';
import { lookAtSettings } from './settings.js';

/** What a look may be told, and tells on the way. */
export interface LookOptions extends SessionOptions {
  /** Called with the configuration once it is known; returns the one to work with. */
  uses?: (config: ResolvedConfig) => ResolvedConfig;
}

/**
 * Looks at everything. What cannot be looked at is told in the facts.
 *
 * @throws KnexwardError `USAGE`, where the command itself makes no sense
 */
export async function look(request: ConfigRequest, options: LookOptions): Promise<Facts> {
  const machine = lookAtMachine(resolve(request.cwd ?? process.cwd()));
  const config = await tried(() => resolveProject(request));
  if (config.failed) {
    if (config.failed.code === 'USAGE') throw asError(config.failed);
    const environment = request.env ?? (process.env['NODE_ENV'] || 'development');
    return { environment, production: false, machine, project: config, database: null };
  }
  const { environment, production } = config.value;
  const project = await tried(() => lookAtProject(config.value));
  const database = await tried(async () => {
    const { uses = (whole) => whole } = options;
    const whole = uses(await withDatabase(config.value));
    return lookIntoDatabase(await openSession(whole, options), whole);
  });
  return { environment, production, machine, project, database };
}

async function lookIntoDatabase(session: Session, config: ResolvedConfig): Promise<DatabaseFacts> {
  const { client } = session;
  const { searchPath } = config.knex;
  try {
    const connection = await tried(() => lookAtConnection(client));
    const pooler = await tried(() => lookForPooler(session));
    const settings = await tried(() => lookAtSettings(client));
    // A pooler that refuses transactions would close the connection.
    const guarded = pooler.value?.mode === 'statement' ? unguarded : readingOnly;
    return {
      connection,
      pooler,
      settings,
      rights: await tried(() => guarded(client, () => lookAtRights(client, config))),
      activity: await tried(() => guarded(client, () => lookAtActivity(client))),
      history: await tried(() => guarded(client, () => lookAtHistory(client, config))),
      asked: {
        searchPath: [searchPath ?? []].flat(),
        statementTimeoutMs: config.settings.statementTimeout,
      },
    };
  } finally {
    await session.close();
  }
}

/** Nobody is to wait for a doctor, nor the doctor for a table that is locked. */
async function readingOnly<T>(client: Client, work: () => Promise<T>): Promise<T> {
  await client.query(
    "begin read only; set local lock_timeout = '3s'; set local statement_timeout = '30s'",
  );
  try {
    return await work();
  } finally {
    await client.query('rollback').catch(() => undefined);
  }
}

function unguarded<T>(_client: Client, work: () => Promise<T>): Promise<T> {
  return work();
}

async function tried<T>(work: () => Promise<T>): Promise<Looked<T>> {
  try {
    return { value: await work() };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return error instanceof KnexwardError
      ? { failed: { code: error.code, message, fix: error.fix, exitCode: error.exitCode } }
      : { failed: { code: null, message, fix: null, exitCode: 1 } };
  }
}

function asError({ code, message, fix }: NonNullable<Looked<never>['failed']>): KnexwardError {
  return new KnexwardError(code ?? 'INTERNAL', { message, fix: fix ?? '' });
}
