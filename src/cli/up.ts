import { type Command } from 'commander';
import { runAndReport } from './run-and-report.js';
import {
  type CommonOptions,
  parseCount,
  refuseOnlyWithoutName,
  scopeOption,
  withCommonOptions,
} from './options.js';

type UpOptions = CommonOptions & {
  count?: number;
  only?: boolean;
  verbose?: boolean;
  dryRun?: boolean;
  baseline: boolean;
};

export function addUpCommand(program: Command): void {
  withCommonOptions(
    program
      .command('up')
      .argument('[name]', 'apply up to and including this migration')
      .description('apply all pending migrations, or the first of them')
      .option('-c, --count <n>', 'apply at most n migrations', parseCount)
      .option('--only', 'with a name: apply only that migration, like "knex migrate:up <name>"')
      .addOption(scopeOption())
      .option('--no-baseline', 'run every migration, even where a baseline could be loaded')
      .option('--verbose', 'print the name of every migration, even when there are many')
      .option('--dry-run', 'show what would be applied and its SQL; change nothing'),
  )
    .addHelpText(
      'after',
      `
Each migration runs in its own transaction, together with its history row. Migrations in sub-folders
(db-migrate's scopes) run only with --scope.

On an empty database, up loads the baseline first if there is one and it matches the files: see
knexward baseline --help.

Examples:
  $ knexward up                              apply everything that is pending
  $ knexward up 20260101120000_add_email.ts  apply up to and including that one
  $ knexward up 20260101120000 --only        apply that one, and not those before it
  $ knexward up -c 1                         apply the next one
  $ knexward up --scope tenant               apply what is in migrations/tenant
  $ knexward up -e production --json         in a pipeline`,
    )
    .action((name: string | undefined, options: UpOptions) => {
      if (options.only) refuseOnlyWithoutName(name);
      return runAndReport(options, {
        direction: 'up',
        extent: { name, count: options.count, alone: options.only },
        dryRun: options.dryRun ?? false,
        baseline: options.baseline,
      });
    });
}
