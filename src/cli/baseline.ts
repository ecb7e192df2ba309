import { type Command } from 'commander';
import { endWith } from './exit.js';
import { resolveConfig, type ResolvedConfig } from '../config/resolve.js';
import { type Output } from '../report/output.js';
import { type BaselineOptions } from '../squash/write.js';
import { type CommonOptions, configRequestOf, outputOf, withCommonOptions } from './options.js';
import { replayProgress } from './replay-progress.js';
import { stopOnSignals } from './signals.js';

/** The check found that the baseline is not what a replay gives. */
const CHECK_FOUND = 6;

type BaselineCommandOptions = CommonOptions & { check?: boolean; yes?: boolean };

export function addBaselineCommand(program: Command): void {
  withCommonOptions(
    program
      .command('baseline')
      .argument('[name]', 'last migration to include (default: the newest)')
      .description('write all migrations as one SQL file, which up loads into an empty database')
      .option('--check', 'write nothing; exit with code 6 if the file differs from a replay')
      .option('-y, --yes', 'also write values that are different in each replay'),
  )
    .addHelpText(
      'after',
      `
Writes one plain SQL file next to the migrations folder (knexward.baseline in the knexfile sets another
path): the schema, the rows and the sequence values that the migrations leave in an empty database. On an
empty database, up loads the file and records the history that it replaces in one transaction, and then
runs the migrations after it. Commit the file. A database that is not empty ignores it, and so does a
project whose migration files no longer match it.

The migrations are replayed twice in temporary databases. A column whose values differ between the two
(now(), gen_random_uuid()) is left to its default if that produces them; otherwise baseline asks. The
file is loaded and compared with a replay before it is written, and each time verify runs. The project's
own database is only read.

Examples:
  $ knexward baseline
  $ knexward baseline 20260101120000_add_email.ts   up to and including that one
  $ knexward baseline --check                       in a pipeline
  $ knexward up --no-baseline                       as if there were none`,
    )
    .action(async (name: string | undefined, options: BaselineCommandOptions) => {
      const output = await outputOf(options);
      const config = output.uses(await resolveConfig(configRequestOf(options)));
      const stop = stopOnSignals((signal) => output.note('warn', `${signal}: stopping …`));
      const request: BaselineOptions = {
        signal: stop.signal,
        onEmbedded: (folder) => output.note('info', `Using the embedded PostgreSQL in ${folder}`),
        ...replayProgress(output),
      };
      try {
        if (options.check) await check(config, request, output);
        else await write(config, name, request, output, options.yes ?? false);
      } catch (error) {
        stop.endWithSignal();
        throw error;
      } finally {
        stop.release();
      }
    });
}

async function write(
  config: ResolvedConfig,
  name: string | undefined,
  request: BaselineOptions,
  output: Output,
  yes: boolean,
): Promise<void> {
  const { takeBaseline } = await import('../squash/write.js');
  const { renderBaseline, renderFrozenQuestion } = await import('../report/baseline-text.js');
  const written = await takeBaseline(config, name, {
    ...request,
    confirmFrozen: (frozen) => output.confirm(renderFrozenQuestion(frozen), yes, null),
  });
  output.result({ ...written }, () => renderBaseline(written, output.colors));
}

async function check(
  config: ResolvedConfig,
  request: BaselineOptions,
  output: Output,
): Promise<void> {
  const { checkBaseline } = await import('../squash/write.js');
  const { renderBaselineCheck } = await import('../report/baseline-text.js');
  const { findingsOfDifferences } = await import('../report/finding.js');
  const found = await checkBaseline(config, request);
  output.result({ ...found }, () =>
    renderBaselineCheck(found, output.colors)
      .map((line) => `${line}\n`)
      .join(''),
  );
  output.point(findingsOfDifferences(found.differences));
  if (!found.inSync) endWith(CHECK_FOUND);
}
