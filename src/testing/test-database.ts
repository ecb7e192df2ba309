import { type Knex } from 'knex';
import { type ClientConfig, escapeIdentifier } from 'pg';
import { type ResolvedConfig } from '../config/resolve.js';
import { type EnvironmentConfig } from '../config/settings.js';
import { KnexwardError } from '../errors.js';
import { harmless } from '../migrator/listener.js';
import { checkKnown, type MigratorOptions } from '../migrator/options.js';
import { isLostConnection, serverErrorIn } from '../server-error.js';
import { withDatabase } from '../throwaway/connection.js';
import { type Claim } from '../throwaway/claim.js';
import { enterHome, type Home } from './home.js';
import { ingredientsOf, keyOf } from './key.js';
import { dropOldTemplates } from './old-templates.js';
import { dropLeftOvers } from '../throwaway/left-overs.js';
import { databaseNamed } from '../throwaway/maintenance.js';
import { createOwned } from '../throwaway/temporary.js';
import {
  type PreparedTestDatabases,
  type TestDatabase,
  type TestDatabaseOptions,
} from './options.js';
import { projectName, resolveForTests } from './project.js';
import { settingStatements } from '../throwaway/settings.js';
import { ensureTemplate, type Template, type TemplateRequest } from './template.js';
import { urlOf } from './url.js';

/** `createTestDatabase` of the public API. */
export async function makeTestDatabase(options: TestDatabaseOptions): Promise<TestDatabase> {
  return atHome(options, async (home, request) => {
    const { claim } = home;
    const name = claim.name('test', request.project);
    await copy(claim, request, name);
    return handOver(home, request.config, name);
  });
}

/** `prepareTestDatabases` of the public API. */
export async function prepare(options: TestDatabaseOptions): Promise<PreparedTestDatabases> {
  return atHome(options, async (home, request) => {
    const { claim } = home;
    const { name, built } = await templateFor(claim, request);
    const close = async (): Promise<void> => {
      await claim.busy(() => dropLeftOvers(claim.client)).catch(() => undefined);
      await home.leave();
    };
    return { template: name, built, close: once(close) };
  });
}

/**
 * Does something on the server that tests run on, and stays there. Where the connections turn out to
 * be cut since the last call, it is done once more on new ones.
 */
async function atHome<T>(
  options: TestDatabaseOptions,
  work: (home: Home, request: TemplateRequest) => Promise<T>,
  triesLeft = 1,
): Promise<T> {
  const resolved = await resolve(options);
  const home = await enterHome(resolved.config, resolved.listener);
  const { claim } = home;
  try {
    return await claim.busy(async () => work(home, await requestFor(home, resolved, options)));
  } catch (error) {
    const wasCut = isLostConnection(error) && !claim.holds;
    await home.leave();
    if (!wasCut || triesLeft === 0) throw error;
    return atHome(options, work, triesLeft - 1);
  }
}

type Resolved = Pick<TemplateRequest, 'config' | 'source' | 'listener'>;

async function resolve(options: TestDatabaseOptions): Promise<Resolved> {
  checkKnown(options, OPTIONS, 'createTestDatabase');
  const { dependsOn, listener, ...given } = options;
  if (given.config !== undefined && given.knexfile !== undefined) {
    throw new KnexwardError('USAGE', {
      message: 'Both config and knexfile were given.',
      fix: 'Give one of the two.',
    });
  }
  const source = given as MigratorOptions;
  return { source, config: await resolveForTests(source), listener: harmless(listener) };
}

const OPTIONS: readonly (keyof TestDatabaseOptions)[] = [
  ...(['cwd', 'knexfile', 'config', 'env', 'scope', 'settings', 'dependsOn', 'listener'] as const),
];

async function requestFor(
  { claim, connection }: Home,
  resolved: Resolved,
  { dependsOn = [] }: TestDatabaseOptions,
): Promise<TemplateRequest> {
  const server = await claim.traits(databaseNamed(connection));
  const ingredients = await ingredientsOf(resolved.config, server, dependsOn);
  const project = projectName(resolved.config.projectRoot);
  return { ...resolved, ingredients, key: keyOf(ingredients), project, locale: server.locale };
}

async function templateFor(
  claim: Claim,
  request: TemplateRequest,
): Promise<Template & { built: boolean }> {
  const template = await ensureTemplate(claim, request);
  if (template.built) await dropOldTemplates(claim, request.project, template.name);
  return template;
}

const TRIES = 3;

/** Between the look at a template and its copy, somebody may drop it: then it is built again. */
async function copy(claim: Claim, request: TemplateRequest, name: string): Promise<void> {
  const { client } = claim;
  const quoted = escapeIdentifier(name);
  for (let tries = 1; ; tries++) {
    const { name: template, settings } = await templateFor(claim, request);
    try {
      // By way of the log, the default from PostgreSQL 15 on: without the two checkpoints that
      // copying the files takes: of Unleash's schema, 12 MB, a third to two thirds of the time.
      const create = `create database ${quoted} template ${escapeIdentifier(template)}`;
      await createOwned(claim, name, create);
      for (const statement of settingStatements(name, settings)) await client.query(statement);
      return;
    } catch (error) {
      await client.query(`drop database if exists ${quoted}`).catch(() => undefined);
      if (serverErrorIn(error)?.code !== '3D000' || tries === TRIES) throw error;
    }
  }
}

function handOver(home: Home, config: ResolvedConfig, name: string): TestDatabase {
  const { claim } = home;
  const connection = withDatabase(home.connection, name);
  const drop = once(async () => {
    await claim.busy(() => claim.drop(name)).finally(() => home.leave());
  });
  return {
    name,
    url: urlOf(home.connection, claim.client, name),
    connection,
    knexConfig: knexConfigOf(config, connection),
    drop,
    [Symbol.asyncDispose]: drop,
  };
}

function knexConfigOf({ knex }: ResolvedConfig, connection: ClientConfig): Knex.Config {
  const given: EnvironmentConfig & { connectionPool?: unknown } = { ...knex };
  delete given.knexward;
  delete given.connectionPool;
  return {
    ...given,
    client: given.client ?? 'pg',
    connection: connection as Knex.PgConnectionConfig,
  };
}

function once(action: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => (running ??= action());
}
