import { DB_MIGRATE, exitAtOnce, readDotenv } from 'knexward/compat';
import { type ArgvSources, readArgv } from './argv.js';
import { type Environment, readEnvironment } from './environment.js';
import { endOnUncaught } from './uncaught.js';
import { helpText } from './help.js';
import { Instance } from './instance.js';
import { type Internals, type OnComplete } from './internals.js';
import { log, setVerbosity } from './log.js';
import { type Argv } from './options.js';
import { loadPlugins, type Plugin } from './plugins.js';

/** What a program may say of how db-migrate is to work. */
export interface InstanceOptions {
  /** The project's folder; the working directory unless given. */
  cwd?: string;
  /** The path of the configuration, or what it would hold. */
  config?: string | object;
  env?: string;
  /** Options of the command line, by their long names. */
  cmdOptions?: Record<string, unknown>;
  /** Leave uncaught errors of the process alone. */
  throwUncatched?: boolean;
  noPlugins?: boolean;
  plugins?: Record<string, Plugin[]>;
}

/**
 * db-migrate's entrance for programs.
 *
 * @param isModule `true` for a program. Else the process's own command line says what to do.
 * @param callback takes the place of db-migrate's own ending of every command
 * @throws KnexwardError where the configuration cannot be used
 *
 * @example
 * await getInstance(true, { env: 'production' }).up();
 */
export function getInstance(
  isModule?: boolean | OnComplete,
  options: InstanceOptions | OnComplete = {},
  callback?: OnComplete,
): Instance {
  const given = typeof options === 'function' ? {} : options;
  const ending = [callback, options, isModule].find((place) => typeof place === 'function');
  const cwd = given.cwd ?? process.cwd();
  readDotenv(process.cwd());
  if (!given.throwUncatched) endOnUncaught();
  const forProgram = isModule === true;
  const argv = readArgv(argvSources(cwd, given, forProgram));
  if (!forProgram) answerQuestions(argv);
  return new Instance(createInternals(argv, cwd, given, forProgram, ending ?? null));
}

function argvSources(cwd: string, given: InstanceOptions, forProgram: boolean): ArgvSources {
  const { config, cmdOptions = {} } = given;
  return {
    cwd,
    words: process.argv.slice(2),
    configFile: typeof config === 'string' ? config : undefined,
    cmdOptions: forProgram ? cmdOptions : null,
  };
}

function createInternals(
  argv: Argv,
  cwd: string,
  given: InstanceOptions,
  isModule: boolean,
  onComplete: OnComplete | null,
): Internals {
  const plugins = loadPlugins(given.noPlugins ? null : cwd, given.plugins);
  const { verbose } = argv;
  const dryRun = argv['dry-run'] ?? false;
  setVerbosity(verbose, dryRun);
  if (argv['log-level']) log.setLogLevel(argv['log-level']);
  if (dryRun) log.info('dry run');
  if (argv.check) log.info('check');
  const environment = readEnvironment({
    file: argv.config,
    content: typeof given.config === 'object' ? given.config : undefined,
    wanted: given.env ?? argv.env,
    plugins,
  });
  if (verbose) showSettings(environment);
  return {
    ...{ argv, isModule, cwd, environment, plugins, dbm: DB_MIGRATE, onComplete, verbose, dryRun },
    check: argv.check ?? false,
    notransactions: argv['non-transactional'],
    ignoreCompleted: argv['ignore-completed-migrations'],
    migrationTable: argv.table,
    seedTable: argv['seeds-table'],
    migrationOptions: { dbmigrate: DB_MIGRATE, ignoreOnInit: argv['ignore-on-init'] ?? false },
  };
}

function showSettings({ name, connection }: Environment): void {
  const { password, connectionString: _secret, ...open } = connection;
  log.info('Using', name, 'settings:', { ...open, ...(password && { password: '******' }) });
}

/** `--version`, `--help`, and no command at all are answered at once. */
function answerQuestions({ version: wantsVersion, help, _: words }: Argv): void {
  if (wantsVersion) {
    process.stdout.write(`${DB_MIGRATE.version}\n`);
    exitAtOnce(0);
  }
  if (help) {
    process.stdout.write(helpText());
    exitAtOnce(0);
  }
  if (words.length > 0) return;
  process.stderr.write(helpText());
  exitAtOnce(1);
}
