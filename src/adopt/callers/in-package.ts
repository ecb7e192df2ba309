import { parseJson } from '../../json.js';
import { join } from 'node:path';
import { writeAtomically } from '../../files/write.js';
import { type FileAction } from '../file-plan.js';
import { locateScripts, replaceScripts } from '../scripts/package-json.js';
import { scriptSteps } from '../takeover-record.js';
import { rewriteScripts } from '../scripts/rewrite.js';
import { type CallerFile } from './find.js';
import { type CallContext, type Edit } from './in-shell.js';
import { rememberName } from '../../printable.js';
import { describeChange } from '../scripts/shown.js';

/** The scripts of another package: where their calls stand, and what writes them. */
export interface PackageOutside {
  /** A script each: the place of its text, and the text that it becomes. */
  edits: Edit[];
  action: (root: string) => FileAction;
}

/** Plans the scripts of another package in the repository, as far as they run in the project's folder. */
export function planPackageOutside(file: CallerFile, context: CallContext): PackageOutside | null {
  const scripts = scriptsOf(file.text);
  const places = locateScripts(file.text);
  if (scripts === null || places === null) return null;
  const { projectFolder } = context;
  const place = { folder: file.folder, projectFolder, isOwnScript: false };
  const { changes } = rewriteScripts(scripts, context.defaults, place);
  const edits = changes.flatMap(({ name, to }) => {
    const at = places.get(name);
    return at === undefined ? [] : [{ start: at.start, end: at.end, to }];
  });
  const steps = scriptSteps(changes, (name) => places.get(name)?.raw);
  const action = (root: string): FileAction => ({
    path: file.path,
    action: 'rewrite',
    notes: changes.map(({ name, from, to }) => describeChange(name, from, to)),
    apply: () => writeAtomically(join(root, file.path), replaceScripts(file.text, changes)),
    expects: [{ path: join(root, file.path), text: file.text }],
    step: { path: file.path, kind: 'scripts', scripts: steps },
  });
  return { edits, action };
}

function scriptsOf(text: string): Record<string, string> | null {
  try {
    const { scripts } = parseJson(text) as { scripts?: unknown };
    const isMap = typeof scripts === 'object' && scripts !== null;
    if (!isMap || Object.values(scripts).some((script) => typeof script !== 'string')) return null;
    for (const entry of Object.entries(scripts)) entry.forEach(rememberName);
    return scripts as Record<string, string>;
  } catch {
    // Not JSON: nothing that can be rewritten; its calls are listed all the same.
    return null;
  }
}
