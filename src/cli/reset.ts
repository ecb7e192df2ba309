import { type Command } from 'commander';
import { resolveConfig, type ResolvedConfig } from '../config/resolve.js';
import { type Output } from '../report/output.js';
import { type RunResult } from '../run/result.js';
import { endWithUnlessSet } from './exit.js';
import { type CommonOptions, configRequestOf, outputOf, withCommonOptions } from './options.js';
import { reportFailure, runForCommand, toDocument } from './run-and-report.js';
import { tellError } from './tell-error.js';

type ResetOptions = CommonOptions & { yes?: boolean; force?: boolean; seed: boolean };

export function addResetCommand(program: Command): void {
  withCommonOptions(
    program
      .command('reset')
      .description(
        'for development: drop and recreate the database, apply all migrations, run the seeds',
      )
      .option('--no-seed', 'do not run the seeds')
      .option('--force', 'end other sessions in the database')
      .option('-y, --yes', 'do not ask'),
  )
    .addHelpText(
      'after',
      `
All data in the database is lost. In production, reset refuses to run, and no option changes that.

The new database keeps the owner, encoding, locale, tablespace, connection limit, comment, privileges and
settings (ALTER DATABASE ... SET, for all roles or for one) of the old one.
The database of the embedded PostgreSQL is emptied instead.

If reset is killed, either the old or the new database has the name, and one called
knexward_reset_old_... or knexward_reset_new_... may be left over. You can drop it.

Examples:
  $ knexward reset
  $ knexward reset --yes --no-seed`,
    )
    .action(async (options: ResetOptions) => {
      const output = await outputOf(options);
      const config = output.uses(await resolveConfig(configRequestOf(options)));
      const yes = options.yes ?? false;
      const { resetDatabase } = await import('../reset/reset.js');
      const database = await resetDatabase(config, {
        force: options.force ?? false,
        onEmbedded: (folder) => output.note('info', `Using the embedded PostgreSQL in ${folder}`),
        left: (name, reason) =>
          output.note(
            'warn',
            `The old database could not be dropped: ${reason}. It is now called "${name}".`,
          ),
        confirm: (name) =>
          output.confirm(
            `Drop the database "${name}" with all its data, and create it again?`,
            yes,
            null,
          ),
      });
      output.line(`Recreated the database ${database}`);
      let up: RunResult | null = null;
      let ran: string[] | null = null;
      const { renderRun } = await import('../report/run-text.js');
      try {
        up = await runForCommand(config, { direction: 'up' }, output, { yes });
        output.line(renderRun(up).trimEnd());
        if (options.seed && !up.failed) ran = await seeds(config, output);
      } catch (error) {
        const done = { reset: database, up: up && toDocument(up), ran: null };
        return endWithUnlessSet(await tellError(output, error, done));
      }
      output.result({ reset: database, up: toDocument(up), ran }, () =>
        ran === null ? '' : `Ran ${ran.length} seed files\n`,
      );
      await reportFailure(up, output);
    });
}

/** The paths of the seeds that ran; `null` where the project has none. */
async function seeds(config: ResolvedConfig, output: Output): Promise<string[] | null> {
  const { hasSeeds, runSeeds } = await import('../seed/run.js');
  if (!hasSeeds(config)) return null;
  const ran = await runSeeds(config, {});
  for (const path of ran) output.note('info', `  ${output.colors.green('✓')} ${path}`);
  return ran;
}
