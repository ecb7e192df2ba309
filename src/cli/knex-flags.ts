import { KnexwardError } from '../errors.js';

/** A flag of Knex's command line, and what becomes of it. */
interface FlagOfKnex {
  takesValue: boolean;
  /**
   * @returns the words in its place; `null` where the command has the flag itself
   * @throws KnexwardError `USAGE` where it cannot be honoured
   */
  translate(command: string, value: string | undefined): readonly string[] | null;
}

const POSTGRES = new Set(['pg', 'postgres', 'postgresql']);

/** The commands that have the flag themselves; `seed` names each file anyway. */
const HAVE_VERBOSE = new Set(['fleet', 'up', 'down', 'status', 'adopt', 'doctor']);

/** Knex's flags that knexward does not have under the same name, or not with every command. */
export const FLAGS_OF_KNEX: Readonly<Record<string, FlagOfKnex>> = {
  '--connection': {
    takesValue: true,
    translate: (_, value) => (value === undefined ? ['--url'] : ['--url', value]),
  },
  '--client': { takesValue: true, translate: (_, value) => refuseOtherClient(value) },
  // ES modules and TypeScript are loaded without it.
  '--esm': { takesValue: false, translate: () => [] },
  '--verbose': {
    takesValue: false,
    translate: (command) => {
      if (HAVE_VERBOSE.has(command)) return null;
      if (command === 'seed') return [];
      return refuse('--verbose', 'Leave it out, or give --log-level debug.');
    },
  },
  '--debug': refused(
    '--debug',
    'Give --log-level debug for more of what knexward does, run the command plan for the SQL, or set debug: true in the knexfile.',
  ),
  '--disable-transactions': refused(
    '--disable-transactions',
    'Write exports.config = { transaction: false } in the migration that needs it, or set migrations.disableTransactions in the knexfile.',
  ),
  '--stub': {
    takesValue: true,
    translate: (command) =>
      command === 'seed:make' ? null : refuse('--stub', 'Set migrations.stub in the knexfile.'),
  },
  '--knexpath': {
    ...refused('--knexpath', "Leave it out: knexward uses the project's own Knex."),
    takesValue: true,
  },
  '--migrations-directory': {
    ...refused('--migrations-directory', 'Set migrations.directory in the knexfile.'),
    takesValue: true,
  },
  '--migrations-table-name': {
    ...refused('--migrations-table-name', 'Set migrations.tableName in the knexfile.'),
    takesValue: true,
  },
};

/** The flag without a value that is joined to it by `=`. */
export function flagOf(word: string): string {
  const end = word.indexOf('=');
  return end < 0 ? word : word.slice(0, end);
}

function refused(flag: string, fix: string): FlagOfKnex {
  return { takesValue: false, translate: () => refuse(flag, fix) };
}

function refuse(flag: string, fix: string): never {
  throw new KnexwardError('USAGE', {
    message: `knexward does not take Knex's ${flag} here. Nothing was changed.`,
    fix,
  });
}

/** knexward has no other client than PostgreSQL's: to ask for it is to ask for what is. */
function refuseOtherClient(value: string | undefined): readonly string[] {
  if (value !== undefined && POSTGRES.has(value)) return [];
  throw new KnexwardError('UNSUPPORTED_CLIENT', {
    message: `--client is "${value ?? ''}"; knexward works with PostgreSQL only.`,
    fix: 'Give --client pg, or leave it out.',
  });
}
