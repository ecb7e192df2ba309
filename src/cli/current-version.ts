import { type Command } from 'commander';
import { resolveConfig } from '../config/resolve.js';
import { type CommonOptions, configRequestOf, outputOf, withCommonOptions } from './options.js';

export function addCurrentVersionCommand(program: Command): void {
  withCommonOptions(
    program
      .command('currentVersion')
      .description('print the highest applied version, like knex migrate:currentVersion'),
  )
    .addHelpText(
      'after',
      `
The version is the part of a name before its first "_", such as 20260101120000. It only reads.
"knexward status" shows more.`,
    )
    .action(async (options: CommonOptions) => {
      const output = await outputOf(options);
      const config = output.uses(await resolveConfig(configRequestOf(options)));
      const { currentVersion } = await import('../maintain/current-version.js');
      const version = await currentVersion(config);
      output.result({ currentVersion: version }, () => `Current Version: ${version ?? 'none'}\n`);
    });
}
