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
      .description('take the project over from db-migrate: show the plan, ask, apply')
      .addOption(
        new Option('--finish', "set db-migrate's table aside: old releases stop").conflicts('undo'),
      )
      .option('--undo', 'go back to db-migrate, also after --finish')
      .addOption(
        new Option(
          '--verify',
          'prove first that the files give the schema that is there',
        ).conflicts(['finish', 'undo']),
      )
      .option('--dry-run', 'show the plan, change nothing')
      .addOption(
        new Option('--verbose', 'list every row, and each moment in full').conflicts([
          'finish',
          'undo',
        ]),
      )
      .option('-y, --yes', 'do not ask')
      .option('--database-only', 'see to the database, leave the files alone')
      .addOption(
        new Option(
          '--rewrite-callers',
          "rewrite calls outside of the project's folder too, in the repository around it",
        ).conflicts(['finish', 'undo', 'databaseOnly']),
      )
      .addOption(
        new Option(
          '--time-zone <name>',
          "the zone of db-migrate's times, where it would be asked for",
        ).conflicts(['finish', 'undo']),
      )
      .option('--config <file>', "db-migrate's configuration; else database.json")
      .option(
        '--migrations-dir <folder>',
        'the migrations; else as the scripts and .db-migraterc say',
      )
      .option('--table <name>', "db-migrate's table; else migrations")
      .option('--schema <name>', 'the schema of that table; else as configured, else public'),
  )
    .addHelpText(
      'after',
      `
A takeover has two steps and a way back:
  adopt            carries over; old releases with db-migrate and new ones run side by side
  adopt --finish   once no old release is left: db-migrate's table is set aside, db-migrate stops
  adopt --undo     before --finish or after it: db-migrate finds all that is applied, and goes on
Each shows first what it would do, and asks. Each can be repeated, and is, in every environment.

What adopt does, in one transaction: each row of db-migrate's table becomes one row of
knex_migrations, in the same order and with its true moment; the old table stays, and is kept in
step with what knexward applies and reverts of db-migrate's files. Then it writes a
knexfile, rewrites package.json's scripts under their old names, and renames database.json to
database.json.bak once nothing needs it any more. The migrations stay where they are, as they are.
Calls of db-migrate elsewhere (Dockerfile, Procfile, Makefile, workflows) are rewritten where that is
safe, and listed where it is not. In a monorepo the rest of the repository is searched too; what
lies outside of the project's folder is rewritten with --rewrite-callers only.

db-migrate wrote the local time of the machine that it ran on, without a zone. Where this machine's
zone, the server's, UTC and the one that the dates of the files speak for give different moments,
adopt asks which one it is, and keeps the answer in knexward-adopted.json for the other
environments. Without a terminal, or with --yes, --time-zone is required then.

With --verify it replays the old files first, in a database made for the moment (see knexward verify
--help), and shows what was changed by hand in the past; with --yes it goes on all the same.

Repeating it is harmless: it picks up what db-migrate has applied meanwhile.

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
          const question = differs ? 'Take over all the same?' : 'Apply this plan?';
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
