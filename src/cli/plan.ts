import { type Command } from 'commander';
import { resolveConfig } from '../config/resolve.js';
import { KnexwardError } from '../errors.js';
import {
  type CommonOptions,
  configRequestOf,
  outputOf,
  parseCount,
  scopeOption,
  withCommonOptions,
} from './options.js';
import { asDryRun, rehearseForCommand } from './rehearse-for-command.js';
import { reportFailure } from './run-and-report.js';

type PlanCommandOptions = CommonOptions & {
  count?: number;
  down?: boolean;
  all?: boolean;
  output?: string;
  sql?: boolean;
};

export function addPlanCommand(program: Command): void {
  withCommonOptions(
    program
      .command('plan')
      .argument('[name]', 'up to and including this migration; with --down, down to it')
      .description('show the SQL that up would run, or write it to a file for others to run')
      .option('-c, --count <n>', 'at most n migrations', parseCount)
      .option('--down', 'what down would run')
      .option('--all', 'with --down: all the way down')
      .addOption(scopeOption())
      .option('-o, --output <file>', 'write a SQL file that does all of it, history included')
      .option('--sql', 'print that SQL on stdout, and nothing else'),
  )
    .addHelpText(
      'after',
      `
Runs the pending migrations in a database made for the moment, in the state of the real one, and
shows what they send: TypeScript, db-migrate's files, data and code that queries first included.
The real database is only read. Nothing is guessed; but where a migration decides by data that it
reads, that is said, because the rehearsal has only the data that migrations make.

The SQL file is for those whose database administrator applies changes by hand. It writes the
history and the journal as up does, and each change in it refuses a database whose history is not
the one that the plan was made for, so it cannot be run twice. Values that migrations bind are in
it: treat it like the migrations themselves.

Exits with 1 where a migration fails; those before it are shown all the same.

Examples:
  $ knexward plan                        read what up would do
  $ knexward plan -c 1                   of the next one
  $ knexward plan --down                 of reverting the last batch
  $ knexward plan -e production -o release-42.sql
  $ psql "$DATABASE_URL" -v ON_ERROR_STOP=1 -f release-42.sql
  $ knexward plan --json | jq -r '.changes[] | select(.readsData) | .name'`,
    )
    .action(plan);
}

async function plan(name: string | undefined, options: PlanCommandOptions): Promise<void> {
  const { count, down = false, all, output: file, sql = false } = options;
  refuseContradictions(name, options);
  const output = await outputOf(options);
  // stdout is for the SQL alone.
  const say = sql ? (text: string) => output.note('info', text) : undefined;
  const config = output.uses(await resolveConfig(configRequestOf(options)), say);
  const { refuseOtherFile, writeScript } = await import('../rehearsal/write-script.js');
  if (file !== undefined) await refuseOtherFile(config.projectRoot, file);
  const extent = { name, count, all };
  const direction = down ? 'down' : 'up';
  const rehearsal = await rehearseForCommand(config, { direction, extent }, output);
  const { planDocument, renderPlan } = await import('../report/plan-text.js');
  const { renderScript } = await import('../rehearsal/script.js');
  if (file !== undefined) await writeScript(config.projectRoot, file, rehearsal);
  const document = { ...planDocument(rehearsal), ...(file !== undefined && { file }) };
  output.result(document, () => {
    if (sql) return renderScript(rehearsal);
    if (file === undefined || rehearsal.batch === null) return renderPlan(rehearsal, output.colors);
    return `Wrote ${file}: ${rehearsal.changes.length} migrations as batch ${rehearsal.batch}\n`;
  });
  await reportFailure(asDryRun(rehearsal, output.runId), output);
}

function refuseContradictions(name: string | undefined, options: PlanCommandOptions): void {
  const { count, down, all, output, sql, json } = options;
  const given = [name, count, all].filter((way) => way !== undefined);
  if (down && given.length > 1) {
    throw usage(
      'A name, --count and --all each say how far down to go; only one of them can be given.',
      'Leave out the others.',
    );
  }
  if (all && !down) throw usage('--all is for --down: up is all anyway.', 'Leave it out.');
  if (sql && (output !== undefined || json)) {
    throw usage('--sql prints SQL and nothing else.', 'Leave out --output and --json, or --sql.');
  }
}

function usage(message: string, fix: string): KnexwardError {
  return new KnexwardError('USAGE', { message, fix });
}
