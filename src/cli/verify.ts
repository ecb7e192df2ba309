import { type Command } from 'commander';
import { resolveConfig } from '../config/resolve.js';
import { type CommonOptions, configRequestOf, outputOf, withCommonOptions } from './options.js';
import { stopOnSignals } from './signals.js';

/** The database is not what its migrations make. */
const DRIFT_FOUND = 6;

type VerifyCommandOptions = CommonOptions & { ignoreColumnOrder?: boolean; roundTrip?: boolean };

export function addVerifyCommand(program: Command): void {
  withCommonOptions(
    program
      .command('verify')
      .description('compare the database with what its applied migrations make')
      .option('--ignore-column-order', 'the order of columns is no difference')
      .option('--round-trip', 'take what is pending up, down and up again as well'),
  )
    .addHelpText(
      'after',
      `
Replays the applied migrations, in the order in which they were applied, in a database made for
the moment, and compares every object. That database is made on the server that knexward.shadow in
the knexfile names; else beside the real one, where the role may create databases; else on the
embedded PostgreSQL. It is dropped again, whatever happens.

With --round-trip each pending migration then goes up, down and up again there: after down all has to
be as it was before, after the second up as after the first. What down forgot is named. A migration
without a way down is named and is no failure.

The real database is only read. Exits with 6 when it differs, or a round trip does not come back.

Examples:
  $ knexward verify
  $ knexward verify --round-trip             before a release, or in a pull request
  $ knexward verify -e production --json | jq -r '.differences[] | .kind + " " + .object'`,
    )
    .action(async (options: VerifyCommandOptions) => {
      const output = await outputOf(options);
      const config = await resolveConfig(configRequestOf(options));
      output.line(`Using environment: ${config.environment}`);
      const { verify } = await import('../verify/verify.js');
      const { isSound } = await import('../verify/round-trip.js');
      const { renderVerification } = await import('../report/verify-text.js');
      const stop = stopOnSignals((name) => output.note('warn', `${name}: stopping …`));
      try {
        const verification = await verify(config, {
          ignoreColumnOrder: options.ignoreColumnOrder ?? false,
          signal: stop.signal,
          onEmbedded: (folder) => output.note('info', `Using the embedded PostgreSQL in ${folder}`),
          roundTrip: options.roundTrip ?? false,
          onTrip: (name, index, total) => {
            if (index === 0) output.note('info', `Taking ${total} up, down and up again …`);
            output.status(`  … ${index + 1}/${total} ${name}`);
          },
          onReplay: (where, count) =>
            output.note('info', `Replaying ${count} migrations on ${where} …`),
          listener: (event) => {
            if (event.type === 'started') {
              output.status(`  … ${event.index + 1}/${event.total} ${event.name}`);
            }
          },
        });
        output.result({ ...verification }, () => renderVerification(verification, output.colors));
        const { inSync, roundTrip } = verification;
        if (!inSync || !(roundTrip ?? []).every(isSound)) process.exitCode = DRIFT_FOUND;
      } catch (error) {
        if (stop.signal.aborted) process.exitCode = stop.exitCode() ?? 1;
        throw error;
      } finally {
        stop.release();
      }
    });
}
