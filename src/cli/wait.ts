import { type Command, InvalidArgumentError } from 'commander';
import { resolveConfig } from '../config/resolve.js';
import { parseDuration } from '../config/settings.js';
import { type CommonOptions, configRequestOf, outputOf, withCommonOptions } from './options.js';
import { stopOnSignals } from './signals.js';

export function addWaitCommand(program: Command): void {
  withCommonOptions(
    program
      .command('wait')
      .description('return when nothing is pending and nobody is running')
      .option('--timeout <duration>', 'give up after that long, such as 90s or 5min', parseTimeout),
  )
    .addHelpText(
      'after',
      `
For a container that must not migrate by itself: it starts when the one that does has finished.
Reads only. Exits with 6 when migrations are still pending at the end of the time.

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
          onWaiting: ({ pending, holder }) =>
            output.note(
              'info',
              `Waiting: ${pending.length} pending, ${holder ? `${holder.role} from ${holder.client} is running` : 'nobody is running'}`,
            ),
        });
      } catch (error) {
        if (stop.signal.aborted) process.exitCode = stop.exitCode() ?? 1;
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
