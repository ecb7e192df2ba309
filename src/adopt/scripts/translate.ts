import { posix } from 'node:path';
import { EnvVariable } from '../../db-migrate/config.js';
import { stemOf } from '../../files/name.js';
import { withoutScope } from '../../files/scope.js';
import { type ShellWord } from './shell-words.js';
import { shownWord } from './shown.js';

/** What a project's scripts may leave out, because the project says it elsewhere. */
export interface ProjectDefaults {
  /**
   * The environment of a call that names none. To be given only where knexward would not choose
   * the same one by itself (`NODE_ENV`, else `development`, else `dev`).
   */
  defaultEnv?: string | EnvVariable | undefined;
  /**
   * The environment that db-migrate takes for a call that names none, where that can be told: what
   * is written out where `NODE_ENV` may be set.
   */
  environment?: string | undefined;
  /** Whether db-migrate takes that environment from `NODE_ENV`, as knexward does. */
  followsNodeEnv?: boolean | undefined;
  /** The folder with the migrations, relative to the project's root, with forward slashes. */
  migrationsDirectory: string;
  /** db-migrate's configuration file, relative to the project's root. */
  configFile: string;
  /** The name of db-migrate's history table. */
  historyTable: string;
  /** Whether the configuration says `"sql-file": true`. */
  createsSql: boolean;
  /** The names of the migrations there, as far as they are known: what a call may name. */
  migrations?: readonly string[] | undefined;
  /** Whether the knexfile says of all files that they run without a transaction. */
  nonTransactional?: boolean | undefined;
}

/** The new arguments, or the reason why there are none and what to do instead. */
export type Translation = { args: string[] } | { reason: string };

const OPTIONS_WITH_VALUE = new Map([
  ['-e', 'env'],
  ['--env', 'env'],
  ['-c', 'count'],
  ['--count', 'count'],
  ['-m', 'directory'],
  ['--migrations-dir', 'directory'],
  ['-t', 'table'],
  ['--table', 'table'],
  ['--migration-table', 'table'],
  ['--config', 'config'],
  ['--log-level', 'logLevel'],
]);

const FLAGS = new Map([
  ['--dry-run', 'dryRun'],
  ['--check', 'check'],
  ['--non-transactional', 'nonTransactional'],
  ['--sql-file', 'sql'],
  ['-v', 'verbose'],
  ['--verbose', 'verbose'],
  // knexward ends when it is done.
  ['--force-exit', 'forceExit'],
]);

const LOG_LEVELS = new Map([
  ['sql', 'debug'],
  ['verbose', 'debug'],
  ['info', 'info'],
  ['warn', 'warn'],
  ['error', 'error'],
]);

const UNTRANSLATABLE = new Map([
  ['sync', 'knexward has no sync; use "up" or "down" with the name of the migration'],
  ['seed', 'knexward runs Knex\'s seeds, with its command "seed", and not db-migrate\'s'],
  ['db', 'use createdb or dropdb; for development, knexward has the command "reset"'],
  ['transition', 'transition is about old versions of db-migrate; remove it'],
]);

/** Translates what stands after `db-migrate` into what is to stand after `knexward`. */
export function translateCall(words: readonly ShellWord[], project: ProjectDefaults): Translation {
  const parsed = parseArguments(words);
  if ('reason' in parsed) return parsed;
  const { operands, given } = parsed;
  const [command, ...rest] = operands;
  if (!command) return { reason: 'it names no command; give each command a script of its own' };
  const [action = '', scope] = command.value.split(':');
  const untranslatable = UNTRANSLATABLE.get(action);
  if (untranslatable !== undefined) return { reason: untranslatable };
  if (scope === '' || scope === 'all') {
    return { reason: 'it is about every scope; run "up", then "up --scope" for each' };
  }
  const level = given.get('logLevel');
  if (level && !LOG_LEVELS.has(level.value)) {
    return { reason: `knexward has no log level ${level.text}` };
  }
  const mismatch = findMismatch(given, project);
  if (mismatch !== undefined) return { reason: mismatch };
  const own = translateAction(action, rest, given, project);
  if ('reason' in own) return own;
  return {
    args: [
      ...own.args.slice(0, 1),
      ...sharedOptions(given, project),
      ...(scope === undefined ? [] : ['--scope', quoteWord(scope)]),
      ...own.args.slice(1),
    ],
  };
}

/** A word whose value is known. */
interface PlainWord {
  text: string;
  value: string;
}

interface ParsedArguments {
  operands: PlainWord[];
  /** The options by name; a flag's word is the flag itself. */
  given: Map<string, PlainWord>;
}

function parseArguments(words: readonly ShellWord[]): ParsedArguments | { reason: string } {
  const plain: PlainWord[] = [];
  for (const { text, value } of words) {
    if (value === undefined) {
      return { reason: `the shell replaces ${text} when it runs; rewrite this call by hand` };
    }
    plain.push({ text, value });
  }
  const parsed: ParsedArguments = { operands: [], given: new Map() };
  for (let at = 0; at < plain.length; at++) {
    const word = plain[at] as PlainWord;
    if (!word.value.startsWith('-')) {
      parsed.operands.push(word);
      continue;
    }
    const option = readOption(word, plain[at + 1]);
    if (!option)
      return { reason: `knexward has nothing like ${shownWord(words[at] as ShellWord)}` };
    if (parsed.given.has(option.name))
      return { reason: `${shownWord(words[at] as ShellWord)} is given twice` };
    parsed.given.set(option.name, option.word);
    if (option.tookNext) at++;
  }
  return parsed;
}

function readOption(
  word: PlainWord,
  next: PlainWord | undefined,
): { name: string; word: PlainWord; tookNext: boolean } | undefined {
  const flag = FLAGS.get(word.value);
  if (flag !== undefined) return { name: flag, word, tookNext: false };
  const name = OPTIONS_WITH_VALUE.get(word.value);
  if (name !== undefined) {
    if (!next || next.value === '' || next.value.startsWith('-')) return undefined;
    return { name, word: next, tookNext: true };
  }
  const [, option = '', value = ''] = /^(--[\w-]+|-\w)=?(.*)$/.exec(word.value) ?? [];
  const joined = OPTIONS_WITH_VALUE.get(option);
  if (joined === undefined || value === '') return undefined;
  return { name: joined, word: { text: quoteWord(value), value }, tookNext: false };
}

/** A value as a word for any shell; double quotes, since cmd.exe knows no others. */
export function quoteWord(value: string): string {
  return /^[\w@%+=:,./-]+$/.test(value) ? value : `"${value.replace(/["\\$`]/g, '\\$&')}"`;
}

/** What a call says otherwise than the project does, so that the knexfile cannot stand for it. */
function findMismatch(
  given: ReadonlyMap<string, PlainWord>,
  project: ProjectDefaults,
): string | undefined {
  const { directory, config, table } = Object.fromEntries(
    [...given].map(([name, word]) => [name, word.value]),
  );
  if (directory !== undefined && !isSamePath(directory, project.migrationsDirectory)) {
    return `it uses the folder ${directory}; give that folder a knexfile of its own (--knexfile)`;
  }
  if (config !== undefined && !isSamePath(config, project.configFile)) {
    return `it uses the configuration ${config}; give that one a knexfile of its own (--knexfile)`;
  }
  if (given.has('nonTransactional') && !project.nonTransactional) {
    return 'it runs without transactions; say in the knexfile which files do (knexward.transactions)';
  }
  if (table !== undefined && table !== project.historyTable) {
    return `it keeps its history in ${table}; give that history a knexfile of its own (--knexfile)`;
  }
  return undefined;
}

function isSamePath(one: string, other: string): boolean {
  const [first, second] = [one, other].map((path) =>
    posix.normalize(path.replaceAll('\\', '/')).replace(/\/$/, ''),
  );
  return first === second;
}

function translateAction(
  action: string,
  operands: PlainWord[],
  given: ReadonlyMap<string, PlainWord>,
  project: ProjectDefaults,
): Translation {
  const count = given.get('count');
  if (operands.length > 1) return { reason: 'it has one argument too many' };
  if (count && !/^[1-9]\d*$/.test(count.value)) return { reason: `${count.text} is no count` };
  const [name] = operands;
  const operand = name ? [name.text] : [];
  const dryRun = isDryRun(given) ? ['--dry-run'] : [];
  switch (action) {
    case 'up':
      if (name && !isOneMigration(name.value, project.migrations ?? [])) {
        return {
          reason: `db-migrate matches the beginning of a name and applies everything up to ${name.text}; give the full name of one migration`,
        };
      }
      return { args: ['up', ...dryRun, ...(count ? ['--count', count.text] : []), ...operand] };
    case 'down':
      if (!name) return { args: ['down', ...dryRun, '--count', count?.text ?? '1'] };
      return {
        reason: `db-migrate's "down NAME" keeps that migration, knexward's reverts it too; name the one after it`,
      };
    case 'reset':
      if (!name) return { args: ['down', ...dryRun, '--all'] };
      break;
    case 'check':
      if (!name) return { args: ['status'] };
      break;
    case 'create':
      if (name?.value.includes('/')) return { reason: 'knexward creates no subfolders' };
      if (isDryRun(given)) return { reason: '"create" has no dry run' };
      return {
        args: ['create', ...(given.has('sql') || project.createsSql ? ['--sql'] : []), ...operand],
      };
  }
  return { reason: `db-migrate ${[action, ...operand].join(' ')} has no counterpart` };
}

/** Whether a word is the name of one migration, and the beginning of no other: both programs go up to that one. */
function isOneMigration(word: string, migrations: readonly string[]): boolean {
  const stem = stemOf(word);
  const names = migrations.map((migration) => stemOf(withoutScope(migration)));
  const alike = names.filter((name) => name.startsWith(stem) || stem.startsWith(name));
  return alike.length === 1 && alike[0] === stem;
}

function isDryRun(given: ReadonlyMap<string, PlainWord>): boolean {
  return given.has('dryRun') || given.has('check');
}

/** The options that every command takes. */
function sharedOptions(
  given: ReadonlyMap<string, PlainWord>,
  { defaultEnv }: ProjectDefaults,
): string[] {
  const env =
    given.get('env')?.text ??
    (defaultEnv instanceof EnvVariable
      ? `"$${defaultEnv.env}"`
      : defaultEnv && quoteWord(defaultEnv));
  const level = given.has('verbose') ? 'debug' : LOG_LEVELS.get(given.get('logLevel')?.value ?? '');
  return [
    ...(env === undefined ? [] : ['--env', env]),
    ...(level === undefined ? [] : ['--log-level', level]),
  ];
}
