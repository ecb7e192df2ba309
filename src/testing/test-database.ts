import { type Knex } from 'knex';
import { type ClientConfig, escapeIdentifier, escapeLiteral } from 'pg';
import { type ResolvedConfig } from '../config/resolve.js';
import { type EnvironmentConfig } from '../config/settings.js';
import { KnexwardError } from '../errors.js';
import { harmless } from '../migrator/listener.js';
import { checkKnown } from '../migrator/options.js';
import { type RunListener } from '../run/events.js';
import { serverErrorIn } from '../server-error.js';
import { withDatabase } from '../verify/shadow/connection.js';
import { type Claim } from './claim.js';
import { enterHome, type Home } from './home.js';
import { whileBusy } from './in-use.js';
import { ingredientsOf, keyOf } from './key.js';
import { dropLeftOvers, dropOldTemplates } from './left-overs.js';
import { databaseNamed } from './maintenance.js';
import { TEST_MARK } from './mark.js';
import {
  type PreparedTestDatabases,
  type TestDatabase,
  type TestDatabaseOptions,
} from './options.js';
import { projectName, resolveForTests } from './project.js';
import { settingStatements } from './settings.js';
import { ensureTemplate, type Template, type TemplateRequest } from './template.js';
import { urlOf } from './url.js';

/** `createTestDatabase` of the public API. */
export async function makeTestDatabase(options: TestDatabaseOptions): Promise<TestDatabase> {
  const { config, listener } = await resolve(options);
  const home = await enterHome(config, listener);
  try {
    const { claim } = home;
    return await claim.busy(async () => {
      const request = await requestFor(home, config, options, listener);
      const name = claim.name('test', request.project);
      await copy(claim, request, name);
      return handOver(home, config, name);
    });
  } catch (error) {
    await home.leave();
    throw error;
  }
}

/** `prepareTestDatabases` of the public API. */
export async function prepare(options: TestDatabaseOptions): Promise<PreparedTestDatabases> {
  const { config, listener } = await resolve(options);
  const home = await enterHome(config, listener);
  const { claim } = home;
  try {
    return await claim.busy(async () => {
      const request = await requestFor(home, config, options, listener);
      const { name, built } = await templateFor(claim, request);
      const close = async (): Promise<void> => {
        await claim.busy(() => dropLeftOvers(claim.client)).catch(() => undefined);
        await home.leave();
      };
      return { template: name, built, close: once(close) };
    });
  } catch (error) {
    await home.leave();
    throw error;
  }
}

async function resolve(
  options: TestDatabaseOptions,
): Promise<{ config: ResolvedConfig; listener: RunListener }> {
  checkKnown(options, OPTIONS, 'createTestDatabase');
  const { dependsOn, listener, ...source } = options;
  if (source.config !== undefined && source.knexfile !== undefined) {
    throw new KnexwardError('USAGE', {
      message: 'Both config and knexfile were given.',
      fix: 'Give one of the two.',
    });
  }
  const config = await resolveForTests(source as Parameters<typeof resolveForTests>[0]);
  return { config, listener: harmless(listener) };
}

const OPTIONS: readonly (keyof TestDatabaseOptions)[] = [
  ...(['cwd', 'knexfile', 'config', 'env', 'scope', 'settings', 'dependsOn', 'listener'] as const),
];

async function requestFor(
  { claim, connection }: Home,
  config: ResolvedConfig,
  { dependsOn = [] }: TestDatabaseOptions,
  listener: RunListener,
): Promise<TemplateRequest> {
  const server = await claim.traits(databaseNamed(connection));
  const key = keyOf(await ingredientsOf(config, server, dependsOn));
  const project = projectName(config.projectRoot);
  return { config, project, key, locale: server.locale, listener };
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
      // copying the files takes. Measured with Unleash's schema, 12 MB: 40 ms, and 120 ms.
      const create = `create database ${quoted} template ${escapeIdentifier(template)}`;
      await whileBusy(() => client.query(create));
      await client.query(`comment on database ${quoted} is ${escapeLiteral(TEST_MARK)}`);
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
