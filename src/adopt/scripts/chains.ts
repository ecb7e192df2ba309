import { findCall } from './call.js';
import { parseShell, type ShellCommand, type ShellWord, tokenizeShell } from './shell-words.js';
import { whoReadsOutput } from './used-output.js';

/** A script that runs another one and hands arguments to it. */
export interface Handover {
  from: string;
  to: string;
  /** The command, as it is written. */
  command: string;
  args: ShellWord[];
}

/** Programs that run scripts by their names. */
const RUNNERS = new Set([
  ...['npm', 'yarn', 'pnpm', 'bun', 'npx'],
  ...['npm-run-all', 'npm-run-all2', 'run-s', 'run-p', 'concurrently', 'conc', 'nodemon'],
]);

/**
 * The scripts that run each other, directly or through others: those before and after a script
 * (`pretest`) and those that it names. Rather too many in one chain than too few.
 */
export function chainsOf(scripts: Record<string, string>): Map<string, ReadonlySet<string>> {
  const names = Object.keys(scripts);
  const chains = new Map(names.map((name) => [name, new Set([name])]));
  const join = (one: string, other: string): void => {
    const [first, second] = [chains.get(one), chains.get(other)];
    if (!first || !second || first === second) return;
    for (const name of second) chains.set(name, first.add(name));
  };
  for (const [name, script] of Object.entries(scripts)) {
    join(name, `pre${name}`);
    join(name, `post${name}`);
    for (const called of calledBy(script, names)) join(name, called);
  }
  return chains;
}

/** A command of a script that runs another one and has its output, or its exit code, read. */
interface ReadHandover {
  command: string;
  to: string;
  reason: string;
}

/** The calls of other scripts whose output, or exit code, is read. */
export function readHandoversIn(script: string, names: readonly string[]): ReadHandover[] {
  const tokens = tokenizeShell(script) ?? [];
  return tokens.flatMap((token) => {
    if (!('words' in token)) return [];
    const captured = token.words.some(({ text }) => /\$\(|`/.test(text));
    if (!captured && !runsScripts(token)) return [];
    const reason = captured ? CAPTURED : whoReadsOutput(script, tokens, token);
    if (reason === undefined) return [];
    const command = script.slice(token.words[0]?.start, token.words.at(-1)?.end);
    const text = captured ? token.words.map((word) => word.text).join(' ') : textOf(token);
    return calledBy(text, names).map((to) => ({ command, to, reason }));
  });
}

const CAPTURED =
  'the script reads its output, and knexward prints something else; change the script by hand';

/** A script and those that it runs, directly or through others. */
export function reachedFrom(name: string, scripts: Record<string, string>): ReadonlySet<string> {
  const names = Object.keys(scripts);
  const reached = new Set([name]);
  for (const each of reached) {
    for (const called of calledBy(scripts[each] ?? '', names)) reached.add(called);
    for (const beside of [`pre${each}`, `post${each}`]) {
      if (beside in scripts) reached.add(beside);
    }
  }
  return reached;
}

function calledBy(script: string, names: readonly string[]): string[] {
  const known = new Set(names);
  const commands = parseShell(script)?.filter((command) => !findCall(command, known));
  // What cannot be taken apart may run whatever it names.
  const texts = commands ? commands.filter(runsScripts).map(textOf) : [script];
  const words = texts.join(' ').split(/[\s"'`;&|()]+/);
  return words.flatMap((word) => named(word.replace(/^npm:/, ''), names));
}

function named(word: string, names: readonly string[]): string[] {
  if (!word.includes('*')) return names.includes(word) ? [word] : [];
  const escaped = word.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
  const pattern = new RegExp(`^${escaped.replace(/\*+/g, '.*')}$`);
  return names.filter((name) => pattern.test(name));
}

function runsScripts({ words }: ShellCommand): boolean {
  return words.some(({ text, value }) =>
    (value ?? text).split(/[\s"'`;&|()]+/).some((word) => RUNNERS.has(word)),
  );
}

function textOf({ words }: ShellCommand): string {
  return words.map(({ text, value }) => value ?? text).join(' ');
}

/** The calls of a script by another one that hand arguments to it. */
export function handoversIn(name: string, script: string, names: ReadonlySet<string>): Handover[] {
  return (parseShell(script) ?? []).flatMap(({ words }) => {
    const runner = words.findIndex(({ value }) => RUNNERS.has(value ?? ''));
    const at = words.findIndex(({ value }, index) => index > runner && names.has(value ?? ''));
    const to = words[at]?.value;
    if (runner < 0 || to === undefined) return [];
    const rest = words.slice(at + 1);
    const args = rest[0]?.value === '--' ? rest.slice(1) : rest;
    const command = script.slice(words[0]?.start, words.at(-1)?.end);
    return args.length === 0 ? [] : [{ from: name, to, command, args }];
  });
}
