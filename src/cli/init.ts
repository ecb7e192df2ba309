import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Command } from 'commander';
import { type Diagnosis } from '../doctor/diagnose.js';
import { KnexwardError } from '../errors.js';
import { type Output } from '../report/output.js';
import { endWith } from './exit.js';
import { type CommonOptions, configRequestOf, outputOf, withCommonOptions } from './options.js';

type InitOptions = CommonOptions & { dryRun?: boolean; yes?: boolean };

/** The configuration is wrong. */
const WRONG_CONFIGURATION = 2;

export function addInitCommand(program: Command): void {
  withCommonOptions(
    program
      .command('init')
      .description('detect what the project uses (db-migrate, Knex or neither) and set it up')
      .option('--dry-run', 'show what would be written; change nothing')
      .option('-y, --yes', 'do not ask'),
  )
    .addHelpText(
      'after',
      `
What it does depends on what it finds:

  a knexfile   checks it as doctor does, and offers scripts for package.json
  db-migrate   changes nothing, and shows the commands of the takeover
  neither      writes a knexfile, a first migration, scripts and a line in .gitignore

It uses the language of the project (TypeScript, ES modules or CommonJS) and its package manager. It
shows what it would write, and asks. It never overwrites a file or changes a script.

Examples:
  $ npx knexward init
  $ npx knexward init --dry-run
  $ npx knexward init --yes --cwd packages/api`,
    )
    .action(async (options: InitOptions) => {
      const output = await outputOf(options);
      const { cwd, dryRun = false, yes = false } = options;
      const root = resolve(cwd ?? process.cwd());
      if (!existsSync(root)) throw noFolder(root);
      const { lookAtProject } = await import('../init/look.js');
      const { decide } = await import('../init/decide.js');
      const { renderInitOutcome, renderInitPlan } = await import('../report/init-text.js');
      const given = options.knexfile === undefined ? undefined : resolve(root, options.knexfile);
      const plan = decide(lookAtProject(root, given), new Date());
      if (options.url !== undefined && plan.kind !== 'check') throw connectsToNothing();
      const diagnosis = plan.kind === 'check' ? await checked(options, output) : null;
      const usable = diagnosis?.exitCode !== WRONG_CONFIGURATION;
      const told = usable ? plan : { ...plan, files: [] };
      output.line(renderInitPlan(told));
      if (!dryRun && told.files.length > 0) {
        await output.confirm(
          told.files.length === 1 ? 'Write this file?' : `Write these ${told.files.length} files?`,
          yes,
        );
        const { writeFiles } = await import('../init/write.js');
        await writeFiles(root, told.files);
      }
      const { kind, packageManager, notes, next } = told;
      const files = told.files.map(({ path, action }) => ({ path, action }));
      const checks = diagnosis?.checks ?? null;
      output.result({ action: kind, dryRun, packageManager, files, notes, checks, next }, () =>
        renderInitOutcome(told, dryRun),
      );
      if (diagnosis && !usable) endWith(diagnosis.exitCode);
    });
}

/** What `doctor` says of the knexfile. Only a configuration that is wrong keeps `init` from going on. */
async function checked(options: InitOptions, output: Output): Promise<Diagnosis> {
  const { diagnose } = await import('../doctor/diagnose.js');
  const { renderDiagnosis } = await import('../report/doctor-text.js');
  const diagnosis = await diagnose(configRequestOf(options), {
    uses: (config) => output.uses(config),
  });
  output.usesEnvironment(diagnosis.environment);
  output.line(renderDiagnosis(diagnosis, output.colors).trimEnd());
  return diagnosis;
}

function connectsToNothing(): KnexwardError {
  return new KnexwardError('USAGE', {
    message: 'init connects to a database only where there is a knexfile. Nothing was changed.',
    fix: 'Leave --url out.',
  });
}

function noFolder(root: string): KnexwardError {
  return new KnexwardError('USAGE', {
    message: `There is no folder ${root}.`,
    fix: 'Correct --cwd.',
  });
}
