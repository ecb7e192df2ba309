import { type Command } from 'commander';
import { endWith } from './exit.js';
import { resolveConfig } from '../config/resolve.js';
import {
  type CommonOptions,
  configRequestOf,
  outputOf,
  scopeOption,
  withCommonOptions,
} from './options.js';

/** A check found something: something is pending, or something is wrong. */
const CHECK_FOUND = 6;

type StatusOptions = CommonOptions & { check?: boolean; verbose?: boolean };

export function addStatusCommand(program: Command): void {
  withCommonOptions(
    program
      .command('status')
      .description('show what is applied, what is pending, and what is wrong')
      .addOption(scopeOption())
      .option('--check', 'exit with code 6 if anything is pending or wrong')
      .option('--verbose', 'list every migration, with full timestamps'),
  )
    .addHelpText(
      'after',
      `
It only reads: a role with SELECT on the history tables is enough. Applied migrations of all scopes in
the same history are shown; pending ones of a scope only with --scope.

Examples:
  $ knexward status
  $ knexward status --check || echo "migrations are pending"
  $ knexward status --json | jq -r '.pending[].name'`,
    )
    .action(async (options: StatusOptions) => {
      const output = await outputOf(options);
      const config = output.uses(await resolveConfig(configRequestOf(options)));
      const { readStatus } = await import('../maintain/status.js');
      const { renderStatus } = await import('../report/status-text.js');
      const status = await readStatus(config, (folder) =>
        output.note('info', `Using the embedded PostgreSQL in ${folder}`),
      );
      const listing = { verbose: options.verbose ?? false, local: output.interactive };
      output.result({ ...status }, () => renderStatus(status, output.colors, listing));
      const { findingsOfProblems } = await import('../report/finding.js');
      output.point(findingsOfProblems(status.problems));
      const { isClean } = await import('../plan/status.js');
      if (options.check && !isClean(status)) endWith(CHECK_FOUND);
    });
}
