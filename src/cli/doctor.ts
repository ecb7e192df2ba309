import { type Command } from 'commander';
import { endWith } from './exit.js';
import { type CommonOptions, configRequestOf, outputOf, withCommonOptions } from './options.js';

export function addDoctorCommand(program: Command): void {
  withCommonOptions(
    program
      .command('doctor')
      .description('look at everything that up stands on, and say what to do about what is wrong'),
  )
    .addHelpText(
      'after',
      `
Looks at this machine and the project (versions, knexfile, folder), the connection (encryption,
server, a pooler's mode, clock), the role's rights, settings that hurt, who holds locks, what was
left behind (invalid indexes, open transactions), and the history. Reads only.

  ✓ green   well
  ! yellow  up works, and this may hurt it one day
  ✗ red     up cannot work, or would do harm
Yellow and red have the command or the SQL statement to run below them.

Exits with 0 when nothing is red, else with 6; with 3 when there is no connection, and with 2 when
the configuration is wrong. What could be looked at until then is shown all the same.

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
