import { type Command, Option } from 'commander';
import { endWith } from './exit.js';
import { resolveConfig } from '../config/resolve.js';
import { type VerifyOptions } from '../verify/verify.js';
import { type CommonOptions, configRequestOf, outputOf, withCommonOptions } from './options.js';
import { replayProgress } from './replay-progress.js';
import { stopOnSignals } from './signals.js';

/** The schema differs from what the migrations create. */
const DRIFT_FOUND = 6;

type VerifyCommandOptions = CommonOptions & {
  ignoreColumnOrder?: boolean;
  roundTrip?: boolean;
  against?: string;
  fixScript?: string;
};

export function addVerifyCommand(program: Command): void {
  withCommonOptions(
    program
      .command('verify')
      .description('compare the database with the schema that its migrations create')
      .addOption(
        new Option(
          '--against <file>',
          'compare with this snapshot instead of replaying the migrations',
        ).conflicts('roundTrip'),
      )
      .option('--fix-script <file>', 'write the SQL that fixes every difference to this file')
      .option('--ignore-column-order', 'ignore the order of columns')
      .option('--round-trip', 'also run each pending migration up, down and up again'),
  )
    .addHelpText(
      'after',
      `
Replays the applied migrations, in the order in which they were applied, in a temporary database,
and compares every object. The temporary database is on the server that knexward.shadow in the
knexfile names; otherwise on the project's own server, if the role may create databases; otherwise on
the embedded PostgreSQL. knexward always drops it afterwards. On the project's own server, a migration
that would change the whole server (create role, alter database) is stopped.

Each difference comes with the statements that fix it, and says if they lose data. --fix-script writes
all of them to one file, in an order that works. knexward does not run them.

With --round-trip, each pending migration is then applied, reverted and applied again. After down, the
schema must be as it was before up; after the second up, as it was after the first. The report names
what down leaves behind. A migration that has no down is named, but does not count as a failure.

If the project has a baseline, verify also loads it and compares the result with the replay, data
included: see knexward baseline --help.

verify only reads the real database. Exits with 6 if it differs, or if a round trip fails.

Examples:
  $ knexward verify
  $ knexward verify --fix-script fix.sql       then review it, and run it with psql
  $ knexward verify --against schema.snapshot.json
  $ knexward verify --round-trip               before a release, or in a pull request
  $ knexward verify -e production --json | jq -r '.differences[] | .kind + " " + .object'`,
    )
    .action(async (options: VerifyCommandOptions) => {
      const output = await outputOf(options);
      const config = output.uses(await resolveConfig(configRequestOf(options)));
      const { findingsOfDifferences, findingsOfRoundTrips } = await import('../report/finding.js');
      const { verify, verifyAgainst } = await import('../verify/verify.js');
      const { openFixScript } = await import('../repair/fix-script.js');
      const { isSound } = await import('../verify/round-trip.js');
      const { renderVerification } = await import('../report/verify-text.js');
      const { against, fixScript } = options;
      const file =
        fixScript === undefined ? null : await openFixScript(config.projectRoot, fixScript);
      const stop = stopOnSignals((name) => output.note('warn', `${name}: stopping …`));
      try {
        const request: VerifyOptions = {
          ignoreColumnOrder: options.ignoreColumnOrder ?? false,
          signal: stop.signal,
          onEmbedded: (folder) => output.note('info', `Using the embedded PostgreSQL in ${folder}`),
          roundTrip: options.roundTrip ?? false,
          onTrip: (name, index, total) => {
            if (index === 0) output.note('info', `Running ${total} up, down and up again …`);
            output.status(`  … ${index + 1}/${total} ${name}`);
          },
          ...replayProgress(output),
        };
        const verification =
          against === undefined
            ? await verify(config, request)
            : await verifyAgainst(config, against, request);
        const { inSync, differences, roundTrip, baseline } = verification;
        const written = !inSync && file ? file.name : null;
        if (written !== null) await file?.write(verification);
        output.result({ ...verification, fixScriptFile: written }, () =>
          renderVerification({ ...verification, fixScriptFile: written }, output.colors),
        );
        output.point([
          ...findingsOfDifferences([...differences, ...(baseline?.differences ?? [])]),
          ...findingsOfRoundTrips(roundTrip),
        ]);
        if (!inSync || baseline?.inSync === false || !(roundTrip ?? []).every(isSound))
          endWith(DRIFT_FOUND);
      } catch (error) {
        stop.endWithSignal();
        throw error;
      } finally {
        stop.release();
      }
    });
}
