import { existsSync, readFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { knexfileIn } from '../config/knexfile.js';
import { defaultEnvironmentName, EnvVariable } from '../db-migrate/config.js';
import { isProgram } from '../db-migrate/config-file.js';
import { planCallers } from './callers/plan.js';
import { type FilePlan } from './file-plan.js';
import { type KnexfileLanguage, type KnexfileSource, renderKnexfile } from './knexfile/render.js';
import { rewritePackageJson } from './scripts/package-json.js';
import { type DbMigrateProject, type PackageJson } from './project.js';
import { rewriteScripts } from './scripts/rewrite.js';
import { type Warning } from './plan.js';
import { type ProjectDefaults } from './scripts/translate.js';
import { writeAtomically } from '../files/write-atomically.js';
import { hashOf, recordAction } from './takeover-record.js';

/** What the files depend on beside the project's folder. */
export interface FileFacts {
  /** Whether the history has rows whose file is gone. */
  rowsWithoutFiles: boolean;
  /** The schema of db-migrate's table, where the command line says it. */
  schema: string | undefined;
  /** The environment that is taken over. */
  environment: string;
}

/**
 * Plans what becomes of the project's files: a knexfile is written, package.json's scripts are
 * rewritten under their old names, as are the calls of db-migrate elsewhere that can be, and
 * database.json gets `.bak` behind its name. Changes nothing yet.
 *
 * The order of the actions is the order in which they are applied: first it is written down what
 * they do, and database.json goes last, so that a crash on the way leaves a project that adopt can
 * be run on again, and that can be brought back.
 */
export function planFiles(project: DbMigrateProject, facts: FileFacts): FilePlan {
  const plan: FilePlan = { actions: [], warnings: [] };
  planKnexfile(plan, project, facts);
  if (project.packageJson) planScripts(plan, project, project.packageJson);
  const callers = planCallers(project, scriptDefaults(project));
  plan.actions.push(...callers.actions);
  plan.warnings.push(...callers.warnings);
  planDatabaseJson(plan, project);
  plan.actions.unshift(...recordAction(project.root, plan.actions));
  return plan;
}

function planKnexfile(plan: FilePlan, project: DbMigrateProject, facts: FileFacts): void {
  const { root, migrationsDirectory } = project;
  const existing = knexfileIn(root);
  if (existing !== undefined) {
    const path = inProject(root, existing);
    plan.actions.push({ path, action: 'keep', notes: ['the project has a knexfile already'] });
    const ours = readFileSync(existing, 'utf8').includes('Written by "knexward adopt"');
    if (!ours && project.config) plan.warnings.push(knexfileKept(path, project));
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
  });
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

function planScripts(plan: FilePlan, project: DbMigrateProject, packageJson: PackageJson): void {
  const { scripts, changes, leftovers, notes } = rewriteScripts(
    packageJson.scripts,
    scriptDefaults(project),
  );
  for (const { name, command, reason } of leftovers) {
    plan.warnings.push({
      code: 'SCRIPT_LEFT',
      message: `the script "${name}" (${command}) is left as it is: ${reason}`,
    });
  }
  for (const { name, command, reason } of notes) {
    plan.warnings.push({
      code: 'SCRIPT_CHANGED',
      message: `the script "${name}" (${command}): ${reason}`,
    });
  }
  if (changes.length === 0) return;
  const content = rewritePackageJson(packageJson.text, scripts);
  plan.actions.push({
    path: 'package.json',
    action: 'rewrite',
    notes: changes.map(({ name, from, to }) => `${name}: ${from} → ${to}`),
    apply: () => writeAtomically(packageJson.path, content),
    step: { path: 'package.json', kind: 'scripts', scripts: changes },
  });
}

function scriptDefaults(project: DbMigrateProject): ProjectDefaults {
  const { configPath, root, config } = project;
  return {
    defaultEnv: defaultOfScripts(project),
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

function inProject(root: string, path: string): string {
  return relative(root, path).replaceAll('\\', '/');
}

function planDatabaseJson(plan: FilePlan, project: DbMigrateProject): void {
  const { configPath } = project;
  // The knexfile reads a program where it is.
  if (configPath === null || isProgram(configPath)) return;
  const target = freeName(`${configPath}.bak`);
  plan.actions.push({
    path: basename(configPath),
    action: 'rename',
    notes: [`to ${basename(target)}`],
    apply: () => rename(configPath, target),
    step: {
      path: inProject(project.root, configPath),
      kind: 'renamed',
      to: inProject(project.root, target),
    },
  });
}

function freeName(path: string): string {
  for (let name = path, number = 1; ; name = `${path}.${number++}`) {
    if (!existsSync(name)) return name;
  }
}
