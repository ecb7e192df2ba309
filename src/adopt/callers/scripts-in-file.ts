import { type ScriptRun } from '../scripts/working-folder.js';
import { type CallerFile } from './find.js';
import { scriptsInDockerfile } from './in-dockerfile.js';
import { scriptsInMakefile } from './in-makefile.js';
import { scriptsInProcfile } from './in-procfile.js';
import { scriptsInWorkflow } from './in-workflow.js';
import { type Span } from './mentions.js';

/** A script that stands in a file as a shell gets it, and how it is run. */
export interface ScriptInFile extends Span {
  run: ScriptRun;
}

/**
 * The scripts of a file, with the folder that each starts in. Folders are relative to the root of
 * the repository.
 */
export function scriptsInFile(file: CallerFile, projectFolder: string): ScriptInFile[] {
  const { kind, text, folder } = file;
  const startingIn = (start: string, stopsAtFailure = false) => ({ start, stopsAtFailure });
  switch (kind) {
    case 'dockerfile':
      return scriptsInDockerfile(text).map((script) => {
        const isProject = !file.isOutside || endsWith(workdirAt(text, script.start), projectFolder);
        return { ...script, run: startingIn(isProject ? projectFolder : folder) };
      });
    case 'workflow':
      return scriptsInWorkflow(text).flatMap(({ folder: start, ...script }) =>
        // GitHub runs them with `bash -e`.
        start === undefined ? [] : [{ ...script, run: startingIn(start, true) }],
      );
    case 'procfile':
      return scriptsInProcfile(text).map((script) => ({ ...script, run: startingIn(folder) }));
    case 'makefile':
      return scriptsInMakefile(text).map((script) => ({ ...script, run: startingIn(folder) }));
    case 'package':
    case 'code':
    case 'other':
      return [];
  }
}

/** The folder in the image that an instruction runs in, as far as it is written down. */
function workdirAt(text: string, at: number): string {
  const before = [...text.slice(0, at).matchAll(/^[ \t]*WORKDIR[ \t]+(\S+)[ \t\r]*$/gim)];
  return before.at(-1)?.[1] ?? '';
}

function endsWith(workdir: string, folder: string): boolean {
  return `/${workdir.replace(/\/$/, '')}`.endsWith(`/${folder}`);
}
