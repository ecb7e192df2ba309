import { type Command } from 'commander';
import { resolveConfig } from '../config/resolve.js';
import { type RunResult } from '../run/result.js';
import { endWithUnlessSet } from './exit.js';
import { type CommonOptions, configRequestOf, outputOf, withCommonOptions } from './options.js';
import { reportFailure, runForCommand, toDocument } from './run-and-report.js';
import { tellError } from './tell-error.js';

/** What was just reverted has to come back, whatever is to be said of other files. */
const APPLY_AGAIN = { direction: 'up', acceptChanged: true } as const;

export function addRedoCommand(program: Command): void {
  withCommonOptions(
    program
      .command('redo')
      .description('revert the last batch and apply it again')
      .option('-y, --yes', 'do not ask for confirmation in production'),
  ).action(async (options: CommonOptions & { yes?: boolean }) => {
    const output = await outputOf(options);
    const config = output.uses(await resolveConfig(configRequestOf(options)));
    const { renderRun } = await import('../report/run-text.js');
    const yes = options.yes ?? false;
    const down = await runForCommand(config, { direction: 'down' }, output, { yes });
    if (!output.options.json) output.line(renderRun(down).trimEnd());
    // Going back up in the order in which they had been applied.
    const names = down.done.map(({ name }) => name).reverse();
    const last = names.at(-1);
    // Only what was reverted is applied again: another pending migration is no part of a redo.
    const request = { ...APPLY_AGAIN, extent: { only: names } };
    let up: RunResult | null = null;
    try {
      if (!down.failed && last !== undefined)
        up = await runForCommand(config, request, output, { yes });
    } catch (error) {
      const reverted = { down: toDocument(down), up: null };
      return endWithUnlessSet(await tellError(output, error, reverted));
    }
    output.result({ down: toDocument(down), up: up && toDocument(up) }, () =>
      up ? renderRun(up) : '',
    );
    await reportFailure(up ?? down, output);
  });
}
