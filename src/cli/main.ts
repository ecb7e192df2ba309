import { Command, CommanderError } from 'commander';
import { ERROR_CODES } from '../errors.js';
import { asKnexwardError, renderError } from '../report/error-text.js';
import { version } from '../version.js';
import { addAdoptCommand } from './adopt.js';
import { addCreateCommand } from './create.js';
import { addDownCommand } from './down.js';
import { type CommonOptions, outputOf } from './options.js';
import { addRedoCommand } from './redo.js';
import { addResolveCommand } from './resolve.js';
import { addSnapshotCommand } from './snapshot.js';
import { addStatusCommand } from './status.js';
import { addUnlockCommand } from './unlock.js';
import { addUpCommand } from './up.js';
import { addWaitCommand } from './wait.js';

/** Runs the command line: parses, carries out, reports, and ends the process. */
export async function main(argv: readonly string[]): Promise<void> {
  // stdout is for results: what a migration, or Knex, prints on the way goes to stderr.
  console.log = console.info = console.debug = console.error;
  const program = createProgram();
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    const exitCode = reportError(error, argv);
    process.exitCode ??= exitCode;
  }
  // A migration may have left something open (a pool, a timer); the command is done all the same.
  await Promise.all([flush(process.stdout), flush(process.stderr)]);
  process.exit();
}

function createProgram(): Command {
  const program = new Command('knexward')
    .description('Take a project from db-migrate to Knex, and run its migrations safely.')
    .version(version)
    .exitOverride()
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
  addSnapshotCommand(program);
  addUnlockCommand(program);
  addResolveCommand(program);
  return program;
}

/** Tells what went wrong, in the form that was asked for, and returns the exit code. */
function reportError(error: unknown, argv: readonly string[]): number {
  if (error instanceof CommanderError) {
    // Commander has written its message, or the help or version that was asked for.
    return error.exitCode === 0 ? 0 : ERROR_CODES.USAGE;
  }
  const known = asKnexwardError(error);
  const { code, message, fix } = known;
  const output = outputOf(optionsIn(argv));
  output.result({ error: { code, message, fix } }, () => '');
  if (!output.options.json) {
    const withStack = output.shows('debug') || code === 'INTERNAL';
    output.note('error', renderError(known, output.colors, withStack).trimEnd());
  }
  return known.exitCode;
}

/** How to speak, as far as the words of a command line that went wrong tell. */
function optionsIn(argv: readonly string[]): CommonOptions {
  return {
    json: argv.includes('--json'),
    logFormat: 'text',
    logLevel: argv.join(' ').includes('--log-level debug') ? 'debug' : 'info',
    color: !argv.includes('--no-color'),
  };
}

function flush(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}
