import { readRcFiles } from 'knexward/compat';
import parse, { type Options as ParserOptions } from 'yargs-parser';
import { type Argv, defaults, OPTIONS } from './options.js';

/** What the options follow from, besides the files of the project. */
export interface ArgvSources {
  cwd: string;
  /** The words of the process's command line. */
  words: readonly string[];
  /** Where a program has said that the configuration is. */
  configFile?: string | undefined;
  /** Options that a program has given; `null` where there is none and the words are a command. */
  cmdOptions: Readonly<Record<string, unknown>> | null;
}

const CONFIGURATION = {
  // `up 20150101000000` names a migration, it does not count.
  'parse-positional-numbers': false,
  'parse-numbers': false,
  'camel-case-expansion': false,
};

/**
 * The options of a command line, or those that a program works with. What `.db-migraterc` says goes before
 * what the program gave, and before an option by its letter or its other name; what the command line calls
 * by its own name goes before both.
 */
export function readArgv({ cwd, words, configFile, cmdOptions }: ArgvSources): Argv {
  // A file can say where the configuration is only by the name configFile.
  const { config: _ignored, ...rc } = readRcFiles(process.cwd());
  const given = cmdOptions ?? commandLine(words);
  const own = optionsByName(words, cmdOptions !== null);
  const argv: Argv = { ...defaults(cwd, configFile), ...given, ...rc, ...own };
  return argv.configFile === undefined ? argv : { ...argv, config: argv.configFile };
}

function commandLine(words: readonly string[]): Partial<Argv> {
  const alias = Object.fromEntries(OPTIONS.map(({ name, aliases }) => [name, [...aliases]]));
  const { _, ...parsed } = parse([...words], { ...typesOf(), alias });
  return { ...lastOfEach(parsed), _: _.map(String) };
}

/**
 * db-migrate's options by their long names. A program's own command line counts too: `node migrate.js --env
 * production`. What else stands there is the program's business.
 */
function optionsByName(words: readonly string[], isProgram: boolean): Partial<Argv> {
  const { _, ...parsed } = parse([...words], typesOf());
  const left = isProgram ? ['help', 'version', 'config'] : ['help', 'version'];
  const own = Object.entries(lastOfEach(parsed)).filter(
    ([name]) =>
      name === 'configFile' ||
      (!left.includes(name) && OPTIONS.some((known) => known.name === name)),
  );
  return Object.fromEntries(own);
}

function typesOf(): ParserOptions {
  const namesOf = (type: string) =>
    OPTIONS.filter((known) => known.type === type).map(({ name }) => name);
  return {
    string: namesOf('string'),
    boolean: namesOf('boolean'),
    configuration: CONFIGURATION,
  };
}

/** An option that is given twice means what it said last. */
function lastOfEach(parsed: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const entries = Object.entries(parsed).map(([name, value]) => [
    name,
    Array.isArray(value) ? (value.at(-1) as unknown) : value,
  ]);
  return Object.fromEntries(entries) as Record<string, unknown>;
}
