import { type Command } from 'commander';
import { KnexwardError } from '../errors.js';
import {
  type CommonOptions,
  parseCount,
  refuseOnlyWithoutName,
  scopeOption,
  withCommonOptions,
} from './options.js';
import { runAndReport } from './run-and-report.js';

type DownOptions = CommonOptions & {
  count?: number;
  all?: boolean;
  only?: boolean;
  verbose?: boolean;
  dryRun?: boolean;
  yes?: boolean;
};

export function addDownCommand(program: Command): void {
  withCommonOptions(
    program
      .command('down')
      .argument('[name]', 'revert down to and including this migration')
      .description('revert the last batch, or more or less than that')
      .option('-c, --count <n>', 'revert the last n migrations, whatever their batch', parseCount)
      .option('--all', 'revert every migration')
      .option('--only', 'with a name: revert only that migration, like "knex migrate:down <name>"')
      .addOption(scopeOption())
      .option('--verbose', 'print the name of every migration, even when there are many')
      .option('--dry-run', 'show what would be reverted and its SQL; change nothing')
      .option('-y, --yes', 'do not ask for confirmation in production'),
  )
    .addHelpText(
      'after',
      `
Each migration that db-migrate applied is its own batch, so down reverts one of them, as before.
Migrations in a scope are reverted only with --scope.

Examples:
  $ knexward down           revert the last batch
  $ knexward down -c 1      revert the last migration
  $ knexward down --all     revert everything`,
    )
    .action((name: string | undefined, options: DownOptions) => {
      const given = [name, options.count, options.all].filter((way) => way !== undefined);
      if (given.length > 1) throw oneWayOnly();
      if (options.only) refuseOnlyWithoutName(name);
      return runAndReport(options, {
        direction: 'down',
        extent: { name, count: options.count, all: options.all, alone: options.only },
        dryRun: options.dryRun ?? false,
      });
    });
}

function oneWayOnly(): KnexwardError {
  return new KnexwardError('USAGE', {
    message: 'A name, --count and --all each say how far to go; give only one of them.',
    fix: 'Leave out the others.',
  });
}
