/** One of db-migrate's options. */
export interface Option {
  name: string;
  /** Other names; one letter each, or a word. */
  aliases: readonly string[];
  type: 'string' | 'boolean';
  text: string;
}

const option = (
  name: string,
  type: Option['type'],
  text: string,
  ...aliases: readonly string[]
): Option => ({ name, type, text, aliases });

/** The options of db-migrate 0.11.14. */
export const OPTIONS: readonly Option[] = [
  option('env', 'string', 'The environment to run the migrations under.', 'e'),
  option('migrations-dir', 'string', 'The folder of the migrations.', 'm'),
  option('count', 'string', 'At most so many migrations.', 'c'),
  option('dry-run', 'boolean', 'Print the SQL, do not run it.'),
  option('check', 'boolean', 'Print the migrations that would run, do not run them.'),
  option('force-exit', 'boolean', 'End the process as soon as all is done.'),
  option('verbose', 'boolean', 'Tell more.', 'v'),
  option('help', 'boolean', 'Show this.', 'h', '?'),
  option('version', 'boolean', 'Print the version of db-migrate that this stands for.', 'i'),
  option('config', 'string', 'The path of database.json.'),
  option('sql-file', 'boolean', 'create: also make two SQL files that the migration runs.'),
  option('coffee-file', 'boolean', 'create: not available; CoffeeScript is not read.'),
  option('ignore-on-init', 'boolean', 'create: a migration that can be told to do nothing.'),
  option('table', 'string', "The table that db-migrate's history is in.", 't', 'migration-table'),
  option('seeds-table', 'string', 'The table with the history of the seeds.'),
  option('vcseeder-dir', 'string', 'The folder of the version controlled seeds.'),
  option('staticseeder-dir', 'string', 'The folder of the static seeds.'),
  option('non-transactional', 'boolean', 'Run without a transaction.'),
  option('ignore-completed-migrations', 'boolean', 'Start at the first migration.'),
  option('log-level', 'string', 'What to tell, for example sql|warn.'),
];

/** What all parts go by: db-migrate's options, its words, and what a program has set beside them. */
export interface Argv {
  /** The words that are no options: the command and what follows it. */
  _: string[];
  env?: string;
  config: string;
  configFile?: string;
  'migrations-dir': string;
  'vcseeder-dir': string;
  'staticseeder-dir': string;
  table: string;
  'seeds-table': string;
  /** A number, or digits. */
  count?: number | string;
  /** The migration to go up or down to. */
  destination?: string;
  verbose: boolean;
  'force-exit': boolean;
  'sql-file': boolean;
  'coffee-file'?: boolean;
  'ignore-on-init'?: boolean;
  'non-transactional': boolean;
  'ignore-completed-migrations': boolean;
  'dry-run'?: boolean;
  check?: boolean;
  help?: boolean;
  version?: boolean;
  'log-level'?: string;
  [other: string]: unknown;
}

/** What holds where nothing is said. The paths follow from the project's folder. */
export function defaults(cwd: string, configFile: string | undefined): Argv {
  return {
    _: [],
    verbose: false,
    table: 'migrations',
    'seeds-table': 'seeds',
    'force-exit': false,
    'sql-file': false,
    'non-transactional': false,
    config: configFile ?? `${cwd}/database.json`,
    'migrations-dir': `${cwd}/migrations`,
    'vcseeder-dir': `${cwd}/VCSeeder`,
    'staticseeder-dir': `${cwd}/Seeder`,
    'ignore-completed-migrations': false,
  };
}
