import { type Command, Option } from 'commander';
import { resolveConfig, type ResolvedConfig } from '../config/resolve.js';
import { countOf } from '../count.js';
import { KnexwardError } from '../errors.js';
import { type Output } from '../report/output.js';
import { type Report } from '../report-page/model.js';
import { type CommonOptions, configRequestOf, outputOf, withCommonOptions } from './options.js';
import { replayProgress } from './replay-progress.js';
import { stopOnSignals } from './signals.js';

type Format = 'html' | 'md';
type ReportCommandOptions = CommonOptions & { output?: string; format?: Format; force?: boolean };

export function addReportCommand(program: Command): void {
  withCommonOptions(
    program
      .command('report')
      .description(
        'write one page about the database: pending SQL, problems, drift, schema, history',
      )
      .option('-o, --output <file>', 'the file to write, inside the project')
      .addOption(
        new Option(
          '--format <format>',
          'html or md; the default is md if the file name ends in .md, else html',
        ).choices(['html', 'md']),
      )
      .option('--force', 'overwrite a file that is not a report'),
  )
    .addHelpText(
      'after',
      `
Writes the results of plan, doctor, verify, snapshot and status to one file: the SQL of the pending
migrations, problems and drift with their fixes, a diagram of the tables that marks what changes, and
the history with durations. Attach the page to a change request, or post the Markdown as a comment on
a pull request.

The page is a single file. It loads nothing, runs no script, follows the light or dark setting, and
prints well. The Markdown fits into a comment on GitHub (65,536 characters). If something does not
fit, the report says what is missing. Without --output, the report goes to stdout.

report only reads your database. The SQL and the drift need a temporary database, as in plan and
verify, in which the migrations run. If there is none, or a migration would change the whole server
(create role), the report says why and contains everything else. Passwords in SQL and messages are
masked.

Exits with 0 if the report was written, whatever it says. To fail a pipeline, use status --check,
verify or doctor.

Examples:
  $ knexward report -o report.html
  $ knexward report -e production -o reports/release-42.html
  $ knexward report --format md > comment.md && gh pr comment 42 --body-file comment.md
  $ knexward report --json | jq '.plan.changes[].name'`,
    )
    .action(report);
}

async function report(options: ReportCommandOptions): Promise<void> {
  const { output: file, force = false, json = false } = options;
  const output = await outputOf(options);
  refuseContradictions(options, output);
  // Without a file, the report is the only output on stdout.
  const say = file === undefined ? (text: string) => output.note('info', text) : undefined;
  const config = output.uses(await resolveConfig(configRequestOf(options)), say);
  const { openReportFile } = await import('../report-page/file.js');
  const target = file === undefined ? null : await openReportFile(config.projectRoot, file, force);
  const gathered = await gather(config, options, output);
  const text = target || !json ? await render(gathered, formatOf(options)) : '';
  await target?.write(text);
  const { reportDocument } = await import('../report-page/document.js');
  const document = { ...reportDocument(gathered), ...(target && { file: target.name }) };
  output.result(document, () => (target ? `${summary(gathered, target.name)}\n` : text));
}

/** Refuses options that contradict each other, before anything is read. */
function refuseContradictions(
  { output: file, format, force, json }: ReportCommandOptions,
  output: Output,
): void {
  if (force && file === undefined)
    throw usage('--force has no effect without --output.', 'Give --output, or leave out --force.');
  if (json && format !== undefined && file === undefined)
    throw usage(
      '--json prints the data as JSON, so --format has no effect without --output.',
      'Leave one of them out, or give --output.',
    );
  if (file === undefined && output.interactive && (format ?? 'html') === 'html')
    throw usage(
      'The report is an HTML page, which a terminal cannot show.',
      'Write it to a file with -o report.html, or give --format md to read it here.',
    );
}

function usage(message: string, fix: string): KnexwardError {
  return new KnexwardError('USAGE', { message, fix });
}

function formatOf({ format, output }: ReportCommandOptions): Format {
  return format ?? (/\.(?:md|markdown)$/i.test(output ?? '') ? 'md' : 'html');
}

async function gather(
  config: ResolvedConfig,
  options: ReportCommandOptions,
  output: Output,
): Promise<Report> {
  const { gatherReport } = await import('../report-page/gather.js');
  const stop = stopOnSignals((name) => output.note('warn', `${name}: stopping …`));
  try {
    return await gatherReport(config, {
      project: configRequestOf(options),
      signal: stop.signal,
      onEmbedded: (folder) => output.note('info', `Using the embedded PostgreSQL in ${folder}`),
      onRehearse: (where, count) =>
        output.note('info', `Rehearsing ${countOf(count, 'migration')} on ${where} …`),
      ...replayProgress(output),
    });
  } catch (error) {
    stop.endWithSignal();
    throw error;
  } finally {
    output.status(null);
    stop.release();
  }
}

async function render(report: Report, format: Format): Promise<string> {
  if (format === 'md') {
    const { renderMarkdown } = await import('../report-page/markdown/document.js');
    return renderMarkdown(report);
  }
  const { pictureOf } = await import('../report-page/diagram/picture.js');
  const { renderPage } = await import('../report-page/html/page.js');
  return renderPage(report, await pictureOf(report.schema));
}

function summary({ applied, pending }: Report, file: string): string {
  return `Wrote ${file}: ${countOf(applied.length, 'applied migration')}, ${pending.length} pending`;
}
