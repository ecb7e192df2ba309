import { type Command } from 'commander';
import { endWith } from './exit.js';
import { type CommonOptions, configRequestOf, outputOf, withCommonOptions } from './options.js';

export function addDoctorCommand(program: Command): void {
  withCommonOptions(
    program
      .command('doctor')
      .description('check everything that up depends on, and say how to fix what is wrong'),
  )
    .addHelpText(
      'after',
      `
Checks this machine and the project (versions, knexfile, folder), the connection (encryption, server,
pooler mode, clock), the privileges of the role, risky settings, who holds locks, leftovers (invalid
indexes, open transactions) and the history. It only reads.

  ✓ green   fine
  ! yellow  up works, but this may become a problem
  ✗ red     up cannot work, or would do damage
Below yellow and red is the command or the SQL statement that fixes it.

Exits with 0 if nothing is red, 6 if something is, 3 if there is no connection and 2 if the
configuration is wrong. The checks made before that are shown in any case.

Examples:
  $ knexward doctor --env production
  $ knexward doctor --json | jq -r '.checks[] | select(.status == "red") | .fix'`,
    )
    .action(async (options: CommonOptions) => {
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
        renderDiagnosis(diagnosis, output.colors),
      );
      const { findingsOfChecks } = await import('../report/finding.js');
      output.point(findingsOfChecks(checks));
      endWith(exitCode);
    });
}
