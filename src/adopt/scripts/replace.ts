import { type DbMigrateCall, findCall, findHiddenCall } from './call.js';
import { type ShellCommand, tokenizeShell } from './shell-words.js';
import { type ProjectDefaults, quoteWord, translateCall } from './translate.js';
import { whoReadsOutput } from './used-output.js';
import { type ScriptRun, workingFolders } from './working-folder.js';

/** Where a script stands, and what its calls are translated with. */
export interface ScriptPlace {
  defaults: ProjectDefaults;
  /** The scripts of package.json: `yarn db-migrate` may run one of that name. */
  scriptNames: ReadonlySet<string>;
  /** The project's folder; the folder that a script starts in is relative to the same one. */
  projectFolder: string;
  run: ScriptRun;
  /**
   * Whether it is one of the project's own scripts: knexward is on the path. Elsewhere the way the
   * program is found stays (`npx`, `yarn`, a path), and the environment is always written out.
   */
  isOwnScript: boolean;
  /** Whether `NODE_ENV` may be set, which db-migrate pays no heed to and knexward follows. */
  setsNodeEnv: boolean;
}

/** One command of a script that runs db-migrate: its replacement, or why it is left. */
export type Replaced = { command: string } & (
  { start: number; end: number; to: string; note?: string | undefined } | { reason: string }
);

/**
 * The commands of a script that run db-migrate, each with what is to stand in its place. `undefined`
 * for a script whose quoting cannot be followed.
 */
export function replaceInScript(script: string, place: ScriptPlace): Replaced[] | undefined {
  const tokens = tokenizeShell(script);
  if (tokens === undefined) return undefined;
  const folders = workingFolders(tokens, place.run);
  return tokens.flatMap((token) => {
    if (!('words' in token)) return [];
    const found = replaceCommand(script, token, place, folders.get(token));
    const reader = found && 'to' in found ? whoReadsOutput(script, tokens, token) : undefined;
    const replaced = reader === undefined ? found : { reason: reader };
    return replaced === undefined ? [] : [{ command: textOf(token, script), ...replaced }];
  });
}

function textOf({ words }: ShellCommand, script: string): string {
  return script.slice(words[0]?.start, words.at(-1)?.end);
}

function replaceCommand(
  script: string,
  command: ShellCommand,
  place: ScriptPlace,
  folder: string | undefined,
):
  | { start: number; end: number; to: string; note?: string | undefined }
  | { reason: string }
  | undefined {
  const { scriptNames, isOwnScript, projectFolder } = place;
  const call = findCall(command, scriptNames);
  if (!call) {
    const hidden = findHiddenCall(command, scriptNames);
    return hidden === undefined ? undefined : { reason: hidden };
  }
  if (folder === undefined) return { reason: 'the folder that it runs in cannot be told' };
  if (folder !== projectFolder) return { reason: `it runs in another folder, ${folder}` };
  const end = command.words.at(-1)?.end ?? call.start;
  if (command.redirections.some((at) => at > call.start && at < end)) {
    return { reason: 'a redirection stands amid its arguments; move it to the end' };
  }
  const last = command.words[command.words.length - call.args.length - 1];
  const program = isOwnScript ? call.program : programFor(script.slice(call.start, last?.end));
  if (program === undefined) return { reason: 'its program is written in an unusual way' };
  return translate(call, program, end, place);
}

function translate(
  call: DbMigrateCall,
  program: string,
  end: number,
  { defaults, isOwnScript, setsNodeEnv }: ScriptPlace,
): Exclude<ReturnType<typeof replaceCommand>, undefined> {
  const translation = translateCall(call.args, defaults);
  if ('reason' in translation) return translation;
  const { args } = translation;
  const written = { start: call.start, end };
  if (args.includes('--env')) return { ...written, to: [program, ...args].join(' ') };
  if (isOwnScript && (!setsNodeEnv || defaults.followsNodeEnv)) {
    return { ...written, to: [program, ...args].join(' ') };
  }
  const { environment } = defaults;
  if (environment === undefined) {
    return { reason: 'it names no environment, and knexward follows NODE_ENV; add --env' };
  }
  const named = [program, ...args.slice(0, 1), '--env', quoteWord(environment), ...args.slice(1)];
  const note = `db-migrate pays no heed to NODE_ENV and takes "${environment}", which is written out`;
  return { ...written, to: named.join(' '), note };
}

/** How knexward is found where db-migrate was found like this. */
function programFor(found: string): string | undefined {
  if (found === 'db-migrate') return 'npx knexward';
  const program = found
    .replace(/node_modules\/db-migrate\/bin\/db-migrate$/, 'node_modules/knexward/bin/knexward.js')
    .replace(/db-migrate(?:@[\w.^~-]+)?$/, 'knexward');
  return program === found ? undefined : program;
}
