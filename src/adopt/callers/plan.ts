import { basename, join, posix } from 'node:path';
import { commandLine } from '../../command-line.js';
import { knexfileIn } from '../../config/knexfile.js';
import { defaultEnvironmentName, EnvVariable } from '../../db-migrate/config.js';
import { isProgram } from '../../db-migrate/config-file.js';
import { type FileAction, type FilePlan } from '../file-plan.js';
import { type Warning } from '../plan.js';
import { isWrittenByAdopt } from '../knexfile/written-by-adopt.js';
import { type DbMigrateProject } from '../project.js';
import { describeChange } from '../scripts/shown.js';
import { type ProjectDefaults } from '../scripts/translate.js';
import { writeAtomically } from '../../files/write.js';
import { rewriting } from '../takeover-record.js';
import { describeEdits } from '../text-before.js';
import { adviceForCall, adviceForImport } from './advice.js';
import { type CallerFile, findCallerFiles } from './find.js';
import { importsInCode } from './in-code.js';
import { planPackageOutside } from './in-package.js';
import { type CallContext, type Edit, replaceCalls } from './in-shell.js';
import {
  findCalls,
  findFileName,
  findInstallations,
  installsGlobally,
  lineOf,
  type Span,
} from './mentions.js';
import { findRepository } from './repository.js';
import { scriptsInFile } from './scripts-in-file.js';

/** What becomes of the calls, and what still needs db-migrate's configuration where it is. */
export interface CallerPlan extends FilePlan {
  /** The places, each as `file:line`. */
  needsConfiguration: string[];
}

/**
 * Plans what becomes of the calls of db-migrate outside of package.json, in the project and in the
 * repository around it. A call is rewritten where its whole script stands in the file as a shell gets
 * it and runs in the project's folder; every other is told with its file, its line and what to write
 * instead. Outside of the project's folder nothing is rewritten unless that is asked for. Changes
 * nothing yet.
 *
 * @param scripts What the scripts of package.json are translated with.
 */
export function planCallers(
  project: DbMigrateProject,
  scripts: ProjectDefaults,
  rewritesOutside = false,
): CallerPlan {
  const { root, packageJson, configPath } = project;
  // A program stays where it is: the knexfile reads it.
  const repository = findRepository(root);
  const configFile = configPath === null || isProgram(configPath) ? null : basename(configPath);
  const words = ['db-migrate', ...(configFile === null ? [] : [configFile])];
  const { files, cut } = findCallerFiles(project, repository, words);
  const context: CallContext = {
    defaults: { ...scripts, defaultEnv: undefined, environment: environmentOfCalls(project) },
    scriptNames: new Set(Object.keys(packageJson?.scripts ?? {})),
    projectFolder: repository.projectFolder,
  };
  const plan: CallerPlan = {
    actions: [],
    warnings: cut ? [searchCut()] : [],
    needsConfiguration: cut ? ['a file that was not looked at, perhaps'] : [],
  };
  for (const file of files) planFile(plan, file, { root, context, configFile, rewritesOutside });
  return plan;
}

/** What each file is planned with. */
interface Planning {
  root: string;
  context: CallContext;
  configFile: string | null;
  rewritesOutside: boolean;
}

function planFile(plan: CallerPlan, file: CallerFile, planning: Planning): void {
  const { root, context, configFile, rewritesOutside } = planning;
  const inPackage =
    file.kind === 'package' && file.isOutside ? planPackageOutside(file, context) : null;
  const edits = inPackage ? inPackage.edits : editsOf(file, context);
  const isRewritten = edits.length > 0 && (rewritesOutside || !file.isOutside);
  if (isRewritten) {
    plan.actions.push(inPackage ? inPackage.action(root) : rewriteOf(root, file, edits));
  }
  const left = [
    ...leftCalls(file, edits, context),
    ...(isRewritten ? [] : edits.map((edit) => leftUnlessAsked(file, edit))),
  ];
  const readers = configFile === null ? [] : leftReaders(file, configFile, context);
  plan.warnings.push(...warningsOf(file, [...left, ...readers]));
  for (const { start, isInstallation } of [...left, ...readers]) {
    if (!isInstallation) plan.needsConfiguration.push(`${file.path}:${lineOf(file.text, start)}`);
  }
}

/** The environment that db-migrate takes for every call that names none, where that can be told. */
export function environmentOfCalls({ root, config }: DbMigrateProject): string | undefined {
  const knexfile = knexfileIn(root);
  // Its environments may have other names than those of database.json.
  if (knexfile !== undefined && (config === null || !isWrittenByAdopt(knexfile))) return undefined;
  if (config === null) return 'dev';
  if (config.defaultEnvironments.some((name) => name instanceof EnvVariable)) return undefined;
  return defaultEnvironmentName(config, {});
}

function editsOf(file: CallerFile, context: CallContext): Edit[] {
  const { text } = file;
  // Without that installation there is a question of where knexward is to come from.
  if (installsGlobally(text)) return [];
  const calls = findCalls(text);
  return scriptsInFile(file, context.projectFolder)
    .filter((script) => calls.some((call) => isWithin(call, script)))
    .flatMap(({ start, end, run }) => {
      const replacement = replaceCalls(text.slice(start, end), context, run);
      if ('reason' in replacement) return [];
      return replacement.edits.map((edit) => ({
        start: start + edit.start,
        end: start + edit.end,
        to: edit.to,
      }));
    });
}

function isWithin(inner: Span, outer: Span): boolean {
  return inner.start >= outer.start && inner.start < outer.end;
}

function leftUnlessAsked({ text }: CallerFile, { start, end, to }: Edit): Left {
  const place = findCalls(text).find((call) => isWithin(call, { start, end }));
  const advice = `"${commandLine('adopt', '--rewrite-callers')}" writes: ${to}`;
  return { start: place?.start ?? start, end: place?.end ?? end, what: 'calls db-migrate', advice };
}

function rewriteOf(root: string, { path, text }: CallerFile, edits: readonly Edit[]): FileAction {
  const notes = edits.map(({ start, end, to }) =>
    describeChange(`line ${lineOf(text, start)}`, text.slice(start, end), to),
  );
  let content = '';
  let copied = 0;
  for (const { start, end, to } of edits) {
    content += text.slice(copied, start) + to;
    copied = end;
  }
  content += text.slice(copied);
  const apply = () => writeAtomically(join(root, path), content);
  const before = describeEdits(text, edits);
  const step = { path, kind: 'rewritten', ...rewriting(text, content, before) } as const;
  const expects = [{ path: join(root, path), text }];
  return { path, action: 'rewrite', notes, apply, expects, step };
}

/** A place that a person has to see to. */
interface Left extends Span {
  what: string;
  advice: string;
  /** An installation does not need the configuration. */
  isInstallation?: boolean;
}

function leftCalls(file: CallerFile, edits: readonly Edit[], context: CallContext): Left[] {
  const { text, kind } = file;
  const calls = findCalls(text)
    .filter((call) => !edits.some((edit) => isWithin(call, edit)))
    .map((call) => ({
      ...call,
      what: 'calls db-migrate',
      advice: adviceForCall(text, call, context, file.isOutside),
    }));
  const installations = findInstallations(text).map((place) => ({
    ...place,
    what: 'installs db-migrate',
    isInstallation: true,
    advice: "install knexward, knex and pg, as the project's own dependencies",
  }));
  const imports = (kind === 'code' ? importsInCode(text) : []).map((place) => ({
    ...place,
    what: `loads ${place.module}`,
    advice: adviceForImport(place),
  }));
  return [...calls, ...installations, ...imports];
}

/** Whoever reads db-migrate's configuration: for them it stays where it is. */
function leftReaders(
  { text, isOutside }: CallerFile,
  configFile: string,
  { projectFolder }: CallContext,
): Left[] {
  // What a call is told is seen to with the call.
  const ofCalls = new Set(findCalls(text).map(({ start }) => lineOf(text, start)));
  // Around the project, others have files of that name.
  const name = isOutside ? `${posix.basename(projectFolder)}/${configFile}` : configFile;
  return findFileName(text, name)
    .filter(({ start }) => !ofCalls.has(lineOf(text, start)))
    .map((place) => ({
      ...place,
      what: "uses db-migrate's configuration",
      advice: `${configFile} stays for it; use the knexfile instead`,
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
