import { type Command } from 'commander';
import { endWith } from './exit.js';
import { collect, fleetConfig, type FleetOptions } from './fleet-options.js';
import { outputOf, parseCount, withCommonOptions } from './options.js';

/** A check found something: something is pending, or something is wrong. */
const CHECK_FOUND = 6;

type FleetStatusOptions = FleetOptions & { check?: boolean; verbose?: boolean };

export function addFleetStatusCommand(fleet: Command): void {
  withCommonOptions(
    fleet
      .command('status')
      .description('show how many targets of the fleet are up to date, and what is wrong')
      .option('--target <id>', 'only this target; may be given several times', collect)
      .option('--check', 'exit with code 6 if anything is pending or wrong')
      .option('--verbose', 'list every target')
      .option('--order <label>', 'order the targets by this label')
      .option('--concurrency <n>', 'how many targets to look at at once', parseCount)
      .option('--per-server <n>', 'how many of them on one server', parseCount),
  )
    .addHelpText(
      'after',
      `
Schemas of one database are compared with a few queries for all of them. A target that cannot be
looked at is told like a problem, and does not stop the others from being looked at.

Examples:
  $ knexward fleet status
  $ knexward fleet status --target acme --verbose
  $ knexward fleet status --json | jq -r '.targets[] | select(.pending > 0).target'`,
    )
    .action(async (options: FleetStatusOptions) => {
      const output = await outputOf(options);
      const config = await fleetConfig(options, output);
      const { fleetStatus, isFleetClean } = await import('../fleet/status.js');
      const { renderFleetStatus } = await import('../report/fleet-text.js');
      const status = await fleetStatus(config, {
        ...(options.target && { targets: options.target }),
        onEmbedded: (folder) => output.note('info', `Using the embedded PostgreSQL in ${folder}`),
      });
      output.result({ ...status }, () =>
        renderFleetStatus(status, output.colors, options.verbose ?? false),
      );
      if (options.check && !isFleetClean(status)) endWith(CHECK_FOUND);
    });
}
