import { findCall, findHiddenCall } from '../scripts/call.js';
import { parseShell, type ShellCommand } from '../scripts/shell-words.js';
import { type ProjectDefaults, translateCall } from '../scripts/translate.js';

/** What calls outside of package.json are translated with. */
export interface CallContext {
  /**
   * `defaultEnv` is the environment that db-migrate takes for a call that names none; `undefined`
   * where that cannot be told. It is written out: db-migrate paid no heed to `NODE_ENV`, which
   * machines that pipelines run on often set, and which knexward follows.
   */
  defaults: ProjectDefaults;
  /** The scripts of package.json: `yarn db-migrate` may run one of that name. */
  scriptNames: ReadonlySet<string>;
}

/** A call that is put in place of another. */
export interface Edit {
  start: number;
  end: number;
  to: string;
}

/** The calls of a script in knexward's words, or the reason why they are left. */
export type Replacement = { edits: Edit[] } | { reason: string };

const CHANGES_FOLDER = new Set(['cd', 'pushd']);

/**
 * Replaces each call of db-migrate in a shell script that stands outside of package.json, where
 * knexward is not on the path: the way the program is found stays (`npx`, `yarn`, a path). All of a
 * script's calls are replaced, or none.
 */
export function replaceCalls(script: string, context: CallContext): Replacement {
  const commands = parseShell(script);
  if (!commands) return { reason: 'its quoting is more than knexward can follow' };
  if (commands.some(({ words }) => CHANGES_FOLDER.has(words[0]?.value ?? ''))) {
    return { reason: 'it changes the folder first' };
  }
  const edits: Edit[] = [];
  for (const command of commands) {
    const replaced = replaceCall(script, command, context);
    if (replaced && 'reason' in replaced) return replaced;
    if (replaced) edits.push(replaced);
  }
  return edits.length > 0 ? { edits } : { reason: 'it is no plain call' };
}

function replaceCall(
  script: string,
  command: ShellCommand,
  context: CallContext,
): Edit | { reason: string } | undefined {
  const call = findCall(command, context.scriptNames);
  if (!call) {
    const hidden = findHiddenCall(command, context.scriptNames);
    return hidden === undefined ? undefined : { reason: hidden };
  }
  const last = command.words[command.words.length - call.args.length - 1];
  const end = command.words.at(-1)?.end ?? call.start;
  if (command.redirections.some((at) => at > call.start && at < end)) {
    return { reason: 'a redirection stands amid its arguments' };
  }
  const program = programFor(script.slice(call.start, last?.end));
  if (program === undefined) return { reason: 'its program is written in an unusual way' };
  const translation = translateCall(call.args, context.defaults);
  if ('reason' in translation) return translation;
  if (!translation.args.includes('--env')) {
    return { reason: 'it names no environment, and knexward follows NODE_ENV; add --env' };
  }
  return { start: call.start, end, to: [program, ...translation.args].join(' ') };
}

/** How knexward is found where db-migrate was found like this. */
function programFor(found: string): string | undefined {
  if (found === 'db-migrate') return 'npx knexward';
  const program = found
    .replace(/node_modules\/db-migrate\/bin\/db-migrate$/, 'node_modules/knexward/bin/knexward.js')
    .replace(/db-migrate(?:@[\w.^~-]+)?$/, 'knexward');
  return program === found ? undefined : program;
}
