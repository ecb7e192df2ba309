import { type Command, Option } from 'commander';
import { type Adoption, type AdoptRequest } from '../adopt/adopt.js';
import { actsOnEnvironment } from '../command-line.js';
import { type ResolvedConfig } from '../config/resolve.js';
import { type ReplayOptions } from '../replay/replay.js';
import { type Output } from '../report/output.js';
import { type CommonOptions, configRequestOf, outputOf, withCommonOptions } from './options.js';
import { replayProgress } from './replay-progress.js';
import { stopOnSignals } from './signals.js';

export type AdoptOptions = CommonOptions &
  Pick<AdoptRequest, 'config' | 'migrationsDir' | 'table' | 'schema' | 'timeZone'> & {
    finish?: boolean;
    undo?: boolean;
    verify?: boolean;
    databaseOnly?: boolean;
    rewriteCallers?: boolean;
    dryRun?: boolean;
    verbose?: boolean;
    yes?: boolean;
  };

export function addAdoptCommand(program: Command): void {
  withCommonOptions(
    program
      .command('adopt')
      .description('move the project from db-migrate to Knex: show the plan, ask, apply')
      .addOption(
        new Option(
          '--finish',
          "end the takeover: rename db-migrate's table, so that db-migrate stops",
        ).conflicts('undo'),
      )
      .option('--undo', 'go back to db-migrate, also after --finish')
      .addOption(
        new Option(
          '--verify',
          'first prove that the files produce the schema of the database',
        ).conflicts(['finish', 'undo']),
      )
      .option('--dry-run', 'show the plan; change nothing')
      .addOption(
        new Option('--verbose', 'list every row, with full timestamps').conflicts([
          'finish',
          'undo',
        ]),
      )
      .option('-y, --yes', 'do not ask')
      .option('--database-only', 'change only the database, not the files')
      .addOption(
        new Option(
          '--rewrite-callers',
          'also rewrite calls of db-migrate elsewhere in the repository',
        ).conflicts(['finish', 'undo', 'databaseOnly']),
      )
      .addOption(
        new Option(
          '--time-zone <name>',
          "time zone of db-migrate's timestamps, such as Europe/Berlin",
        ).conflicts(['finish', 'undo']),
      )
      .option('--config <file>', "db-migrate's configuration file (default: database.json)")
      .option(
        '--migrations-dir <folder>',
        'migrations folder (default: as the scripts and .db-migraterc say)',
      )
      .option('--table <name>', "db-migrate's table (default: migrations)")
      .option('--schema <name>', 'schema of that table (default: as configured, or else public)'),
  )
    .addHelpText(
      'after',
      `
A takeover has two steps and a way back:
  adopt            copies the history; old releases with db-migrate and new ones can run side by side
  adopt --finish   once no old release is left: renames db-migrate's table, so that db-migrate stops
  adopt --undo     before or after --finish: goes back to db-migrate, with everything that is applied
Each shows its plan and asks first. Run each in every environment; running one again is safe.

In one transaction, each row of db-migrate's table becomes one row of knex_migrations, in the same order
and with its exact time. The old table stays and is kept up to date when knexward applies or reverts
db-migrate's files. Then adopt writes a knexfile, rewrites the scripts in package.json under their old
names, and renames database.json to database.json.bak once nothing needs it. The migration files stay
where they are, unchanged. Calls of db-migrate elsewhere (Dockerfile, Procfile, Makefile, workflows) are
rewritten where that is safe and listed where it is not. In a monorepo the rest of the repository is
searched too, and rewritten only with --rewrite-callers.

db-migrate wrote local times without a time zone. If this machine's zone, the server's, UTC and the one
that the files' dates suggest give different times, adopt asks which one is right and keeps the answer in
knexward-adopted.json for the other environments. Without a terminal or with --yes, --time-zone is
then required.

With --verify, adopt first replays the old files in a temporary database (see knexward verify --help) and
shows changes that were made by hand; with --yes it continues anyway.

Running adopt again is safe: it copies what db-migrate has applied since.

Examples:
  $ knexward adopt --dry-run
  $ knexward adopt --time-zone Europe/Berlin --verify
  $ knexward adopt --database-only --env production --yes
  $ knexward adopt --finish --env production --dry-run
  $ knexward adopt --undo`,
    )
    .action(async (options: AdoptOptions) => {
      const output = await outputOf(options);
      const { config, migrationsDir, table, schema, timeZone, databaseOnly, dryRun } = options;
      const { rewriteCallers } = options;
      const request = {
        ...configRequestOf(options),
        ...{ config, migrationsDir, table, schema, databaseOnly, dryRun },
        runId: output.runId,
        uses: (config: ResolvedConfig) => {
          // The knexfile may have no environment that is used where none is named.
          if (config.knexfile === null) actsOnEnvironment(config.environment);
          return output.uses(config);
        },
        onWaiting: () => output.note('warn', 'Waiting for another runner to finish'),
      };
      if (options.finish || options.undo) {
        const phases = await import('./adopt-phases.js');
        const work = options.finish ? phases.finish : phases.undo;
        return work(output, { request, yes: options.yes ?? false });
      }
      const { adopt } = await import('../adopt/adopt.js');
      const { renderOutcome, renderPlan } = await import('../report/adopt-text.js');
      const showPlan = (plan: Adoption) => {
        const listing = { verbose: options.verbose ?? false, local: output.interactive };
        for (const part of renderPlan(plan, output.colors, listing)) output.line(part);
      };
      let shown = false;
      const proof = options.verify ? proofFor(output) : undefined;
      const adoption = await adopt({
        ...{ ...request, timeZone, rewriteCallers, verify: proof?.options },
        chooseTimeZone: async (question) => {
          const { chooseTimeZone } = await import('./choose-time-zone.js');
          return chooseTimeZone(output, question, options);
        },
        confirm: async (plan) => {
          showPlan(plan);
          shown = true;
          const differs = (plan.proof?.drift.length ?? 0) > 0;
          const question = differs ? 'Adopt anyway?' : 'Apply this plan?';
          await output.confirm(question, options.yes ?? false);
        },
      }).finally(() => proof?.end());
      if (!shown) showPlan(adoption);
      output.result(output.options.json ? toDocument(adoption) : {}, () => renderOutcome(adoption));
      const { findingsOfWarnings } = await import('../report/finding.js');
      output.point(findingsOfWarnings(adoption.warnings));
    });
}

/** A replay takes a while: it shows where it is, and a signal stops it. */
function proofFor(output: Output): { options: ReplayOptions; end: () => void } {
  const stop = stopOnSignals((name) => output.note('warn', `${name}: stopping …`));
  return {
    options: {
      signal: stop.signal,
      ...replayProgress(output),
    },
    end: () => {
      stop.endWithSignal();
      output.status(null);
      stop.release();
    },
  };
}

/** The takeover in the form that the contract gives it. */
function toDocument(adoption: Adoption): Record<string, unknown> {
  const { environment, dryRun, timeZone, adopted, alreadyAdopted, warnings, verified } = adoption;
  return {
    ...{ action: 'adopt', environment, dryRun, timeZone },
    history: adoption.history.map(({ from, name, batch, appliedAt, file }) => ({
      ...{ from, name, batch, appliedAt, file },
    })),
    ...{ adopted, alreadyAdopted, reverted: adoption.reverted },
    files: adoption.files.map(({ path, action }) => ({ path, action })),
    ...{ warnings, verified },
    ...{ drift: adoption.proof?.drift ?? null, unproven: adoption.proof?.unproven ?? null },
  };
}
