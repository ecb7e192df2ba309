import { countOf } from '../count.js';
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
      .description('show the SQL that up would run, or write it to a file')
      .option('-c, --count <n>', 'plan at most n migrations', parseCount)
      .option('--down', 'show what down would run')
      .option('--all', 'with --down: revert every migration')
      .addOption(scopeOption())
      .option('-o, --output <file>', 'write a SQL script that also updates the history')
      .option('--sql', 'print only that script, on stdout'),
  )
    .addHelpText(
      'after',
      `
Runs the pending migrations in a temporary database with the schema of the real one, and shows the SQL
that they send. This covers TypeScript, db-migrate's files, and code that queries before it acts. The real
database is only read. The temporary database has only the data that migrations insert, so a migration
that depends on other data is marked. On the project's own server, a migration that would change the
whole server (create role, alter database) is stopped: see knexward.shadow in docs/plan.md.

The SQL script is for teams whose database administrator applies changes by hand. It writes the history
and the journal as up does. Each change in it fails on a database whose history is not the one that the
plan was made for, so it cannot run twice. It includes the values that migrations bind: protect it as
you protect the migrations.

Exits with 1 if a migration fails; the migrations before it are shown in any case.

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
  const text = (): string => {
    if (sql) return renderScript(rehearsal);
    if (file === undefined || rehearsal.batch === null) return renderPlan(rehearsal, output.colors);
    return `Wrote ${file}: ${countOf(rehearsal.changes.length, 'migration')} as batch ${rehearsal.batch}\n`;
  };
  output.result(document, text, sql);
  await reportFailure(asDryRun(rehearsal, output.runId), output);
}

function refuseContradictions(name: string | undefined, options: PlanCommandOptions): void {
  const { count, down, all, output, sql, json } = options;
  const given = [name, count, all].filter((way) => way !== undefined);
  if (down && given.length > 1) {
    throw usage(
      'A name, --count and --all each say how far down to go; give only one of them.',
      'Leave out the others.',
    );
  }
  if (all && !down)
    throw usage(
      '--all needs --down: without it, every pending migration is planned.',
      'Leave it out.',
    );
  if (sql && (output !== undefined || json)) {
    throw usage('--sql prints SQL and nothing else.', 'Leave out --output and --json, or --sql.');
  }
}

function usage(message: string, fix: string): KnexwardError {
  return new KnexwardError('USAGE', { message, fix });
}
