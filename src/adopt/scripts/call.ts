import { parseShell, type ShellCommand, type ShellWord } from './shell-words.js';

/** A call of db-migrate in a shell command. */
export interface DbMigrateCall {
  /** What stands for the program from now on; it replaces the text from `start`. */
  program: string;
  start: number;
  /** The words after the program. */
  args: ShellWord[];
}

/** Words of the shell that stand before a command. */
export const RESERVED: ReadonlySet<string> = new Set([
  'then',
  'do',
  'else',
  'if',
  'elif',
  'while',
  'until',
  '!',
  '{',
  'exec',
  'time',
]);

/** Programs that run another one in the same place, after options and assignments of their own. */
const WRAPPERS = new Set(['cross-env', 'dotenv', 'dotenvx', 'env-cmd', 'nice']);

/** How package managers call a local program, and the words that may stand before its name. */
const RUNNERS = new Map([
  ['npx', /^(?:-y|--yes|--no|--no-install|-q|--quiet|--)$/],
  ['bunx', /^(?:--bun|--)$/],
  ['yarn', /^(?:-s|--silent|run|exec)$/],
  ['pnpm', /^(?:-s|--silent|run|exec)$/],
  ['bun', /^(?:run|x)$/],
  ['npm', /^(?:-s|--silent|exec|x|--)$/],
]);

const LOCAL_PATH =
  /^((?:\.{1,2}\/)*)node_modules\/(?:\.bin\/db-migrate|db-migrate\/bin\/db-migrate)$/;
const NPM_BIN = /^(?:\$\(npm bin\)|`npm bin`)\/db-migrate$/;
/** The commands of db-migrate, with a scope perhaps. */
export const COMMAND = /^(?:up|down|reset|check|create|sync|db|seed|transition)(?::|$)/;
const SUBSTITUTED = /(?:\$\(|`)(?:[^)`]*[\s/;&|])?db-migrate[\s)`]/;
const INSTALLS = /^(?:i|install|add|ci|remove|rm|un|uninstall|up|update|upgrade)$/;
const PRINTERS = new Set(['echo', 'printf', ':']);

/**
 * Finds the call of db-migrate in a command, where the command is one.
 *
 * @param scriptNames The scripts of package.json: `yarn db-migrate` runs a script of that name
 * rather than the program.
 */
export function findCall(
  { words }: ShellCommand,
  scriptNames: ReadonlySet<string>,
): DbMigrateCall | undefined {
  const at = skipPrefix(words);
  const found =
    direct(words, at) ?? throughRunner(words, at, scriptNames) ?? throughNode(words, at);
  if (!found) return undefined;
  return {
    program: found.program,
    start: (words[found.from] as ShellWord).start,
    args: words.slice(found.last + 1),
  };
}

/** A program that was recognized: the words from `from` to `last` are to become `program`. */
interface Found {
  program: string;
  from: number;
  last: number;
}

/** Passes over what may stand before a program: reserved words, assignments, wrappers. */
function skipPrefix(words: ShellWord[]): number {
  for (let at = 0; ;) {
    const word = words[at];
    if (!word) return at;
    if (word.value === 'env') at = skipOptionsOfEnv(words, at + 1);
    else if (WRAPPERS.has(word.value ?? '')) at = skipOptions(words, at + 1);
    else if (RESERVED.has(word.text) || isAssignment(word)) at++;
    else return at;
  }
}

/** Only over options that leave the folder and the arguments alone: `-C` and `-S` do not. */
function skipOptionsOfEnv(words: ShellWord[], from: number): number {
  let at = from;
  while (/^(?:-i|-|--|--ignore-environment|--unset=.*|-u.*)$/.test(words[at]?.value ?? '')) {
    at += words[at]?.value === '-u' ? 2 : 1;
  }
  return at;
}

/**
 * Passes over options and assignments. A word after an option is taken for its value, unless it
 * is itself a program that is looked for.
 */
function skipOptions(words: ShellWord[], from: number): number {
  for (let at = from; at < words.length; at++) {
    const word = words[at] as ShellWord;
    const isValue = at > from && /^-[^=]*[^=-][^=]*$/.test(words[at - 1]?.text ?? '');
    if (word.text.startsWith('-') || isAssignment(word)) continue;
    if (!isValue || isProgram(word)) return at;
  }
  return words.length;
}

function isAssignment({ text }: ShellWord): boolean {
  return /^\w+=/.test(text);
}

function isProgram({ value = '' }: ShellWord): boolean {
  return value === 'db-migrate' || value === 'node' || RUNNERS.has(value) || LOCAL_PATH.test(value);
}

function direct(words: ShellWord[], at: number): Found | undefined {
  const word = words[at];
  if (!word) return undefined;
  const here = { from: at, last: at };
  if (word.value === 'db-migrate' || NPM_BIN.test(word.text))
    return { program: 'knexward', ...here };
  const folder = LOCAL_PATH.exec(word.value ?? '')?.[1];
  if (folder === undefined) return undefined;
  return folder.includes('..')
    ? { program: `${folder}node_modules/.bin/knexward`, ...here }
    : { program: 'knexward', ...here };
}

function throughRunner(
  words: ShellWord[],
  at: number,
  scriptNames: ReadonlySet<string>,
): Found | undefined {
  const runner = words[at]?.value ?? '';
  const allowed = RUNNERS.get(runner);
  if (!allowed) return undefined;
  let last = at + 1;
  while (allowed.test(words[last]?.value ?? '')) last++;
  const passed = words.slice(at + 1, last).map(({ value }) => value);
  if (runner === 'npm' && !passed.includes('exec') && !passed.includes('x')) return undefined;
  const runsScripts = ['yarn', 'pnpm', 'bun'].includes(runner) && !passed.includes('exec');
  if (runsScripts && scriptNames.has('db-migrate')) return undefined;
  return /^db-migrate(?:@[\w.^~-]+)?$/.test(words[last]?.value ?? '')
    ? { program: 'knexward', from: at, last }
    : undefined;
}

/** `node path/to/db-migrate`: options of Node.js, such as `-r dotenv/config`, must be kept. */
function throughNode(words: ShellWord[], at: number): Found | undefined {
  if (words[at]?.value !== 'node') return undefined;
  const last = skipOptions(words, at + 1);
  const folder = LOCAL_PATH.exec(words[last]?.value ?? '')?.[1];
  if (folder === undefined) return undefined;
  if (last === at + 1 && !folder.includes('..')) return { program: 'knexward', from: at, last };
  return { program: `${folder}node_modules/knexward/bin/knexward.js`, from: last, last };
}

/**
 * Why a command that is no plain call of db-migrate may still run it, or `undefined` where it
 * does not.
 */
export function findHiddenCall(
  { words }: ShellCommand,
  scriptNames: ReadonlySet<string>,
): string | undefined {
  if (words.some(({ text }) => SUBSTITUTED.test(text))) {
    return 'db-migrate runs inside a command substitution; rewrite it by hand';
  }
  const at = skipPrefix(words);
  const program = words[at];
  if (!program || PRINTERS.has(program.value ?? '')) return undefined;
  if (RUNNERS.has(program.value ?? '') && INSTALLS.test(words[at + 1]?.value ?? '')) {
    return undefined;
  }
  for (const [index, word] of words.entries()) {
    if (/^run(?:-script)?$/.test(words[index - 1]?.value ?? '')) continue;
    const isNamed = /(?:^|[\\/])db-migrate(?:@[\w.^~-]+|\.cmd)?$/.test(word.text);
    if (isNamed && (word === program || isArgument(words[index + 1]))) {
      return 'another program runs db-migrate here; rewrite it by hand';
    }
    if (word.value !== word.text && holdsCall(word.value ?? '', scriptNames)) {
      return 'db-migrate runs inside a quoted text; rewrite it by hand';
    }
  }
  return undefined;
}

function isArgument(word: ShellWord | undefined): boolean {
  return COMMAND.test(word?.value ?? '') || /^(?:-\w|--)/.test(word?.text ?? '');
}

function holdsCall(text: string, scriptNames: ReadonlySet<string>): boolean {
  return (parseShell(text) ?? []).some((command) => findCall(command, scriptNames)?.args.length);
}
