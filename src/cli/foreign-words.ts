import { Command } from 'commander';
import { calledWith, commandLine } from '../command-line.js';
import { KnexwardError } from '../errors.js';
import { takeApart } from './knex-words.js';

/*
 * Words of other migration tools, and what does the same here. They are answered, and not carried out:
 * some mean nearly the same only.
 */

/** The calls that do what the word means elsewhere, and what is to be known about it. */
interface Answer {
  calls: readonly (readonly [string, ...string[]])[];
  note?: string;
  /** Only one of the calls is meant. */
  either?: true;
}

const UP: Answer = { calls: [['up']] };
const DOWN_ONE: Answer = { calls: [['down', '--count', '1']] };
const STATUS: Answer = { calls: [['status']] };
const CREATE: Answer = { calls: [['create', '<name>']] };
const SEED: Answer = { calls: [['seed']] };
const RESET: Answer = { calls: [['reset']] };
const SNAPSHOT: Answer = { calls: [['snapshot']] };
const WRITE: Answer = {
  calls: [['create', '<name>'], ['up']],
  note: 'knexward does not generate migrations from a schema.',
};

const WORDS: Readonly<Record<string, Answer>> = {
  // Prisma: prisma migrate …, prisma db …
  migrate: UP,
  deploy: UP,
  'migrate deploy': UP,
  dev: WRITE,
  'migrate dev': WRITE,
  'migrate reset': RESET,
  'migrate status': STATUS,
  'migrate resolve': { calls: [['resolve', '<name>']] },
  'migrate diff': { calls: [['verify']] },
  push: WRITE,
  'db push': WRITE,
  'db pull': SNAPSHOT,
  'db seed': SEED,
  pull: SNAPSHOT,
  validate: { calls: [['verify']] },
  diff: { calls: [['verify']] },
  // Drizzle
  generate: WRITE,
  introspect: SNAPSHOT,
  // dbmate
  new: CREATE,
  dump: SNAPSHOT,
  load: { calls: [['up']], note: 'On an empty database, up loads the baseline.' },
  drop: RESET,
  // Rails and Sequelize
  'db:migrate': UP,
  'db:migrate:status': STATUS,
  'db:migrate:redo': { calls: [['redo']] },
  'db:migrate:up': { calls: [['up', '<name>', '--only']] },
  'db:migrate:down': { calls: [['down', '<name>', '--only']] },
  'db:migrate:undo': DOWN_ONE,
  'db:migrate:undo:all': { calls: [['down', '--all']] },
  'db:rollback': DOWN_ONE,
  'db:reset': RESET,
  'db:drop': RESET,
  'db:setup': { calls: [['up'], ['seed']] },
  'db:prepare': { calls: [['up'], ['seed']] },
  'db:seed': SEED,
  'db:seed:all': SEED,
  'db:version': { calls: [['currentVersion']] },
  'db:schema:dump': SNAPSHOT,
  'migration:generate': CREATE,
  'seed:generate': { calls: [['seed:make', '<name>']] },
  undo: DOWN_ONE,
  // TypeORM
  run: UP,
  revert: DOWN_ONE,
  show: STATUS,
  'migration:create': CREATE,
  'migration:run': UP,
  'migration:revert': DOWN_ONE,
  'migration:show': STATUS,
  // db-migrate
  check: { calls: [['up', '--dry-run']] },
  sync: {
    calls: [
      ['up', '<name>'],
      ['down', '<name>'],
    ],
    note: 'It depends on what is applied: see status.',
    either: true,
  },
  'db:create': {
    calls: [['up']],
    note: 'knexward creates a database only in reset. Use CREATE DATABASE.',
  },
  // Flyway, Liquibase, Atlas
  info: STATUS,
  repair: { calls: [['resolve', '<name>']] },
  clean: RESET,
  update: UP,
  'rollback-count': { calls: [['down', '--count', '<n>']] },
  apply: UP,
  'migrate apply': UP,
  history: STATUS,
  pending: STATUS,
  // Knex 3.3; there it stops before that migration
  'migrate:before': {
    calls: [['up', '<name>']],
    note: 'Name the last migration to apply.',
  },
};

/** db-migrate's way to name a scope: up:tenant. */
const SCOPED = /^(up|down|create):(.+)$/;

/** The error that answers another tool's word; `undefined` where the word is nobody's. */
export function hintFor(argv: readonly string[]): KnexwardError | undefined {
  const { command = '', names, options } = takeApart(argv);
  const two = `${command} ${names[0] ?? ''}`;
  const said = Object.hasOwn(WORDS, two) ? two : command;
  const answer = Object.hasOwn(WORDS, said) ? WORDS[said] : answerScoped(command);
  if (!answer) return undefined;
  // The printed commands carry what the call said; commander has not read it.
  const valueOf = (...flags: string[]): string | undefined =>
    options.find(([flag = '']) => flags.includes(flag))?.[1];
  calledWith({
    env: valueOf('-e', '--env'),
    cwd: valueOf('--cwd'),
    knexfile: valueOf('--knexfile'),
    url: valueOf('--url', '--connection'),
    scope: valueOf('--scope'),
  });
  const calls = answer.calls
    .map((call) => `"${render(call)}"`)
    .join(answer.either ? ' or ' : ', then ');
  return new KnexwardError('USAGE', {
    message: `knexward has no command "${said}". Nothing was changed.`,
    fix: `Use ${calls}.${answer.note === undefined ? '' : ` ${answer.note}`}`,
  });
}

/** What the reader has to fill in is not quoted. */
function render([command, ...words]: readonly [string, ...string[]]): string {
  return commandLine(command, ...words).replace(/'(<\w+>)'/g, '$1');
}

function answerScoped(word: string): Answer | undefined {
  const [, command, scope] = SCOPED.exec(word) ?? [];
  if (command === undefined || scope === undefined) return undefined;
  const name = command === 'create' ? ['<name>'] : [];
  return { calls: [[command, ...name, '--scope', scope]] };
}

/** What commander says of a word that is no command: it suggests one that is written nearly so. */
export function unknownCommand(word: string, known: readonly string[]): string {
  const program = new Command().exitOverride().configureOutput({ outputError: () => undefined });
  for (const each of new Set(known)) program.command(each);
  try {
    program.parse([word], { from: 'user' });
  } catch (error) {
    return (error as Error).message;
  }
  return `unknown command '${word}'`;
}
