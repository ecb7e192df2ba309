import { type DbMigrateCall, findCall, findHiddenCall } from './call.js';
import { parseShell, type ShellCommand } from './shell-words.js';
import { type ProjectDefaults, translateCall } from './translate.js';

/** A script that was rewritten. */
export interface ScriptChange {
  name: string;
  from: string;
  to: string;
}

/** Something about a script that a person should know, and the command that it is about. */
export interface ScriptRemark {
  name: string;
  command: string;
  reason: string;
}

/** The scripts of a package.json after the takeover. */
export interface RewrittenScripts {
  /** All scripts, those that did not change included, in their order. */
  scripts: Record<string, string>;
  changes: ScriptChange[];
  /** Calls of db-migrate that stay as they are, and why. */
  leftovers: ScriptRemark[];
  /** Calls that were rewritten and may still do something else than before. */
  notes: ScriptRemark[];
}

/** What became of one command of a script. */
type Outcome =
  | { kind: 'unconcerned' }
  | { kind: 'leftover'; reason: string }
  | { kind: 'rewritten'; start: number; end: number; text: string; note: string | undefined };

/**
 * Rewrites each call of db-migrate in the scripts of a package.json into a call of knexward that
 * does the same. What is no such call stays as it is, to the character.
 */
export function rewriteScripts(
  scripts: Record<string, string>,
  project: ProjectDefaults,
): RewrittenScripts {
  const result: RewrittenScripts = { scripts: {}, changes: [], leftovers: [], notes: [] };
  const scriptNames = new Set(Object.keys(scripts));
  const entries = Object.entries(scripts).map(([name, from]) => {
    const to = rewriteScript(name, from, scriptNames, project, result);
    if (to !== from) result.changes.push({ name, from, to });
    return [name, to] as const;
  });
  return { ...result, scripts: Object.fromEntries(entries) };
}

function rewriteScript(
  name: string,
  script: string,
  scriptNames: ReadonlySet<string>,
  project: ProjectDefaults,
  result: RewrittenScripts,
): string {
  const commands = parseShell(script);
  if (!commands) {
    if (/(?:^|[\s"'/;&|(])db-migrate(?:$|[\s"';&|)])/.test(script)) {
      const reason = 'its quoting is more than knexward can follow; rewrite it by hand';
      result.leftovers.push({ name, command: script, reason });
    }
    return script;
  }
  let rewritten = '';
  let copied = 0;
  for (const command of commands) {
    const text = textOf(command, script);
    const outcome = rewriteCommand(command, scriptNames, project);
    if (outcome.kind === 'leftover') {
      result.leftovers.push({ name, command: text, reason: outcome.reason });
    } else if (outcome.kind === 'rewritten') {
      rewritten += script.slice(copied, outcome.start) + outcome.text;
      copied = outcome.end;
      if (outcome.note !== undefined) {
        result.notes.push({ name, command: text, reason: outcome.note });
      }
    }
  }
  return rewritten + script.slice(copied);
}

function textOf({ words }: ShellCommand, script: string): string {
  return script.slice(words[0]?.start, words.at(-1)?.end);
}

function rewriteCommand(
  command: ShellCommand,
  scriptNames: ReadonlySet<string>,
  project: ProjectDefaults,
): Outcome {
  const call = findCall(command, scriptNames);
  if (!call) {
    const hidden = findHiddenCall(command, scriptNames);
    return hidden === undefined ? { kind: 'unconcerned' } : { kind: 'leftover', reason: hidden };
  }
  const end = call.args.at(-1)?.end ?? call.start;
  if (command.redirections.some((at) => at > call.start && at < end)) {
    return {
      kind: 'leftover',
      reason: 'a redirection stands amid its arguments; move it to the end',
    };
  }
  const translation = translateCall(call.args, project);
  if ('reason' in translation) return { kind: 'leftover', reason: translation.reason };
  const text = [call.program, ...translation.args].join(' ');
  return { kind: 'rewritten', start: call.start, end, text, note: nodeEnvNote(call, text) };
}

function nodeEnvNote(call: DbMigrateCall, text: string): string | undefined {
  if (!call.setsNodeEnv || text.includes(' --env ')) return undefined;
  return 'db-migrate paid no heed to NODE_ENV; knexward takes the environment of that name';
}
