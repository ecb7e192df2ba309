import { type InvalidIndex } from '../../database/invalid-indexes.js';
import { escapeLiteral } from 'pg';
import { type Check, green, yellow } from '../check.js';
import {
  type ActivityFacts,
  type OpenTransaction,
  type PreparedTransaction,
} from '../look/activity.js';
import { duration } from './settings.js';

const LONG_S = 60;
/** Of many of a kind, so many are told one by one. */
const SHOWN = 5;

/** What goes on in the database, and what was left behind in it. */
export function judgeActivity(facts: ActivityFacts): Check[] {
  const inTheWay = facts.transactions.filter(isInTheWay);
  const invalid = facts.invalidIndexes.filter(({ building }) => !building);
  return [
    ...some(inTheWay.map(judgeTransaction), () =>
      green('OPEN_TRANSACTION', 'no transaction has been open for long'),
    ),
    ...some(facts.prepared.map(judgePrepared), () =>
      green('PREPARED_TRANSACTION', 'no prepared transaction'),
    ),
    ...some(invalid.map(judgeIndex), () =>
      green('INVALID_INDEX', noInvalidIndex(facts.invalidIndexes)),
    ),
    judgeNotValidated(facts.notValidated),
  ];
}

/** One that works may end by itself; one that waits for its program may wait for ever. */
function isInTheWay({ state, seconds }: OpenTransaction): boolean {
  return seconds >= LONG_S || state.startsWith('idle in transaction');
}

function judgeTransaction(transaction: OpenTransaction): Check {
  const { pid, role, application, state, seconds, query, tables } = transaction;
  const who = `pid ${pid}, ${role}${application === '' ? '' : `, ${application}`}, ${state}`;
  const names = tables.slice(0, SHOWN).join(', ') + (tables.length > SHOWN ? ', …' : '');
  const holds =
    tables.length === 0
      ? 'It locks no table; a concurrent index build may wait for it.'
      : `A migration that changes ${names} waits for it.`;
  const message = `a transaction has been open for ${duration(seconds * 1000)} (${who}): ${query}. ${holds}`;
  return yellow('OPEN_TRANSACTION', message, `select pg_terminate_backend(${pid});`);
}

function judgePrepared({ gid, owner, seconds }: PreparedTransaction): Check {
  const name = escapeLiteral(gid);
  const message = `the prepared transaction ${name} of ${owner} has been open for ${duration(seconds * 1000)}, and holds its locks until somebody ends it`;
  return yellow('PREPARED_TRANSACTION', message, `rollback prepared ${name}; (or commit prepared)`);
}

/** What an index is called that stands beside its own while that is being rebuilt. */
const OF_A_REINDEX = /_cc(?:new|old)\d*"?$/;

function judgeIndex({ name, table, partitioned }: InvalidIndex): Check {
  if (partitioned) {
    const message = `the index ${name} of the partitioned table ${table} is invalid: not all partitions have theirs`;
    const fix = `alter index ${name} attach partition <index of a partition>; (for each that is missing)`;
    return yellow('INVALID_INDEX', message, fix);
  }
  const message = `the index ${name} on ${table} is invalid: its build was interrupted or failed. It slows down writes and helps no query`;
  const drop = `drop index concurrently ${name};`;
  const fix = OF_A_REINDEX.test(name)
    ? drop
    : `${drop} (or, to complete it: reindex index concurrently ${name};)`;
  return yellow('INVALID_INDEX', message, fix);
}

function noInvalidIndex(all: readonly InvalidIndex[]): string {
  const building = all.map(({ name }) => name);
  return building.length === 0
    ? 'every index is valid'
    : `every index is valid, except those being built now: ${building.join(', ')}`;
}

function judgeNotValidated(names: readonly string[]): Check {
  if (names.length === 0) return green('NOT_VALIDATED', 'every constraint is validated');
  const shown = names.slice(0, SHOWN).join(', ') + (names.length > SHOWN ? ', …' : '');
  return green('NOT_VALIDATED', `${names.length} constraints are not validated: ${shown}`);
}

function some(checks: Check[], otherwise: () => Check): Check[] {
  if (checks.length === 0) return [otherwise()];
  const more = checks.length - SHOWN;
  const last = checks[SHOWN - 1];
  if (more <= 0 || !last) return checks;
  const told = { ...last, message: `${last.message} (and ${more} more like it)` };
  return [...checks.slice(0, SHOWN - 1), told];
}
