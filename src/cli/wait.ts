import { type Command, InvalidArgumentError } from 'commander';
import { resolveConfig } from '../config/resolve.js';
import { parseDuration } from '../config/duration.js';
import {
  type CommonOptions,
  configRequestOf,
  outputOf,
  scopeOption,
  withCommonOptions,
} from './options.js';
import { stopOnSignals } from './signals.js';

export function addWaitCommand(program: Command): void {
  withCommonOptions(
    program
      .command('wait')
      .description('wait until all migrations are applied')
      .addOption(scopeOption())
      .option('--timeout <duration>', 'give up after this time, such as 90s or 5min', parseTimeout),
  )
    .addHelpText(
      'after',
      `
For a container that does not run migrations itself: it starts once another has applied them.
It only reads. It waits until "knexward status" shows nothing pending, no running up and no problem that
would stop one. Exits with 6 when the time is over, and with 5 at once if a person has to decide.

Example:
  $ knexward wait --timeout 5min && node server.js`,
    )
    .action(async (options: CommonOptions & { timeout?: number }) => {
      const output = await outputOf(options);
      const config = output.uses(await resolveConfig(configRequestOf(options)));
      const { waitUntilMigrated } = await import('../maintain/wait.js');
      const stop = stopOnSignals((name) => output.note('warn', `${name}: stopping …`));
      try {
        await waitUntilMigrated(config, {
          timeoutMs: options.timeout,
          signal: stop.signal,
          onWaiting: ({ pending, problems, holder }) =>
            output.note(
              'info',
              [
                `Waiting: ${pending.length} pending`,
                ...problems.map(({ message }) => message),
                holder ? `${holder.role} from ${holder.client} is running` : 'no runner is active',
              ].join(', '),
            ),
        });
      } catch (error) {
        stop.endWithSignal();
        throw error;
      } finally {
        stop.release();
      }
      output.result({ upToDate: true }, () => 'Already up to date\n');
    });
}

function parseTimeout(value: string): number {
  try {
    return parseDuration(/^\d+$/.test(value) ? `${value}s` : value, '--timeout');
  } catch {
    throw new InvalidArgumentError('Give a duration such as 30s, 5min, or a number of seconds.');
  }
}
