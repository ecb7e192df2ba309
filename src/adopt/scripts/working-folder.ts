import { posix } from 'node:path';
import { RESERVED } from './call.js';
import { type ShellCommand, type ShellOperator } from './shell-words.js';

/** How a script is run. */
export interface ScriptRun {
  /** The folder that it starts in; what is returned is relative to the same folder as this one. */
  start: string;
  /** Whether it ends at the first command that fails, as with `sh -e`. */
  stopsAtFailure: boolean;
}

const CHANGES_FOLDER = new Set(['cd', 'chdir', 'pushd', 'popd', 'Set-Location', 'Push-Location']);
const RUNS_ANOTHER = new Set(['builtin', 'command', 'call']);
/** The words that begin what may be left out or repeated. */
const COMPOUND = new Set([
  ...['for', 'while', 'until', 'do', 'select', 'case', 'function'],
  ...['if', 'then', 'elif', 'else', '{'],
]);

/**
 * For each command, the folder that it runs in. `undefined` where that cannot be told: behind a
 * change that may have failed, that is made in a loop or under a condition, or whose folder only
 * the shell knows.
 */
export function workingFolders(
  tokens: readonly (ShellCommand | ShellOperator)[],
  run: ScriptRun,
): Map<ShellCommand, string | undefined> {
  const commands = tokens.filter((token) => 'words' in token);
  if (!commands.some(mayChangeFolder)) {
    return new Map(commands.map((command) => [command, run.start]));
  }
  if (commands.some(isConditional) || definesFunction(tokens)) return new Map();
  const folders = new Map<ShellCommand, string | undefined>();
  let level: Level = { folder: run.start, changed: false };
  const outer: Level[] = [];
  tokens.forEach((token, index) => {
    if ('words' in token) {
      folders.set(token, level.folder);
      if (!mayChangeFolder(token)) return;
      const around = [tokens[index - 1], tokens[index + 1]].map(operatorOf);
      level = { folder: enter(level.folder, token, around, run.stopsAtFailure), changed: true };
    } else if (token.operator === '(') {
      outer.push(level);
      level = { ...level, changed: false };
    } else if (token.operator === ')') {
      level = outer.pop() ?? { folder: undefined, changed: true };
    } else if (!['&&', '|', '|&'].includes(token.operator) && level.changed) {
      const isSettled =
        run.stopsAtFailure && /^[;\n]$/.test(token.operator) && isList(tokens, index - 1);
      // Whether the list came as far as the change is not known.
      level = { folder: isSettled ? level.folder : undefined, changed: false };
    }
  });
  return folders;
}

/** A script, or a subshell in it. */
interface Level {
  folder: string | undefined;
  /** Whether the list that runs (up to the next `;`, `||` and the like) changes the folder. */
  changed: boolean;
}

function enter(
  from: string | undefined,
  { words }: ShellCommand,
  [before, after]: (string | undefined)[],
  stopsAtFailure: boolean,
): string | undefined {
  const [program, folder] = words;
  if (from === undefined || words.length !== 2 || !/^(?:cd|pushd)$/.test(program?.text ?? '')) {
    return undefined;
  }
  // Behind `||` it may be left out, beside `|` it is in a process of its own.
  if (/^(?:\|\||\|&?|&)$/.test(before ?? '')) return undefined;
  if (after !== '&&' && !(stopsAtFailure && /^[;\n]$/.test(after ?? ''))) return undefined;
  const value = folder?.value;
  if (value === undefined || value === '' || /^[-~/]|\\|:/.test(value)) return undefined;
  if (folder?.text.includes('\\')) return undefined;
  return posix.join(from, value).replace(/(?<=.)\/$/, '');
}

/** Whether a command is a list of its own: where it fails, the script ends with it. */
function isList(tokens: readonly (ShellCommand | ShellOperator)[], index: number): boolean {
  const before = operatorOf(tokens[index - 1]);
  return before === undefined || /^[;\n(]$/.test(before);
}

function operatorOf(token: ShellCommand | ShellOperator | undefined): string | undefined {
  return token && 'operator' in token ? token.operator : undefined;
}

/** Whether a command may change the folder of those after it. */
function mayChangeFolder({ words }: ShellCommand): boolean {
  const [program, operand] = words.slice(words.findIndex(({ text }) => !isPrefix(text)));
  if (program?.value === 'eval') return true;
  // What sets variables is read like this, and seldom more.
  if (program?.value === '.' || program?.value === 'source') {
    return !/env[^/]*$/i.test(operand?.value ?? '');
  }
  return CHANGES_FOLDER.has(program?.value ?? '');
}

function isPrefix(text: string): boolean {
  return RESERVED.has(text) || RUNS_ANOTHER.has(text) || /^\w+=/.test(text);
}

/** A change of folder that is perhaps not made, or commands that may run again after one. */
function isConditional(command: ShellCommand): boolean {
  const first = command.words[0]?.text ?? '';
  if (COMPOUND.has(first)) return true;
  return isPrefix(first) && mayChangeFolder(command);
}

function definesFunction(tokens: readonly (ShellCommand | ShellOperator)[]): boolean {
  return tokens.some(
    (token, index) => operatorOf(token) === '(' && operatorOf(tokens[index + 1]) === ')',
  );
}
