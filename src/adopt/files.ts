import { lstatSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { knexfileIn } from '../config/knexfile.js';
import { defaultEnvironmentName, EnvVariable } from '../db-migrate/config.js';
import { isProgram } from '../db-migrate/config-file.js';
import { environmentOfCalls, planCallers } from './callers/plan.js';
import { placesInMigrations } from './callers/in-migrations.js';
import { findRepository, isInsideFolder } from './callers/repository.js';
import { COMPILED_EXTENSIONS, extensionsOf, namesOf } from './compiled.js';
import { type FilePlan } from './file-plan.js';
import { locateScripts, replaceScripts } from './scripts/package-json.js';
import { type KnexfileLanguage, type KnexfileSource, renderKnexfile } from './knexfile/render.js';
import { type DbMigrateProject, type PackageJson } from './project.js';
import { isWrittenByAdopt } from './knexfile/written-by-adopt.js';
import { rewriteScripts } from './scripts/rewrite.js';
import { type Warning } from './plan.js';
import { describeChange, shownCommand } from './scripts/shown.js';
import { type ProjectDefaults } from './scripts/translate.js';
import { renameFile, writeAtomically } from '../files/write.js';
import { hashOf, recordAction, scriptSteps } from './takeover-record.js';

/** What the files depend on beside the project's folder. */
export interface FileFacts {
  /** The names of the migrations, those of scopes included. */
  migrations: readonly string[];
  /** Whether the history has rows whose file is gone. */
  rowsWithoutFiles: boolean;
  /** The schema of db-migrate's table, where the command line says it. */
  schema: string | undefined;
  /** The environment that is taken over. */
  environment: string;
  /** The zone of db-migrate's times, where a person has said it. */
  timeZone: string | null;
}

/**
 * Plans what becomes of the project's files: a knexfile is written, package.json's scripts are
 * rewritten under their old names, as are the calls of db-migrate elsewhere that can be, and
 * database.json gets `.bak` behind its name, once nothing needs it any more. Changes nothing yet.
 *
 * The order of the actions is the order in which they are applied: first it is written down what
 * they do, and database.json goes last, so that a crash on the way leaves a project that adopt can
 * be run on again, and that can be brought back.
 */
export function planFiles(
  project: DbMigrateProject,
  facts: FileFacts,
  rewritesOutside = false,
): FilePlan {
  const plan: FilePlan = { actions: [], warnings: [] };
  planKnexfile(plan, project, facts);
  const defaults = scriptDefaults(project, facts.migrations);
  const scripts = project.packageJson
    ? planScripts(
        plan,
        project,
        { packageJson: project.packageJson, scripts: defaults },
        rewritesOutside,
      )
    : [];
  const callers = planCallers(project, defaults, rewritesOutside);
  const migrations = placesInMigrations(project);
  plan.actions.push(...callers.actions);
  plan.warnings.push(...callers.warnings, ...migrations.warnings);
  const needing = [...scripts, ...callers.needsConfiguration, ...migrations.places];
  planDatabaseJson(plan, project, [...new Set(needing)]);
  plan.actions.unshift(...recordAction(project.root, plan.actions, facts.timeZone));
  return plan;
}

function planKnexfile(plan: FilePlan, project: DbMigrateProject, facts: FileFacts): void {
  const { root, migrationsDirectory } = project;
  const existing = knexfileIn(root);
  if (existing !== undefined) {
    const path = inProject(root, existing);
    plan.actions.push({ path, action: 'keep', notes: ['the project has a knexfile already'] });
    if (!isWrittenByAdopt(existing) && project.config)
      plan.warnings.push(knexfileKept(path, project));
    return;
  }
  const [path, language] = knexfileName(project);
  const source = knexfileSource(project);
  // With DATABASE_URL, whatever the file says of the environment may not count.
  const leftOut = [...(project.config?.unusable ?? [])].filter(
    ([name]) => name !== facts.environment,
  );
  const content = renderKnexfile(source, {
    language,
    migrationsDirectory,
    historyTable: project.table,
    historySchemas: { [facts.environment]: facts.schema },
    leftOut: leftOut.map(([name]) => name),
    rowsWithoutFiles: facts.rowsWithoutFiles,
    nonTransactional: project.nonTransactional,
    loadExtensions: project.sources.length > 0 ? COMPILED_EXTENSIONS : null,
  });
  if (project.sources.length > 0) plan.warnings.push(sourcesLeftOut(project));
  plan.warnings.push(
    ...leftOut.map(([name, { message }]) => ({
      code: 'ENVIRONMENT_LEFT_OUT' as const,
      message: `the environment "${name}" cannot be taken over: ${message}`,
    })),
  );
  plan.actions.push({
    path,
    action: 'create',
    notes: [NOTES[source.kind](project)],
    apply: () => writeAtomically(join(root, path), content),
    expects: [{ path: join(root, path), text: null }],
    step: { path, kind: 'created', sha256: hashOf(content) },
  });
}

function knexfileSource({ root, config, configPath }: DbMigrateProject): KnexfileSource {
  if (config === null || configPath === null) return { kind: 'url' };
  // What a program computes, a password among it perhaps, is not for a file.
  return isProgram(configPath)
    ? { kind: 'module', path: inProject(root, configPath) }
    : { kind: 'literal', config };
}

const NOTES: Record<KnexfileSource['kind'], (project: DbMigrateProject) => string> = {
  url: () => 'made from DATABASE_URL, which stays a variable',
  literal: ({ configPath }) =>
    `made from ${basename(configPath ?? '')}; environment variables stay variables`,
  module: ({ root, configPath }) =>
    `reads ${inProject(root, configPath ?? '')}, which goes on computing the settings`,
};

function knexfileName(project: DbMigrateProject): [string, KnexfileLanguage] {
  if (project.typescript) return ['knexfile.ts', 'ts'];
  return ['knexfile.js', project.packageJson?.type === 'module' ? 'mjs' : 'js'];
}

function knexfileKept(path: string, project: DbMigrateProject): Warning {
  return {
    code: 'KNEXFILE_KEPT',
    message: `${path} is kept as it is. See that its environments name the databases of ${basename(project.configPath ?? '')}, and that its migrations are in ${project.migrationsDirectory}.`,
  };
}

function sourcesLeftOut({ sources, migrationsDirectory }: DbMigrateProject): Warning {
  const files = sources.length === 1 ? '1 file is' : `${sources.length} files are`;
  return {
    code: 'FILES_LEFT_OUT',
    message: `${files} left out of ${migrationsDirectory}: db-migrate ran what they are compiled to, the .js beside them, and does not read ${extensionsOf(sources)}: ${namesOf(sources)}`,
  };
}

/** @returns What of package.json still needs db-migrate's configuration. */
function planScripts(
  plan: FilePlan,
  project: DbMigrateProject,
  { packageJson, scripts }: { packageJson: PackageJson; scripts: ProjectDefaults },
  rewritesOutside: boolean,
): string[] {
  const { changes, leftovers, notes } = rewriteScripts(packageJson.scripts, scripts);
  for (const { name, command, reason } of leftovers) {
    plan.warnings.push({
      code: 'SCRIPT_LEFT',
      message: `the script "${name}" (${shownCommand(command)}) is left as it is: ${reason}`,
    });
  }
  for (const { name, command, reason } of notes) {
    plan.warnings.push({
      code: 'SCRIPT_CHANGED',
      message: `the script "${name}" (${shownCommand(command)}): ${reason}`,
    });
  }
  const names = [...new Set(leftovers.map(({ name }) => name))];
  const needing = names.map((name) => `the script "${name}"`);
  if (packageJson.text.includes('knexward-db-migrate')) {
    needing.push('knexward-db-migrate, which package.json names');
  }
  if (changes.length === 0) return needing;
  if (leadsOut(project.root, packageJson.path, rewritesOutside)) {
    plan.warnings.push({
      code: 'SCRIPT_LEFT',
      message:
        'the scripts are left as they are: package.json is a link that leads out of the project',
    });
    return [...needing, ...changes.map(({ name }) => `the script "${name}"`)];
  }
  const places = locateScripts(packageJson.text);
  const content = replaceScripts(packageJson.text, changes);
  plan.actions.push({
    path: 'package.json',
    action: 'rewrite',
    notes: changes.map(({ name, from, to }) => describeChange(name, from, to)),
    apply: () => writeAtomically(packageJson.path, content),
    expects: [{ path: packageJson.path, text: packageJson.text }],
    step: {
      path: 'package.json',
      kind: 'scripts',
      scripts: scriptSteps(changes, (name) => places?.get(name)?.raw),
    },
  });
  return needing;
}

/** Whether a file is a link to one that may not be written. */
function leadsOut(root: string, path: string, rewritesOutside: boolean): boolean {
  if (isInsideFolder(root, path)) return false;
  return !rewritesOutside || !isInsideFolder(findRepository(root).root, path);
}

function scriptDefaults(project: DbMigrateProject, migrations: readonly string[]): ProjectDefaults {
  const { configPath, root, config } = project;
  return {
    defaultEnv: defaultOfScripts(project),
    environment: environmentOfCalls(project),
    followsNodeEnv: followsNodeEnv(project),
    migrations,
    migrationsDirectory: project.migrationsDirectory,
    configFile: configPath === null ? 'database.json' : inProject(root, configPath),
    historyTable: project.table,
    createsSql: config?.settings['sql-file'] === true,
    nonTransactional: project.nonTransactional,
  };
}

/**
 * The environment of a script that names none, where knexward would not choose it by itself. One that a
 * variable names stays with the variable, and NODE_ENV is what knexward goes by.
 */
function defaultOfScripts({ env, config }: DbMigrateProject): string | EnvVariable | undefined {
  if (config === null || env !== undefined) return env;
  const [first] = config.defaultEnvironments;
  if (first instanceof EnvVariable) return first.env === 'NODE_ENV' ? undefined : first;
  const byDefault = defaultEnvironmentName(config, process.env);
  const byItself = 'development' in config.environments ? 'development' : 'dev';
  return byDefault === byItself ? undefined : byDefault;
}

function followsNodeEnv({ config }: DbMigrateProject): boolean {
  const chosen = config?.defaultEnvironments.at(-1);
  return chosen instanceof EnvVariable && chosen.env === 'NODE_ENV';
}

function inProject(root: string, path: string): string {
  return relative(root, path).replaceAll('\\', '/');
}

const SHOWN = 5;

function planDatabaseJson(
  plan: FilePlan,
  project: DbMigrateProject,
  needing: readonly string[],
): void {
  const { configPath } = project;
  // The knexfile reads a program where it is.
  if (configPath === null || isProgram(configPath)) return;
  if (needing.length > 0) {
    const more = needing.length > SHOWN ? `, and ${needing.length - SHOWN} more` : '';
    const places = needing.slice(0, SHOWN).join(', ');
    plan.actions.push({
      path: inProject(project.root, configPath),
      action: 'keep',
      notes: [`needed by ${places}${more}; run adopt again when nothing needs it any more`],
    });
    return;
  }
  const target = freeName(`${configPath}.bak`);
  plan.actions.push({
    path: basename(configPath),
    action: 'rename',
    notes: [`to ${basename(target)}`],
    apply: () => renameFile(configPath, target),
    expects: [
      { path: configPath, text: project.configText },
      { path: target, text: null },
    ],
    step: {
      path: inProject(project.root, configPath),
      kind: 'renamed',
      to: inProject(project.root, target),
    },
  });
}

function freeName(path: string): string {
  for (let name = path, number = 1; ; name = `${path}.${number++}`) {
    // A link that leads nowhere is somebody's file, too.
    if (lstatSync(name, { throwIfNoEntry: false }) === undefined) return name;
  }
}
