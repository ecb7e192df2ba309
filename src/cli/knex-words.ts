import { commandLine } from '../command-line.js';
import { KnexwardError } from '../errors.js';
import { FLAGS_OF_KNEX, flagOf } from './knex-flags.js';

/*
 * The words of Knex's own command line, as calls of knexward's commands. `up` and `down` are words of
 * both, with other meanings: they stay knexward's, and Knex's are written `migrate:up`, `migrate:down`.
 */

/** What a word of Knex's comes to. */
interface KnexWord {
  /** The command that does it. */
  command: string;
  /** What Knex's word takes besides options. */
  takes: 'nothing' | 'a name' | 'perhaps a name';
  /** What is added, with a name and without one. */
  adds?: (named: boolean) => readonly string[];
}

/** Each word of Knex's, and what is usual to write for it without `migrate:`. */
export const KNEX_WORDS: Readonly<Record<string, KnexWord>> = {
  latest: { command: 'up', takes: 'nothing' },
  'migrate:latest': { command: 'up', takes: 'nothing' },
  'migrate:up': {
    command: 'up',
    takes: 'perhaps a name',
    adds: (named) => (named ? ['--only'] : ['--count', '1']),
  },
  'migrate:to': { command: 'up', takes: 'a name' },
  rollback: { command: 'down', takes: 'nothing' },
  'migrate:rollback': { command: 'down', takes: 'nothing' },
  'migrate:down': {
    command: 'down',
    takes: 'perhaps a name',
    adds: (named) => (named ? ['--only'] : ['--count', '1']),
  },
  list: { command: 'status', takes: 'nothing' },
  'migrate:list': { command: 'status', takes: 'nothing' },
  'migrate:status': { command: 'status', takes: 'nothing' },
  'migrate:currentVersion': { command: 'currentVersion', takes: 'nothing' },
  'migrate:unlock': { command: 'unlock', takes: 'nothing' },
  make: { command: 'create', takes: 'a name' },
  'seed:run': { command: 'seed', takes: 'nothing' },
  'migrate:make': { command: 'create', takes: 'a name' },
};

/** The words that mean just what this command means: they are told as its aliases. */
export function aliasesOf(command: string): string[] {
  return Object.entries(KNEX_WORDS).flatMap(([word, knex]) =>
    knex.command === command && !knex.adds ? [word] : [],
  );
}

/** The options before which a word is not the command, nor a name, but their value. */
const TAKE_VALUES = new Set([
  ...['-e', '--env', '--knexfile', '--cwd', '--url', '--scope', '--log-format', '--log-level'],
  ...['-c', '--count', '-x', '--stub', '--specific'],
  ...Object.keys(FLAGS_OF_KNEX).filter((flag) => FLAGS_OF_KNEX[flag]?.takesValue),
]);

/** A command line, taken apart: options stand together with their values. */
interface Words {
  command: string | undefined;
  /** Where the command stands. */
  index: number;
  names: string[];
  options: string[][];
}

/** Takes a command line apart, also where options stand before the command, as Knex's may. */
export function takeApart(argv: readonly string[]): Words {
  const words: Words = { command: undefined, index: -1, names: [], options: [] };
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] as string;
    if (word === '--') {
      words.names.push(...argv.slice(index + 1));
      break;
    }
    if (!word.startsWith('-') || word === '-') {
      if (words.command === undefined) Object.assign(words, { command: word, index });
      else words.names.push(word);
    } else if (TAKE_VALUES.has(word) && index + 1 < argv.length) {
      words.options.push([word, argv[++index] as string]);
    } else {
      words.options.push([word]);
    }
  }
  return words;
}

/**
 * The same call in knexward's own words. What is in them already is left as it is.
 *
 * @throws KnexwardError `USAGE` for a flag of Knex's that knexward cannot honour, and for a name
 * where Knex's word takes none: each is refused by name, with what to do instead.
 */
export function inOwnWords(argv: readonly string[]): string[] {
  const { command, index, names, options } = takeApart(argv);
  if (command === undefined) return [...argv];
  const word = Object.hasOwn(KNEX_WORDS, command) ? KNEX_WORDS[command] : undefined;
  const own = word?.command ?? command;
  // In their order: of a command's own options, not all are known here.
  if (!word)
    return [
      own,
      ...replaceFlags(
        own,
        argv.filter((_, at) => at !== index),
      ),
    ];
  refuseWrongNames(command, word, names);
  const translated = options.flatMap(([flag = '', value]) => inOwnFlags(own, flag, value));
  const end = names.some((name) => name.startsWith('-')) ? ['--'] : [];
  const added = word.adds?.(names.length > 0) ?? [];
  return [own, ...added, ...translated, ...end, ...names];
}

/** The words of one of knexward's commands, in their order, with Knex's flags translated. */
function replaceFlags(own: string, argv: readonly string[]): string[] {
  const replaced: string[] = [];
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] as string;
    if (word === '--') return [...replaced, ...argv.slice(index)];
    if (!word.startsWith('-')) replaced.push(word);
    else if (TAKE_VALUES.has(word)) replaced.push(...inOwnFlags(own, word, argv[++index]));
    else replaced.push(...inOwnFlags(own, word, undefined));
  }
  return replaced;
}

function inOwnFlags(command: string, flag: string, value: string | undefined): readonly string[] {
  const given = value === undefined ? [flag] : [flag, value];
  const name = flagOf(flag);
  if (!Object.hasOwn(FLAGS_OF_KNEX, name)) return given;
  const joined = flag.length > name.length ? flag.slice(name.length + 1) : undefined;
  return FLAGS_OF_KNEX[name]?.translate(command, value ?? joined) ?? given;
}

function refuseWrongNames(said: string, { command, takes }: KnexWord, names: string[]): void {
  if (takes === 'a name' && names.length === 0) {
    throw new KnexwardError('USAGE', {
      message: `"${said}" needs a name. Nothing was changed.`,
      fix: 'Give the name of the migration.',
    });
  }
  if (takes === 'nothing' && names.length > 0) {
    throw new KnexwardError('USAGE', {
      message: `"${said}" takes no name, as in Knex, and "${names.join(' ')}" was given. Nothing was changed.`,
      fix: ['up', 'down'].includes(command)
        ? `Leave it out, or use knexward's own command: "${commandLine(command, ...names)}".`
        : 'Leave it out.',
    });
  }
}
