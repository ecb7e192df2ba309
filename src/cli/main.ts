import { Command, CommanderError } from 'commander';
import { KnexwardError } from '../errors.js';
import { LOG_LEVELS } from '../report/levels.js';
import { version } from '../version.js';
import { addAdoptCommand } from './adopt.js';
import { surviveClosedPipes } from './closed-pipes.js';
import { addCreateCommand } from './create.js';
import { addDoctorCommand } from './doctor.js';
import { addDownCommand } from './down.js';
import { type CommonOptions, outputOf } from './options.js';
import { addRedoCommand } from './redo.js';
import { addResolveCommand } from './resolve.js';
import { addSnapshotCommand } from './snapshot.js';
import { addStatusCommand } from './status.js';
import { addUnlockCommand } from './unlock.js';
import { addUpCommand } from './up.js';
import { addVerifyCommand } from './verify.js';
import { addWaitCommand } from './wait.js';

/** Runs the command line: parses, carries out, reports, and ends the process. */
export async function main(argv: readonly string[]): Promise<void> {
  surviveClosedPipes();
  // stdout is for results: what a migration, or Knex, prints on the way goes to stderr.
  console.log = console.info = console.debug = console.error;
  const program = createProgram();
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    const exitCode = await reportError(error, argv);
    process.exitCode ??= exitCode;
  }
  // A migration may have left something open (a pool, a timer); the command is done all the same.
  await Promise.all([flush(process.stdout), flush(process.stderr)]);
  process.exit();
}

/** Every command with its options and its help; the pages in docs/reference are made from it. */
export function createProgram(): Command {
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
  addUpCommand(program);
  addDownCommand(program);
  addStatusCommand(program);
  addCreateCommand(program);
  addRedoCommand(program);
  addWaitCommand(program);
  addAdoptCommand(program);
  addDoctorCommand(program);
  addVerifyCommand(program);
  addSnapshotCommand(program);
  addUnlockCommand(program);
  addResolveCommand(program);
  return program;
}

/** Tells what went wrong, in the form that was asked for, and returns the exit code. */
async function reportError(error: unknown, argv: readonly string[]): Promise<number> {
  // The help or the version that was asked for has been written.
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  const { asKnexwardError, renderError } = await import('../report/error-text.js');
  const known = error instanceof CommanderError ? wrongUsage(error, argv) : asKnexwardError(error);
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

function wrongUsage(error: CommanderError, argv: readonly string[]): KnexwardError {
  const [command = ''] = argv.filter((word) => !word.startsWith('-'));
  const known = createProgram().commands.some((each) =>
    [each.name(), ...each.aliases()].includes(command),
  );
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
