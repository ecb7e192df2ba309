import { Command, CommanderError } from 'commander';
import { KnexwardError } from '../errors.js';
import { LOG_LEVELS } from '../report/levels.js';
import { version } from '../version.js';
import { surviveClosedPipes } from './closed-pipes.js';
import { exitAtOnce, runAsProcess } from './exit.js';
import { type CommonOptions, outputOf } from './options.js';

/** Adds a command to the program. */
type AddCommand = (program: Command) => void;

/** Every command, in the order of the help; one that is not asked for is not even loaded. */
const COMMANDS: Record<string, () => Promise<AddCommand>> = {
  up: async () => (await import('./up.js')).addUpCommand,
  down: async () => (await import('./down.js')).addDownCommand,
  status: async () => (await import('./status.js')).addStatusCommand,
  create: async () => (await import('./create.js')).addCreateCommand,
  init: async () => (await import('./init.js')).addInitCommand,
  redo: async () => (await import('./redo.js')).addRedoCommand,
  db: async () => (await import('./db.js')).addDbCommand,
  wait: async () => (await import('./wait.js')).addWaitCommand,
  adopt: async () => (await import('./adopt.js')).addAdoptCommand,
  doctor: async () => (await import('./doctor.js')).addDoctorCommand,
  plan: async () => (await import('./plan.js')).addPlanCommand,
  verify: async () => (await import('./verify.js')).addVerifyCommand,
  baseline: async () => (await import('./baseline.js')).addBaselineCommand,
  snapshot: async () => (await import('./snapshot.js')).addSnapshotCommand,
  unlock: async () => (await import('./unlock.js')).addUnlockCommand,
  resolve: async () => (await import('./resolve.js')).addResolveCommand,
};

/** Runs the command line: parses, carries out, reports, and ends the process. */
export async function main(argv: readonly string[]): Promise<void> {
  surviveClosedPipes();
  // stdout is for results: what a migration, or Knex, prints on the way goes to stderr.
  console.log = console.info = console.debug = console.error;
  const command = async (): Promise<unknown> =>
    (await createProgram(argv[0])).parseAsync([...argv], { from: 'user' });
  const exitCode = await runAsProcess(command, (error) => reportError(error, argv));
  // A migration may have left something open (a pool, a timer); the command is done all the same.
  await Promise.all([flush(process.stdout), flush(process.stderr)]);
  exitAtOnce(exitCode);
}

/**
 * The program with the command that is asked for; with all of them where that is none, from which
 * the pages in docs/reference are made.
 */
export async function createProgram(asked = ''): Promise<Command> {
  const program = new Command('knexward')
    .description('Take a project from db-migrate to Knex, and run its migrations safely.')
    .version(version)
    .exitOverride()
    // What commander complains about is reported like any other error.
    .configureOutput({ outputError: () => undefined })
    .showSuggestionAfterError()
    .configureHelp({ sortSubcommands: false })
    .addHelpText(
      'after',
      `
Exit codes: 0 done, 1 a migration failed, 2 wrong usage or configuration, 3 no connection,
4 another runner holds the lock, 5 history and files disagree, 6 a check found something.`,
    );
  const names = Object.hasOwn(COMMANDS, asked) ? [asked] : Object.keys(COMMANDS);
  for (const name of names) (await COMMANDS[name]?.())?.(program);
  return program;
}

/** Tells what went wrong, in the form that was asked for, and returns the exit code. */
async function reportError(error: unknown, argv: readonly string[]): Promise<number> {
  // The help or the version that was asked for has been written.
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  const { asKnexwardError, renderError } = await import('../report/error-text.js');
  const known =
    error instanceof CommanderError ? await wrongUsage(error, argv) : asKnexwardError(error);
  // Without a command, commander has written the help, which says more.
  if (error instanceof CommanderError && error.code === 'commander.help') return known.exitCode;
  const { code, message, fix, page } = known;
  const output = await outputOf(optionsIn(argv));
  output.result({ error: { code, message, fix, page } }, () => '');
  if (!output.options.json || output.options.logFormat === 'json') {
    const withStack = output.shows('debug') || code === 'INTERNAL';
    const text = renderError(known, output.colors, withStack).trimEnd();
    const fields = { code, fix, page, ...(withStack && { stack: known.stack }) };
    output.note('error', text, { message, fields });
  }
  const { findingOfError } = await import('../report/finding.js');
  output.point([findingOfError(known)]);
  return known.exitCode;
}

async function wrongUsage(error: CommanderError, argv: readonly string[]): Promise<KnexwardError> {
  const [command = ''] = argv.filter((word) => !word.startsWith('-'));
  const { commands } = await createProgram();
  const known = commands.some((each) => [each.name(), ...each.aliases()].includes(command));
  return new KnexwardError('USAGE', {
    message: error.message.replace(/^error: /, '').replace(/\.?\n/, '. '),
    fix: `See what there is: knexward ${known ? `${command} ` : ''}--help`,
  });
}

/** How to speak, as far as the words of a command line that went wrong tell. */
function optionsIn(argv: readonly string[]): CommonOptions {
  const valueOf = (option: string): string | undefined => {
    const joined = argv.find((word) => word.startsWith(`${option}=`));
    return joined?.slice(option.length + 1) ?? argv[argv.indexOf(option) + 1 || argv.length];
  };
  const level = valueOf('--log-level');
  return {
    json: argv.includes('--json'),
    logFormat: valueOf('--log-format') === 'json' ? 'json' : 'text',
    logLevel: LOG_LEVELS.find((known) => known === level) ?? 'info',
    color: !argv.includes('--no-color'),
  };
}

function flush(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}
