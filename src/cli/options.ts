import { type Command, InvalidArgumentError, Option } from 'commander';
import { resolve } from 'node:path';
import { throwWhatEndsTheProcess } from './exit.js';
import { calledFrom, calledWith } from '../command-line.js';
import { type ConfigRequest } from '../config/resolve.js';
import { KnexwardError } from '../errors.js';
import { LOG_LEVELS, type LogLevel } from '../report/levels.js';
import { Output } from '../report/output.js';

/** The options that every command takes, and `--scope`, which some do. */
export interface CommonOptions {
  env?: string;
  knexfile?: string;
  url?: string;
  cwd?: string;
  scope?: string;
  json?: boolean;
  logFormat: 'text' | 'json';
  logLevel: LogLevel;
  color: boolean;
}

/**
 * Gives a command the options that every command takes.
 *
 * @param connects whether it may connect to a database: where it never does, `--url` is refused
 */
export function withCommonOptions(command: Command, connects = true): Command {
  const url = new Option(
    '--url <connection>',
    'connection URL to use instead of the configured connection',
  );
  return command
    .hook('preAction', (_, action) => {
      const options: CommonOptions = action.opts();
      if (!connects && options.url !== undefined) throw connectsToNothing(action.name());
      calledWith(options);
    })
    .option('-e, --env <name>', 'environment; else NODE_ENV, else development, else dev')
    .option(
      '--knexfile <path>',
      'path to the knexfile (default: where Knex looks, then src/config and config)',
    )
    .addOption(url.hideHelp(!connects))
    .option('--cwd <folder>', 'project folder (default: the working directory)')
    .option('--json', 'print the result as one JSON document on stdout')
    .addOption(
      new Option('--log-format <format>', 'format of the progress on stderr')
        .choices(['text', 'json'])
        .default('text'),
    )
    .addOption(
      new Option('--log-level <level>', 'lowest level to log').choices(LOG_LEVELS).default('info'),
    )
    .option('--no-color', 'disable colours');
}

function connectsToNothing(command: string): KnexwardError {
  return new KnexwardError('USAGE', {
    message: `${command} does not connect to a database, so --url has no effect. Nothing was changed.`,
    fix: 'Leave --url out.',
  });
}

/** `--scope`, for a command that works on one sub-folder of the migrations as well. */
export function scopeOption(): Option {
  return new Option('--scope <folder>', 'use only this sub-folder of the migrations folder');
}

/**
 * What the command line says about the configuration. As Knex's command line does, the process
 * works where relative paths in the knexfile start.
 */
export function configRequestOf(options: CommonOptions): ConfigRequest {
  const { cwd = '.', env, knexfile, url, scope } = options;
  return {
    cwd: resolve(calledFrom(), cwd),
    env,
    knexfile,
    url,
    scope,
    enter: (folder) => process.chdir(folder),
    loaded: throwWhatEndsTheProcess,
  };
}

/** Opens what the command speaks through, as the command line wants it. */
export async function outputOf(options: CommonOptions): Promise<Output> {
  const { json = false, logFormat, logLevel, color } = options;
  const output = await Output.open({ json, logFormat, logLevel, color });
  output.takeConsole();
  return output;
}

/** Parses `--count`: a whole number, 1 or more. */
export function parseCount(value: string): number {
  if (!/^[1-9]\d*$/.test(value)) {
    throw new InvalidArgumentError('Give a whole number of at least 1.');
  }
  return Number(value);
}

/** @throws KnexwardError `USAGE` where `--only` has no migration that it is about. */
export function refuseOnlyWithoutName(name: string | undefined): void {
  if (name !== undefined) return;
  throw new KnexwardError('USAGE', {
    message: '--only needs the name of a migration.',
    fix: 'Give the name, or leave --only out.',
  });
}
