import { nameOf, type Command, type FaultKind, HOLDS_TABLE, type Schedule } from './schedule.js';

const FROM = {
  start: '',
  look: ' from its first look on',
  change: ' from its first change on',
  commit: ' from its first commit on',
};

const LASTS = new Set<FaultKind>(['freeze', 'suspend', 'stall', ...HOLDS_TABLE]);

const LIBRARY_CALLS = {
  up: 'createMigrator().up()',
  down: 'createMigrator().down({ count: 1 })',
  latest: 'knexMigrate(knex).latest()',
};

/** A schedule for a person to read. */
export function describeSchedule(schedule: Schedule): string {
  const { migrations, applied, surroundings, runners, tableLock, diskFull } = schedule;
  return [
    `migrations (${applied} applied before):`,
    ...migrations.map((migration, index) => `  ${nameOf(migration, index)}${traits(migration)}`),
    `on: ${surroundingsText(surroundings)}`,
    ...(tableLock
      ? [
          `another session holds the table of the ${tableLock.table} at ${tableLock.atMs} ms for ${tableLock.forMs} ms${tableLock.ended ? ', until the server ends it' : ''}`,
        ]
      : []),
    ...(diskFull ? [`the disk is full at row ${diskFull.row} of the ${diskFull.table}`] : []),
    ...runners.flatMap(({ command, json, atMs, afterFault, faults }, index) => [
      `runner ${index + 1}: at ${atMs} ms${afterFault ? ' after the first fault' : ''}, ${commandText(command)}${json ? ' --json' : ''}`,
      ...faults.map(
        ({ kind, from, message, when, ms }) =>
          `  ${when} its message ${message}${FROM[from]}: ${kind}${LASTS.has(kind) ? ` for ${ms} ms` : ''}`,
      ),
    ]),
  ].join('\n');
}

function traits(migration: Schedule['migrations'][number]): string {
  const { transaction, style, sleepMs, sleepIn, ending, session, index, table } = migration;
  const said = [
    transaction ? '' : 'no transaction',
    style === 'await' ? '' : style,
    sleepMs === 0 ? '' : `sleeps ${sleepMs} ms in the ${sleepIn}`,
    ending === 'well' ? '' : ending,
    session === null ? '' : `sets ${session}`,
    index ? 'index concurrently' : '',
    table ? '' : 'no table',
  ].filter((text) => text !== '');
  return said.length === 0 ? '' : `  ${said.join(', ')}`;
}

function surroundingsText(surroundings: Schedule['surroundings']): string {
  const { role, route, roleSettings, poolMax, queryTimeoutMs, lockTimeout, retries, waitForLock } =
    surroundings;
  return [
    role === 'few' ? 'a role with few rights' : 'the owner',
    route === 'pooled' ? 'PgBouncer in transaction mode' : 'straight to the server',
    ...roleSettings,
    `pool of ${poolMax}`,
    ...(queryTimeoutMs === null ? [] : [`query_timeout ${queryTimeoutMs} ms`]),
    ...(lockTimeout === null ? [] : [`lockTimeout ${lockTimeout}`]),
    ...(retries === null ? [] : [`retries ${retries}`]),
    `waitForLock ${waitForLock}`,
  ].join(', ');
}

function commandText(command: Command): string {
  switch (command.kind) {
    case 'up':
      return command.count === null ? 'up' : `up --count ${command.count}`;
    case 'down':
      return { last: 'down --count 1', batch: 'down', all: 'down --all' }[command.extent];
    case 'resolve':
      return `resolve of migration ${command.migration + 1}, with the truth of that moment`;
    case 'by hand':
      return `a person ${command.verdict === 'applied' ? 'makes the next change' : 'takes the last change back'} in psql, and resolves it`;
    case 'library':
      return LIBRARY_CALLS[command.call];
    case 'knex':
      return 'knex migrate:latest';
    default:
      return command.kind;
  }
}
