import { KnexwardError } from 'knexward/compat';
import { helpText } from '../help.js';
import { type Internals } from '../internals.js';
import { check } from './check.js';
import { create } from './create.js';
import { database } from './database.js';
import { down } from './down.js';
import { seed } from './seed.js';
import { sync } from './sync.js';
import { undoSeed } from './undo-seed.js';
import { up } from './up.js';

type Command = (internals: Internals) => Promise<unknown>;

const COMMANDS: Readonly<Record<string, Command>> = {
  up: (internals) => up(withDestination(internals)),
  down: (internals) => {
    const { argv } = internals;
    // With a name the name alone says how far.
    if (argv._.length > 0) argv.count ??= Number.MAX_VALUE;
    return down(withDestination(internals));
  },
  reset: (internals) => {
    internals.argv.count = Number.MAX_VALUE;
    return down(withDestination(internals));
  },
  sync: (internals) => {
    if (internals.argv._.length === 0) throw syncMissing();
    internals.argv.count = Number.MAX_VALUE;
    return sync(withDestination(internals));
  },
  check,
  create,
};

/**
 * Runs the command that the options name, with its scope: `up:tenant`, `db:create`, `seed:static`.
 *
 * @throws KnexwardError `USAGE` for a command that there is not
 */
export function runCommand(internals: Internals): Promise<unknown> {
  const [action = '', ...rest] = (internals.argv._.shift() ?? '').split(':');
  const command = Object.hasOwn(COMMANDS, action) ? COMMANDS[action] : undefined;
  if (command) {
    internals.migrationMode = rest[0] || undefined;
    return command(internals);
  }
  if (action === 'db') {
    internals.mode = rest[0];
    return database(internals);
  }
  if (action === 'seed') return runSeed(internals, rest);
  return runPlugin(internals, action);
}

function runSeed(internals: Internals, [mode, scope]: readonly string[]): Promise<unknown> {
  internals.mode = mode || 'vc';
  internals.migrationMode = scope || undefined;
  const { argv } = internals;
  const [first] = argv._;
  if (first !== 'down' && first !== 'reset') return seed(internals);
  argv._.shift();
  if (first === 'reset') argv.count = Number.MAX_VALUE;
  return undoSeed(internals);
}

function runPlugin(internals: Internals, action: string): Promise<unknown> {
  const hook = `run:default:action:${action}:overwrite`;
  const { plugins } = internals;
  if (plugins.has(hook)) return Promise.resolve(plugins.call(hook, internals)[0]);
  process.stderr.write(helpText());
  const isTransition = action === 'transition';
  throw new KnexwardError('USAGE', {
    message: isTransition
      ? 'The command transition rewrites migrations of 2013 and 2014; it is not available.'
      : 'Invalid Action: Must be [up|down|check|create|reset|sync|db|seed].',
    fix: isTransition ? 'They run as they are.' : 'db-migrate --help shows all options.',
  });
}

/** What follows the command is the migration to go to. */
function withDestination(internals: Internals): Internals {
  const { argv } = internals;
  const destination = argv._.shift();
  if (destination !== undefined) argv.destination = destination;
  return internals;
}

function syncMissing(): KnexwardError {
  return new KnexwardError('USAGE', {
    message: 'Missing sync destination!',
    fix: 'Name the migration to go to: db-migrate sync 20200101120000',
  });
}
