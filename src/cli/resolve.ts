import { type Command } from 'commander';
import { resolveConfig } from '../config/resolve.js';
import { KnexwardError } from '../errors.js';
import { type CommonOptions, configRequestOf, outputOf, withCommonOptions } from './options.js';

type ResolveOptions = CommonOptions & { applied?: boolean; reverted?: boolean };

export function addResolveCommand(program: Command): void {
  withCommonOptions(
    program
      .command('resolve')
      .argument('<name>', 'the migration')
      .description('say what became of a change that was cut off outside a transaction')
      .option('--applied', 'it is applied: the history gets its row')
      .option('--reverted', 'it is not applied: the history loses its row'),
  )
    .addHelpText(
      'after',
      `
The schema is not touched: see first what the change did, and finish or undo it by hand.`,
    )
    .action(async (wanted: string, options: ResolveOptions) => {
      const output = await outputOf(options);
      if (Boolean(options.applied) === Boolean(options.reverted)) throw oneVerdict();
      const verdict = options.applied ? 'applied' : 'reverted';
      const config = await resolveConfig(configRequestOf(options));
      const { resolveMigration } = await import('../run/resolve.js');
      const name = await resolveMigration(config, wanted, verdict, output.runId);
      output.result({ resolved: { name, verdict } }, () => `Recorded as ${verdict}: ${name}\n`);
    });
}

function oneVerdict(): KnexwardError {
  return new KnexwardError('USAGE', {
    message: 'Say either --applied or --reverted.',
    fix: 'Look at the database: did the change take effect?',
  });
}
