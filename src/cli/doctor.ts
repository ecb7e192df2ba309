import { type Command } from 'commander';
import { endWith } from './exit.js';
import { type CommonOptions, configRequestOf, outputOf, withCommonOptions } from './options.js';

export function addDoctorCommand(program: Command): void {
  withCommonOptions(
    program
      .command('doctor')
      .description('check everything that up depends on, and say how to fix what is wrong')
      .option('--verbose', 'list the checks that passed, too'),
  )
    .addHelpText(
      'after',
      `
Checks this machine and the project (versions, knexfile, folder), the connection (encryption, server,
pooler mode, clock), the privileges of the role, risky settings, who holds locks, leftovers (invalid
indexes, open transactions) and the history. It only reads.

  ! yellow  a warning: up works, but this may become a problem
  ✗ red     an error: up cannot work, or would do damage
Below each is the command or the SQL statement that fixes it. Checks that passed are only counted.

Exits with 0 if nothing is red, 6 if something is, 3 if there is no connection and 2 if the
configuration is wrong. The checks made before that are shown in any case.

Examples:
  $ knexward doctor --env production
  $ knexward doctor --json | jq -r '.checks[] | select(.status == "red") | .fix'`,
    )
    .action(async (options: CommonOptions & { verbose?: boolean }) => {
      const output = await outputOf(options);
      const { diagnose } = await import('../doctor/diagnose.js');
      const { renderDiagnosis } = await import('../report/doctor-text.js');
      const diagnosis = await diagnose(configRequestOf(options), {
        uses: (config) => output.uses(config),
        onEmbedded: (folder) => output.note('info', `Using the embedded PostgreSQL in ${folder}`),
      });
      const { environment, healthy, checks, exitCode } = diagnosis;
      output.usesEnvironment(environment);
      output.result({ environment, healthy, checks }, () =>
        renderDiagnosis(diagnosis, output.colors, options.verbose),
      );
      const { findingsOfChecks } = await import('../report/finding.js');
      output.point(findingsOfChecks(checks));
      endWith(exitCode);
    });
}
