import { resolve } from 'node:path';
import { selectEnvironment } from '../config/knexfile.js';
import {
  type ProjectConfig,
  projectConfig,
  type ResolvedConfig,
  resolveProject,
  withDatabase,
} from '../config/resolve.js';
import { narrowToScope } from '../config/scope.js';
import { type EnvironmentConfig, resolveSettings } from '../config/settings.js';
import { configOfKnex, copyListeners, databaseOfKnex } from './application-knex.js';
import { type MigratorOptions } from './options.js';

/**
 * Turns what a migrator was given into one resolved configuration. Done for each call anew, so that
 * a knexfile's functions and passwords that expire are asked again.
 *
 * @throws KnexwardError with exit code 2 for anything that is wrong with it.
 */
export async function resolveFor(options: MigratorOptions): Promise<ResolvedConfig> {
  const { knex, config } = options;
  if (knex) {
    const project = narrow(projectOf(configOfKnex(knex), options), options);
    const database = await databaseOfKnex(project.knex);
    return { ...project, database, onKnex: (own) => copyListeners(knex, own) };
  }
  if (config) {
    const given = { path: '(the given config)', content: config as Record<string, unknown> };
    const { name, config: chosen } = selectEnvironment(given, {
      given: options.env,
      fromNode: process.env['NODE_ENV'] || undefined,
    });
    return withDatabase(narrow(projectOf(chosen, { ...options, env: name }), options));
  }
  const { knexfile, env, cwd } = options;
  return withDatabase(narrow(await resolveProject({ knexfile, env, cwd }), options));
}

function projectOf(config: EnvironmentConfig, options: MigratorOptions): ProjectConfig {
  const root = resolve(options.cwd ?? process.cwd());
  return projectConfig(root, environmentOf(options) ?? 'development', config, null);
}

function environmentOf({ env }: MigratorOptions): string | undefined {
  return env ?? (process.env['NODE_ENV'] || undefined);
}

/** What the options say beside the configuration: settings that go before its own, and a scope. */
function narrow(project: ProjectConfig, { settings, scope }: MigratorOptions): ProjectConfig {
  const told = settings
    ? { ...project, settings: resolveSettings({ ...project.knex.knexward, ...settings }) }
    : project;
  return scope === undefined ? told : narrowToScope(told, scope);
}
