import { replaceInScript } from '../scripts/replace.js';
import { type ProjectDefaults } from '../scripts/translate.js';
import { type ScriptRun } from '../scripts/working-folder.js';

/** What calls outside of package.json are translated with. */
export interface CallContext {
  /** Every call gets its environment written out: machines that pipelines run on set `NODE_ENV`. */
  defaults: ProjectDefaults;
  /** The scripts of package.json: `yarn db-migrate` may run one of that name. */
  scriptNames: ReadonlySet<string>;
  /** The project's folder, relative to the root of the repository; `.` where it is that root. */
  projectFolder: string;
}

/** A call that is put in place of another. */
export interface Edit {
  start: number;
  end: number;
  to: string;
}

/** The calls of a script in knexward's words, or the reason why they are left. */
export type Replacement = { edits: Edit[] } | { reason: string };

/**
 * Replaces each call of db-migrate in a shell script that stands outside of package.json, where
 * knexward is not on the path: the way the program is found stays (`npx`, `yarn`, a path). All of a
 * script's calls are replaced, or none.
 */
export function replaceCalls(script: string, context: CallContext, run: ScriptRun): Replacement {
  const found = replaceInScript(script, {
    ...context,
    run,
    isOwnScript: false,
    setsNodeEnv: true,
  });
  if (!found) return { reason: 'its quoting is more than knexward can follow' };
  const edits: Edit[] = [];
  for (const each of found) {
    if ('reason' in each) return each;
    edits.push(each);
  }
  return edits.length > 0 ? { edits } : { reason: 'it is no plain call' };
}
