import { redact } from '../../secrets.js';
import { parseShell, type ShellCommand, type ShellWord } from './shell-words.js';

/*
 * What is shown of a script. What stands beside a call of db-migrate is nobody's business here, and may be a
 * password that no pattern knows: of a script that changes, only the commands that do are shown; of a command that
 * is left, no value that knexward does not know the meaning of.
 */

const MASK = '***';
/** The options, of db-migrate and of the programs that run it, whose values are no secrets. */
const PLAIN_OPTION =
  /^(?:-[ecmtv]|--(?:env|count|migrations-dir|table|migration-table|config|log-level|dry-run|check|verbose|sql-file|coffee-file|non-transactional|force-exit|scope|prefix|cwd|filter|workspace|silent|yes|no-install))$/;
/** How a program of the project's is run; shown with it. */
const RUNS =
  /^(?:npx|bunx|yarn|pnpm|bun|npm|exec|x|run|--|-y|--yes|--no|--no-install|-s|--silent|-q|--quiet)$/;
const PLAIN_WORD = /^(?:[\w@%+:,./*-]+|"?\$(?:\w+|\{\w+\})"?)$/;
const OPTION = /^(--?[A-Za-z][\w-]*?)(=.*|(?<=^-[A-Za-z]).+)?$/s;

/** How a script changes: each command that does, from its first word that does. */
export function describeChange(name: string, from: string, to: string): string {
  return `${name}: ${changedParts(from, to)
    .map((part) => redact(`${part.from} → ${part.to}`))
    .join('; ')}`;
}

function changedParts(from: string, to: string): { from: string; to: string }[] {
  const [before, after] = [parseShell(from), parseShell(to)];
  if (!before || before.length !== after?.length) return [{ from: MASK, to: MASK }];
  return before.flatMap((command, index) => {
    const other = after[index] as ShellCommand;
    const same = command.words.findIndex(({ text }, at) => text !== other.words[at]?.text);
    let first = same < 0 ? command.words.length : same;
    while (RUNS.test(command.words[first - 1]?.text ?? '')) first--;
    const parts = { from: textFrom(command, first, from), to: textFrom(other, first, to) };
    return parts.from === parts.to ? [] : [parts];
  });
}

function textFrom({ words }: ShellCommand, first: number, script: string): string {
  return script.slice(words[first]?.start, words[first] ? words.at(-1)?.end : 0);
}

/** A command that is left as it is, without the values in it that may be secrets. */
export function shownCommand(command: string): string {
  const commands = parseShell(command);
  if (!commands) return 'db-migrate';
  return commands.map(({ words }) => shownWords(words).join(' ')).join('; ');
}

/** What db-migrate is told besides options: a command, and a name. */
const OPERANDS = 2;

function shownWords(words: readonly ShellWord[]): string[] {
  const program = words.findIndex(({ text }) => /(?:^|\/)db-migrate$/.test(text));
  let operands = program < 0 ? -Infinity : 0;
  return words.map((word, index) => {
    const shown = shownWord(word, index, words);
    const isOperand = index > program && !word.text.startsWith('-') && !isValue(words, index);
    return isOperand && ++operands > OPERANDS ? MASK : shown;
  });
}

function isValue(words: readonly ShellWord[], index: number): boolean {
  const before = words[index - 1]?.text ?? '';
  return before.startsWith('-') && before !== '--' && !before.includes('=');
}

/** A word of a command; the one before it tells whether it is a value. */
export function shownWord(
  word: ShellWord,
  index = 0,
  words: readonly ShellWord[] = [word],
): string {
  const { text } = word;
  const [, assigned] = /^(\w+)=/.exec(text) ?? [];
  if (assigned !== undefined) return assigned === 'NODE_ENV' ? redact(text) : `${assigned}=${MASK}`;
  const [, option, value] = OPTION.exec(text) ?? [];
  if (option !== undefined && value !== undefined && !PLAIN_OPTION.test(option)) {
    return `${option}${value.startsWith('=') ? '=' : ''}${MASK}`;
  }
  const isKnown = PLAIN_OPTION.test(words[index - 1]?.text ?? '');
  if (option === undefined && isValue(words, index) && !isKnown) return MASK;
  return option !== undefined || PLAIN_WORD.test(text) ? redact(text) : MASK;
}
