import { Command, CommanderError } from 'commander';
import { KnexwardError, StoppedByMigration } from '../errors.js';
import { LOG_LEVELS } from '../report/levels.js';
import { version } from '../version.js';
import { surviveClosedPipes } from './closed-pipes.js';
import { exitAtOnce, runAsProcess } from './exit.js';
import { keepSecretsIn, refuseOddValues } from './given-values.js';
import { aliasesOf, inOwnWords, KNEX_WORDS, takeApart } from './knex-words.js';
import { type CommonOptions, outputOf } from './options.js';
import { tellError } from './tell-error.js';

/** Adds a command to the program. */
type AddCommand = (program: Command) => void;

/** Every command, in the order of the help; one that is not asked for is not even loaded. */
const COMMANDS: Record<string, () => Promise<AddCommand>> = {
  up: async () => (await import('./up.js')).addUpCommand,
  down: async () => (await import('./down.js')).addDownCommand,
  status: async () => (await import('./status.js')).addStatusCommand,
  currentVersion: async () => (await import('./current-version.js')).addCurrentVersionCommand,
  create: async () => (await import('./create.js')).addCreateCommand,
  init: async () => (await import('./init.js')).addInitCommand,
  seed: async () => (await import('./seed.js')).addSeedCommand,
  'seed:make': async () => (await import('./seed.js')).addSeedMakeCommand,
  reset: async () => (await import('./reset.js')).addResetCommand,
  redo: async () => (await import('./redo.js')).addRedoCommand,
  db: async () => (await import('./db.js')).addDbCommand,
  wait: async () => (await import('./wait.js')).addWaitCommand,
  adopt: async () => (await import('./adopt.js')).addAdoptCommand,
  doctor: async () => (await import('./doctor.js')).addDoctorCommand,
  plan: async () => (await import('./plan.js')).addPlanCommand,
  verify: async () => (await import('./verify.js')).addVerifyCommand,
  baseline: async () => (await import('./baseline.js')).addBaselineCommand,
  snapshot: async () => (await import('./snapshot.js')).addSnapshotCommand,
  report: async () => (await import('./report.js')).addReportCommand,
  fleet: async () => (await import('./fleet.js')).addFleetCommand,
  unlock: async () => (await import('./unlock.js')).addUnlockCommand,
  completion: async () => {
    const { addCompletionCommand } = await import('./completion.js');
    return (program) => addCompletionCommand(program, createProgram);
  },
  resolve: async () => (await import('./resolve.js')).addResolveCommand,
};

/** Runs the command line: parses, carries out, reports, and ends the process. */
export async function main(argv: readonly string[]): Promise<void> {
  surviveClosedPipes();
  keepSecretsIn(argv);
  // stdout is for results: what a migration, or Knex, prints on the way goes to stderr.
  console.log = console.info = console.debug = console.error;
  const command = async (): Promise<unknown> => {
    const words = inOwnWords(argv);
    const program = await createProgram(words[0]);
    return program.parseAsync(words, { from: 'user' });
  };
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
    .description(
      'Run Knex migrations on PostgreSQL safely, and move a project from db-migrate to Knex.',
    )
    .version(version)
    .hook('preAction', (_, action) => refuseOddValues(action))
    .exitOverride()
    // What commander complains about is reported like any other error.
    .configureOutput({ outputError: () => undefined })
    .showSuggestionAfterError()
    .configureHelp({
      sortSubcommands: false,
      // Knex's words for them are told below.
      subcommandTerm: (command) => `${command.name()} ${command.usage()}`,
    })
    .addHelpText(
      'after',
      `
Knex's command names work too:
${knexWordsHelp()}
Knex's options work, or are refused with an explanation: see docs/knex-words.md.

Exit codes: 0 done, 1 a migration failed, 2 wrong usage or configuration, 3 no connection,
4 another runner holds the lock, 5 history and files disagree, 6 a check found something.
When something goes wrong: node_modules/knexward/docs/runbook.md`,
    );
  const names = Object.hasOwn(COMMANDS, asked) ? [asked] : Object.keys(COMMANDS);
  for (const name of names) (await COMMANDS[name]?.())?.(program);
  for (const command of program.commands) command.aliases(aliasesOf(command.name()));
  return program;
}

/** Each of Knex's words, beside the command that it comes to. */
function knexWordsHelp(): string {
  return Object.entries(KNEX_WORDS)
    .filter(([word]) => word.includes(':'))
    .map(([word, { command, takes, adds }]) => {
      const name = takes === 'a name' ? ' <name>' : '';
      const named = adds ? `, or ${[command, '<name>', ...adds(true)].join(' ')}` : '';
      return `  ${word.padEnd(24)}${[command, ...(adds?.(false) ?? [])].join(' ')}${name}${named}`;
    })
    .join('\n');
}

/** Tells what went wrong, in the form that was asked for, and returns the exit code. */
async function reportError(error: unknown, argv: readonly string[]): Promise<number> {
  // The help or the version that was asked for has been written.
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  const isUsage = error instanceof CommanderError;
  const known = isUsage
    ? await wrongUsage(error, argv)
    : error instanceof StoppedByMigration
      ? endedByProject(error, argv)
      : error;
  // Without a command, commander has written the help, which says more.
  if (isUsage && error.code === 'commander.help') return (known as KnexwardError).exitCode;
  return tellError(await outputOf(optionsIn(argv)), known);
}

/** What the code of a project did to the process while no migration ran. */
function endedByProject(reason: StoppedByMigration, argv: readonly string[]): KnexwardError {
  const { command = '' } = takeApart(argv);
  const isSeed = command === 'seed' || KNEX_WORDS[command]?.command === 'seed';
  return new KnexwardError(isSeed ? 'SEED_FAILED' : 'KNEXFILE_BROKEN', {
    message: `${isSeed ? 'The knexfile or a seed' : 'The knexfile'} did what would end the process. ${reason.message}`,
    fix: 'Await each promise that it makes or handle its error, and throw an error instead of calling process.exit.',
    cause: reason,
  });
}

async function wrongUsage(error: CommanderError, argv: readonly string[]): Promise<KnexwardError> {
  const { command = '' } = takeApart(argv);
  const { commands } = await createProgram();
  const known = commands.flatMap((each) => [each.name(), ...each.aliases()]);
  const { hintFor, unknownCommand } = await import('./foreign-words.js');
  const unknown = error.code === 'commander.unknownCommand';
  // Such as "db push".
  const hint = unknown || error.code === 'commander.excessArguments' ? hintFor(argv) : undefined;
  if (hint) return hint;
  const isKnown = known.includes(command);
  // Of a command with verbs, it is the verb that is unknown.
  const message =
    unknown && !isKnown
      ? unknownCommand(command, [...known, ...Object.keys(KNEX_WORDS)])
      : error.message;
  return new KnexwardError('USAGE', {
    message: message.replace(/^error: /, '').replace(/\.?\n/, '. '),
    fix: `Show the help: ${['knexward', ...(isKnown ? [command] : []), ...verbIn(argv, command, commands), '--help'].join(' ')}`,
  });
}

/** The verb of a command that has several, where it is given. */
function verbIn(argv: readonly string[], command: string, all: readonly Command[]): string[] {
  const verbs = all.find((each) => each.name() === command)?.commands ?? [];
  return argv.filter((word) => verbs.some((verb) => verb.name() === word)).slice(0, 1);
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
