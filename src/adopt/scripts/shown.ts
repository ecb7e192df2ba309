import { redact } from '../../secrets.js';
import { parseShell, type ShellCommand, type ShellWord } from './shell-words.js';

/*
 * What output shows of a script. The text around a call of db-migrate may be a password that no pattern recognizes.
 * So for a script that changes, only the changed commands are shown. For a command that stays, every value is masked
 * whose meaning knexward does not know.
 */

const MASK = '***';
/** Options of db-migrate, and of the programs that run it, whose values are not secret. */
const PLAIN_OPTION =
  /^(?:-[ecmtv]|--(?:env|count|migrations-dir|table|migration-table|config|log-level|dry-run|check|verbose|sql-file|coffee-file|non-transactional|force-exit|scope|prefix|cwd|filter|workspace|silent|yes|no-install))$/;
/** The words that run a program of the project, such as `npx`. They are shown with it. */
const RUNNERS =
  /^(?:npx|bunx|yarn|pnpm|bun|npm|exec|x|run|--|-y|--yes|--no|--no-install|-s|--silent|-q|--quiet)$/;
const PLAIN_WORD = /^(?:[\w@%+:,./*-]+|"?\$(?:\w+|\{\w+\})"?)$/;
const OPTION = /^(--?[A-Za-z][\w-]*?)(=.*|(?<=^-[A-Za-z]).+)?$/s;

/** How a script changes: each changed command, from its first changed word. */
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
    while (RUNNERS.test(command.words[first - 1]?.text ?? '')) first--;
    const parts = { from: textFrom(command, first, from), to: textFrom(other, first, to) };
    return parts.from === parts.to ? [] : [parts];
  });
}

function textFrom({ words }: ShellCommand, first: number, script: string): string {
  return script.slice(words[first]?.start, words[first] ? words.at(-1)?.end : 0);
}

/** A command that stays as it is, with every value masked that may be secret. */
export function shownCommand(command: string): string {
  const commands = parseShell(command);
  if (!commands) return 'db-migrate';
  return commands.map(({ words }) => shownWords(words).join(' ')).join('; ');
}

/** db-migrate takes a command and a name besides options. */
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

/** A word of a command. The word before it decides whether it is a value. */
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
