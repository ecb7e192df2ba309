import { type Command } from 'commander';
import { type Adoption, type AdoptRequest } from '../adopt/adopt.js';
import { type CommonOptions, configRequestOf, outputOf, withCommonOptions } from './options.js';

type AdoptOptions = CommonOptions &
  Pick<AdoptRequest, 'config' | 'migrationsDir' | 'table' | 'schema' | 'timeZone'> & {
    databaseOnly?: boolean;
    dryRun?: boolean;
    yes?: boolean;
  };

export function addAdoptCommand(program: Command): void {
  withCommonOptions(
    program
      .command('adopt')
      .description('take the project over from db-migrate: show the plan, ask, apply')
      .option('--dry-run', 'show the plan, change nothing')
      .option('-y, --yes', 'do not ask')
      .option('--database-only', 'carry the history over, leave the files alone')
      .option('--time-zone <name>', "the zone of db-migrate's times; else this process's own")
      .option('--config <file>', "db-migrate's configuration; else database.json")
      .option('--migrations-dir <folder>', 'the migrations; else as db-migrate has it')
      .option('--table <name>', "db-migrate's table; else migrations")
      .option('--schema <name>', 'the schema of that table; else as configured, else public'),
  )
    .addHelpText(
      'after',
      `
What it does, in one transaction: each row of db-migrate's table becomes one row of
knex_migrations, in the same order and with its true moment; the old table stays. Then it writes a
knexfile, rewrites package.json's scripts under their old names, and renames database.json to
database.json.bak. The migrations stay where they are, as they are. Calls of db-migrate elsewhere
(Dockerfile, Procfile, workflows) are rewritten where that is safe, and listed where it is not.

Repeating it is harmless: it picks up what db-migrate has applied meanwhile.

Examples:
  $ knexward adopt --dry-run
  $ knexward adopt --time-zone Europe/Berlin
  $ knexward adopt --database-only --env production --yes`,
    )
    .action(async (options: AdoptOptions) => {
      const output = await outputOf(options);
      const { adopt } = await import('../adopt/adopt.js');
      const { renderOutcome, renderPlan } = await import('../report/adopt-text.js');
      const showPlan = (plan: Adoption) => {
        output.line(`Using environment: ${plan.environment}`);
        output.line(renderPlan(plan, output.colors, output.interactive).trimEnd());
      };
      let shown = false;
      const { config, migrationsDir, table, schema, timeZone, databaseOnly, dryRun } = options;
      const adoption = await adopt({
        ...configRequestOf(options),
        ...{ config, migrationsDir, table, schema, timeZone, databaseOnly, dryRun },
        runId: output.runId,
        confirm: async (plan) => {
          showPlan(plan);
          shown = true;
          await output.confirm('Apply this plan?', options.yes ?? false);
        },
        onWaiting: () => output.note('warn', 'Waiting for another runner to finish'),
      });
      if (!shown) showPlan(adoption);
      output.result(toDocument(adoption), () => renderOutcome(adoption));
      const { findingsOfWarnings } = await import('../report/finding.js');
      output.point(findingsOfWarnings(adoption.warnings));
    });
}

/** The takeover in the form that the contract gives it. */
function toDocument(adoption: Adoption): Record<string, unknown> {
  const { environment, dryRun, timeZone, adopted, alreadyAdopted, warnings, verified } = adoption;
  return {
    ...{ environment, dryRun, timeZone },
    history: adoption.history.map(({ from, name, batch, appliedAt, file }) => ({
      ...{ from, name, batch, appliedAt, file },
    })),
    ...{ adopted, alreadyAdopted },
    files: adoption.files.map(({ path, action }) => ({ path, action })),
    ...{ warnings, verified },
  };
}
