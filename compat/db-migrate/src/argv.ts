import parse, { type Options as ParserOptions } from 'yargs-parser';
import { type Argv, defaults, OPTIONS } from './options.js';
import { readRcFile } from './rc-file.js';

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
 * The options of a command line, or those that a program works with. What is on the command line
 * counts most, then `.db-migraterc`, then what the program gave, then db-migrate's defaults.
 */
export function readArgv({ cwd, words, configFile, cmdOptions }: ArgvSources): Argv {
  const fromRc = readRcFile(process.cwd());
  const given = cmdOptions === null ? commandLine(words) : optionsOfProgram(words);
  // A file can say where the configuration is only by this name.
  const { config: _ignored, ...rc } = fromRc;
  const argv: Argv = { ...defaults(cwd, configFile), ...cmdOptions, ...rc, ...given };
  return argv.configFile === undefined ? argv : { ...argv, config: argv.configFile };
}

function commandLine(words: readonly string[]): Partial<Argv> {
  const alias = Object.fromEntries(OPTIONS.map(({ name, aliases }) => [name, [...aliases]]));
  const { _, ...parsed } = parse([...words], { ...typesOf(), alias });
  return { ...lastOfEach(parsed), _: _.map(String) };
}

/**
 * A program's own command line counts too, as far as it holds db-migrate's options by their long
 * names: `node migrate.js --env production`. What else stands there is the program's business.
 */
function optionsOfProgram(words: readonly string[]): Partial<Argv> {
  const { _, ...parsed } = parse([...words], typesOf());
  const own = Object.entries(lastOfEach(parsed)).filter(
    ([name]) =>
      !['help', 'version', 'config'].includes(name) && OPTIONS.some((known) => known.name === name),
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
