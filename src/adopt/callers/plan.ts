import { basename, join } from 'node:path';
import { knexfileIn } from '../../config/knexfile.js';
import { defaultEnvironmentName, EnvVariable } from '../../db-migrate/config.js';
import { isProgram } from '../../db-migrate/config-file.js';
import { type FileAction, type FilePlan } from '../file-plan.js';
import { type Warning } from '../plan.js';
import { type DbMigrateProject } from '../project.js';
import { type ProjectDefaults } from '../scripts/translate.js';
import { writeAtomically } from '../../files/write-atomically.js';
import { hashOf } from '../takeover-record.js';
import { adviceForCall, adviceForImport } from './advice.js';
import { type CallerFile, findCallerFiles } from './find.js';
import { importsInCode } from './in-code.js';
import { scriptsInDockerfile } from './in-dockerfile.js';
import { scriptsInProcfile } from './in-procfile.js';
import { type CallContext, type Edit, replaceCalls } from './in-shell.js';
import { scriptsInWorkflow } from './in-workflow.js';
import {
  findCalls,
  findFileName,
  findInstallations,
  installsGlobally,
  lineOf,
  type Span,
} from './mentions.js';

/**
 * Plans what becomes of the calls of db-migrate outside of package.json. A call is rewritten where
 * its whole script stands in the file as a shell gets it; every other is told with its file, its
 * line and what to write instead. Changes nothing yet.
 *
 * @param scripts What the scripts of package.json are translated with.
 */
export function planCallers(project: DbMigrateProject, scripts: ProjectDefaults): FilePlan {
  const { root, packageJson, configPath } = project;
  // A program stays where it is: the knexfile reads it.
  const configFile = configPath === null || isProgram(configPath) ? [] : [basename(configPath)];
  const { files, cut } = findCallerFiles(project, ['db-migrate', ...configFile]);
  const context: CallContext = {
    defaults: { ...scripts, defaultEnv: environmentOfCalls(project) },
    scriptNames: new Set(Object.keys(packageJson?.scripts ?? {})),
  };
  const plan: FilePlan = { actions: [], warnings: cut ? [searchCut()] : [] };
  for (const file of files) {
    const edits = editsOf(file, context);
    if (edits.length > 0) plan.actions.push(rewriteOf(root, file, edits));
    const left = [
      ...leftCalls(file, edits, context),
      ...configFile.flatMap((name) => leftReaders(file, name)),
    ];
    plan.warnings.push(...warningsOf(file, left));
  }
  return plan;
}

/** The environment that db-migrate takes for every call that names none, where that can be told. */
function environmentOfCalls({ root, config }: DbMigrateProject): string | undefined {
  // Its environments may have other names than those of database.json.
  if (knexfileIn(root) !== undefined) return undefined;
  if (config === null) return 'dev';
  if (config.defaultEnvironments.some((name) => name instanceof EnvVariable)) return undefined;
  return defaultEnvironmentName(config, {});
}

function editsOf({ kind, text }: CallerFile, context: CallContext): Edit[] {
  // Without that installation there is a question of where knexward is to come from.
  if (installsGlobally(text)) return [];
  const calls = findCalls(text);
  return scriptsIn(kind, text)
    .filter((script) => calls.some((call) => isWithin(call, script)))
    .flatMap(({ start, end }) => {
      const replacement = replaceCalls(text.slice(start, end), context);
      if ('reason' in replacement) return [];
      return replacement.edits.map((edit) => ({
        start: start + edit.start,
        end: start + edit.end,
        to: edit.to,
      }));
    });
}

function scriptsIn(kind: CallerFile['kind'], text: string): Span[] {
  switch (kind) {
    case 'dockerfile':
      return scriptsInDockerfile(text);
    case 'workflow':
      return scriptsInWorkflow(text);
    case 'procfile':
      return scriptsInProcfile(text);
    case 'code':
    case 'other':
      return [];
  }
}

function isWithin(inner: Span, outer: Span): boolean {
  return inner.start >= outer.start && inner.start < outer.end;
}

function rewriteOf(root: string, { path, text }: CallerFile, edits: readonly Edit[]): FileAction {
  const notes = edits.map(
    ({ start, end, to }) => `line ${lineOf(text, start)}: ${text.slice(start, end)} → ${to}`,
  );
  let content = '';
  let copied = 0;
  for (const { start, end, to } of edits) {
    content += text.slice(copied, start) + to;
    copied = end;
  }
  content += text.slice(copied);
  const apply = () => writeAtomically(join(root, path), content);
  const step = { path, kind: 'rewritten', sha256: hashOf(content), before: text } as const;
  return { path, action: 'rewrite', notes, apply, step };
}

/** A place that a person has to see to. */
interface Left extends Span {
  what: string;
  advice: string;
}

function leftCalls(file: CallerFile, edits: readonly Edit[], context: CallContext): Left[] {
  const { text, kind } = file;
  const calls = findCalls(text)
    .filter((call) => !edits.some((edit) => isWithin(call, edit)))
    .map((call) => ({
      ...call,
      what: 'calls db-migrate',
      advice: adviceForCall(text, call, context),
    }));
  const installations = findInstallations(text).map((place) => ({
    ...place,
    what: 'installs db-migrate',
    advice: "install knexward, knex and pg, as the project's own dependencies",
  }));
  const imports = (kind === 'code' ? importsInCode(text) : []).map((place) => ({
    ...place,
    what: `loads ${place.module}`,
    advice: adviceForImport(place),
  }));
  return [...calls, ...installations, ...imports];
}

/** Whoever reads db-migrate's configuration, too, finds it under another name from now on. */
function leftReaders({ text }: CallerFile, configFile: string): Left[] {
  // What a call is told is seen to with the call.
  const ofCalls = new Set(findCalls(text).map(({ start }) => lineOf(text, start)));
  return findFileName(text, configFile)
    .filter(({ start }) => !ofCalls.has(lineOf(text, start)))
    .map((place) => ({
      ...place,
      what: 'uses a file that gets another name',
      advice: `it becomes ${configFile}.bak; use the knexfile instead`,
    }));
}

/** Only the place itself is shown: there may be a password elsewhere in the line. */
function warningsOf({ path, text }: CallerFile, left: readonly Left[]): Warning[] {
  const inOrder = [...left].sort((a, b) => a.start - b.start);
  return inOrder.map(({ start, end, what, advice }) => {
    const place = text.slice(start, end).replace(/\s+/g, ' ').trim();
    const message = `${path}:${lineOf(text, start)} ${what} (${place}); ${advice}`;
    return { code: 'CALLER_LEFT', message };
  });
}

function searchCut(): Warning {
  return {
    code: 'CALLERS_NOT_ALL_SEARCHED',
    message:
      'the project has more files than adopt looks through for calls of db-migrate; search the others by hand',
  };
}
