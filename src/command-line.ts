/*
 * The command lines that messages suggest. All of them are made here, so that each works as it is
 * pasted: with the environment, folder and knexfile of the command that printed it.
 */

import { escaped } from './printable.js';
import { redact } from './secrets.js';

/** The options of a call that say what it acts on. */
export interface CalledWith {
  env?: string | undefined;
  cwd?: string | undefined;
  knexfile?: string | undefined;
  url?: string | undefined;
  scope?: string | undefined;
}

const OF_EVERY_COMMAND = { env: '--env', cwd: '--cwd', knexfile: '--knexfile' } as const;

/** The commands that take `--scope`. */
const SCOPED = new Set(['up', 'down', 'status', 'create', 'wait', 'plan', 'resolve', 'unlock']);

/** The commands that refuse `--url`: they connect to no database that it could name. */
const WITHOUT_URL = new Set(['create', 'seed:make', 'db', 'completion']);

/** `null` in a program that uses the library: nothing is known of how its user calls knexward. */
let call: CalledWith | null = null;

/** Where this process was when its command line was read; `null` in a program. */
let folder: string | null = null;

/** What printed commands say of the `--url` of the call, ready for a shell. */
let urlWords: readonly string[] = [];

/** Says with which options this process was called. */
export function calledWith(options: CalledWith): void {
  call = options;
  urlWords = options.url === undefined ? [] : ['--url', urlWithoutSecret(options.url)];
  folder = process.cwd();
}

/** Says which environment the printed commands have to name, where the call did not. */
export function actsOnEnvironment(env: string): void {
  if (call) call = { ...call, env };
}

/** The folder that paths on the command line start in, and those that are shown. */
export function calledFrom(): string {
  return folder ?? process.cwd();
}

/**
 * A call of knexward, quoted for a POSIX shell, on what this process acts on. An option
 * among the words takes the place of that of the call.
 */
export function commandLine(command: string, ...words: readonly string[]): string {
  return commandLineInScope(call?.scope ?? '', command, ...words);
}

/** The same for one scope, whatever that of the call is; `''` stands for none. */
export function commandLineInScope(
  scope: string,
  command: string,
  ...words: readonly string[]
): string {
  // The line may be pasted into another shell, where NODE_ENV is not what it is here.
  const given = call && { ...call, env: call.env ?? (process.env['NODE_ENV'] || undefined) };
  const carried = Object.entries(OF_EVERY_COMMAND).flatMap(([name, flag]) => {
    const value = given?.[name as keyof CalledWith];
    return value === undefined || words.includes(flag) ? [] : [flag, redact(value)];
  });
  const scoped = scope !== '' && SCOPED.has(command) ? ['--scope', scope] : [];
  const said = ['knexward', command, ...words, ...scoped, ...carried].map(shellWord);
  const takesUrl = !WITHOUT_URL.has(command) && !words.includes('--url');
  return [...said, ...(takesUrl ? urlWords : [])].join(' ');
}

/**
 * A URL as a printed command may show it: the variable that holds it, as far as this process was
 * started with one; else the URL with `***` in the place of its password. The variable stands without
 * quotes, because a double quote ends a printed command: a URL has no spaces, and no file is called so.
 */
function urlWithoutSecret(url: string): string {
  const shown = redact(url);
  if (shown === url) return shellWord(url);
  const variables = ['DATABASE_URL', ...Object.keys(process.env)];
  const holding = variables.find(
    (name) => process.env[name] === url && /^[A-Za-z_]\w*$/.test(name),
  );
  return holding === undefined ? shellWord(shown) : `$${holding}`;
}

/** A word, quoted for a POSIX shell where it has to be. */
export function shellWord(text: string): string {
  const shown = escaped(text);
  // A quote that bash, zsh and ksh know, and POSIX since 2024.
  if (shown !== text) return `$'${escaped(text.replace(/[\\']/g, '\\$&'))}'`;
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
