import { calledFrom } from '../command-line.js';
import { relative } from 'node:path';
import { type Command, Option } from 'commander';
import { resolveConfig, resolveProject } from '../config/resolve.js';
import { type CommonOptions, configRequestOf, outputOf, withCommonOptions } from './options.js';

type SeedOptions = CommonOptions & { specific?: string; yes?: boolean };

export function addSeedCommand(program: Command): void {
  withCommonOptions(
    program
      .command('seed')
      .description("run the project's Knex seeds")
      .option('--specific <file>', 'run only the file with this name')
      .option('-y, --yes', 'do not ask for confirmation in production'),
  )
    .addHelpText(
      'after',
      `
Runs the files in the folder that "seeds" in the knexfile names, or else ./seeds, in Knex's order. As in
Knex, every file runs each time, and not in a transaction. TypeScript works. In production it asks first.

Examples:
  $ knexward seed
  $ knexward seed --specific 01_users.js`,
    )
    .action(async (options: SeedOptions) => {
      const output = await outputOf(options);
      const config = output.uses(await resolveConfig(configRequestOf(options)));
      const { runSeeds } = await import('../seed/run.js');
      const question = 'This is production. Run the seeds? They may overwrite data.';
      const ran = await runSeeds(config, {
        specific: options.specific,
        onEmbedded: (folder) => output.note('info', `Using the embedded PostgreSQL in ${folder}`),
        confirm: async () => {
          if (config.production) await output.confirm(question, options.yes ?? false, null);
        },
      });
      for (const path of ran) output.note('info', `  ${output.colors.green('✓')} ${path}`);
      output.result({ ran }, () =>
        ran.length === 0 ? 'No seed files exist\n' : `Ran ${ran.length} seed files\n`,
      );
    });
}

type SeedMakeOptions = CommonOptions & {
  x?: string;
  stub?: string;
  timestampFilenamePrefix?: boolean;
};

export function addSeedMakeCommand(program: Command): void {
  withCommonOptions(
    program
      .command('seed:make')
      .argument('<name>', 'name of the seed, such as 01_users')
      .description('create a new Knex seed file')
      .addOption(new Option('-x <extension>', 'the language').choices(['js', 'mjs', 'ts']))
      .option('--stub <file>', 'template: a path, or the name of a file in the seeds folder')
      .option('--timestamp-filename-prefix', 'put the date and time before the name'),
    false,
  )
    .addHelpText(
      'after',
      `
The language is seeds.extension in the knexfile, or else the language of the knexfile. An existing file
is never overwritten.`,
    )
    .action(async (name: string, options: SeedMakeOptions) => {
      const output = await outputOf(options);
      const config = await resolveProject(configRequestOf(options));
      const { makeSeed } = await import('../seed/make.js');
      const { x: extension, stub, timestampFilenamePrefix } = options;
      const path = await makeSeed(config, { name, extension, stub, timestampFilenamePrefix });
      const created = relative(calledFrom(), path);
      output.result({ created: [path] }, () => `Created seed file: ${created}\n`);
    });
}
