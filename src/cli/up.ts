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
      .description('apply pending migrations: all of them, unless told otherwise')
      .option('-c, --count <n>', 'apply at most n', parseCount)
      .option('--only', 'with a name: that migration alone, as "knex migrate:up <name>"')
      .addOption(scopeOption())
      .option('--no-baseline', 'replay everything, also where a baseline could be loaded')
      .option('--verbose', 'name each of many migrations as it is applied')
      .option('--dry-run', 'show what would be applied and its SQL, change nothing'),
  )
    .addHelpText(
      'after',
      `
Each migration runs in a transaction of its own, together with its history row. Those in
sub-folders, db-migrate's scopes, run only when their folder is asked for.

On an empty database it begins with the baseline, where there is one and the files are those that
it stands for: see knexward baseline --help.

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
