import { COMMAND, findCall } from './call.js';
import { chainsOf, type Handover, handoversIn, reachedFrom, readHandoversIn } from './chains.js';
import { type Replaced, replaceInScript, type ScriptPlace } from './replace.js';
import { parseShell, type ShellWord } from './shell-words.js';
import { shownWord } from './shown.js';
import { type ProjectDefaults } from './translate.js';

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

/** Where a package.json is whose scripts are rewritten. */
export type PackagePlace = Pick<ScriptPlace, 'projectFolder' | 'isOwnScript'> & {
  /** Its folder, relative to the same one as the project's. */
  folder: string;
};

const OWN: PackagePlace = { folder: '.', projectFolder: '.', isOwnScript: true };

/** What may set `NODE_ENV`: its name, or a program that reads variables from a file. */
const SETS_NODE_ENV =
  /NODE_ENV|\bdotenvx?\b|\benv-cmd\b|--env-file|(?:^|[\s;&|({])(?:source|\.)\s+[^\s;&|)]/;

/**
 * Rewrites each call of db-migrate in the scripts of a package.json into a call of knexward that
 * does the same. Of scripts that run each other, all calls are rewritten, or none: half of them
 * would revert with one program and apply with another. What is no call stays, to the character.
 */
export function rewriteScripts(
  scripts: Record<string, string>,
  defaults: ProjectDefaults,
  place: PackagePlace = OWN,
): RewrittenScripts {
  const drafts = draftAll(scripts, defaults, place);
  const chains = chainsOf(scripts);
  const result: RewrittenScripts = { scripts: {}, changes: [], leftovers: [], notes: [] };
  const entries = [...drafts.values()].map((draft) => {
    const { name, from } = draft;
    const blockedBy = [...(chains.get(name) ?? [])].find((other) => isLeft(drafts.get(other)));
    if (blockedBy !== undefined) {
      result.leftovers.push(...remarksOfLeft(draft, blockedBy));
      return [name, from] as const;
    }
    const to = apply(draft);
    if (to !== from) result.changes.push({ name, from, to });
    const isExpected = [...(chains.get(name) ?? [])].some((each) =>
      scripts[each]?.includes('NODE_ENV'),
    );
    if (isExpected) {
      result.notes.push(...remarks(draft, (call) => ('note' in call ? call.note : undefined)));
    }
    return [name, to] as const;
  });
  return { ...result, scripts: Object.fromEntries(entries) };
}

/** What may become of one script, taken by itself. */
interface Draft {
  name: string;
  from: string;
  calls: Replaced[];
}

function draftAll(
  scripts: Record<string, string>,
  defaults: ProjectDefaults,
  { folder, projectFolder, isOwnScript }: PackagePlace,
): Map<string, Draft> {
  const scriptNames = new Set(Object.keys(scripts));
  const chains = chainsOf(scripts);
  const drafts = new Map<string, Draft>();
  for (const [name, from] of Object.entries(scripts)) {
    const chain = [...(chains.get(name) ?? [])];
    const setsNodeEnv = chain.some((each) => SETS_NODE_ENV.test(scripts[each] ?? ''));
    const run = { start: folder, stopsAtFailure: false };
    const where = { projectFolder, isOwnScript, run, defaults, scriptNames, setsNodeEnv };
    drafts.set(name, { name, from, calls: replaceInScript(from, where) ?? unreadable(from) });
  }
  const calling = [...drafts.values()].filter(({ calls }) => calls.length > 0);
  const runs = new Set(calling.map(({ name }) => name));
  for (const [name, from] of Object.entries(scripts)) {
    for (const handover of handoversIn(name, from, scriptNames)) {
      const reason = whyNotHanded(handover, scripts[handover.to] ?? '', scriptNames);
      if (reason !== undefined) {
        drafts.get(name)?.calls.push({ command: handover.command, reason });
      }
    }
    for (const { command, to, reason } of readHandoversIn(from, Object.keys(scripts))) {
      const migrates = [...reachedFrom(to, scripts)].some((each) => runs.has(each));
      if (migrates) drafts.get(name)?.calls.push({ command, reason });
    }
  }
  return drafts;
}

function unreadable(script: string): Replaced[] {
  if (!/(?:^|[\s"'/;&|(])db-migrate(?:$|[\s"';&|)])/.test(script)) return [];
  const reason = 'its quoting is more than knexward can follow; rewrite it by hand';
  return [{ command: script, reason }];
}

/** Arguments that mean the same to both programs, wherever they stand. */
const SAME = /^(?:-e|--env|-c|--count)$/;
const SAME_ALONE = /^(?:--dry-run|--(?:env|count)=.+)$/;

/** Why the arguments that a script is handed would mean something else to knexward. */
function whyNotHanded(
  { to, args }: Handover,
  script: string,
  scriptNames: ReadonlySet<string>,
): string | undefined {
  const last = parseShell(script)?.at(-1);
  const call = last && findCall(last, scriptNames);
  if (!call) return undefined;
  const action = call.args.find(({ value }) => COMMAND.test(value ?? ''))?.value;
  for (let at = 0; at < args.length; at++) {
    const { value } = args[at] ?? {};
    if (SAME.test(value ?? '') && args[at + 1] !== undefined) at++;
    else if (SAME_ALONE.test(value ?? '')) continue;
    else if (!/^(?:up|create)$/.test(action ?? '') || value === undefined || value.startsWith('-'))
      return `it hands ${shownWord(args[at] as ShellWord, at, args)} to the script "${to}", which may mean something else to knexward`;
  }
  return undefined;
}

function isLeft(draft: Draft | undefined): boolean {
  return draft?.calls.some((call) => 'reason' in call) ?? false;
}

function remarksOfLeft(draft: Draft, blockedBy: string): ScriptRemark[] {
  const because =
    blockedBy === draft.name
      ? 'another call in it is left'
      : `it belongs together with "${blockedBy}", which is left`;
  return remarks(draft, (call) => ('reason' in call ? call.reason : because));
}

function remarks(
  { name, calls }: Draft,
  about: (call: Replaced) => string | undefined,
): ScriptRemark[] {
  return calls.flatMap((call) => {
    const reason = about(call);
    return reason === undefined ? [] : [{ name, command: call.command, reason }];
  });
}

function apply({ from, calls }: Draft): string {
  let rewritten = '';
  let copied = 0;
  for (const call of calls) {
    if ('reason' in call) continue;
    rewritten += from.slice(copied, call.start) + call.to;
    copied = call.end;
  }
  return rewritten + from.slice(copied);
}
