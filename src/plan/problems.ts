import { countOf } from '../count.js';
import { commandLine, commandLineInScope } from '../command-line.js';
import { KnexwardError, type ProblemCode } from '../errors.js';
import { type ChangedFile } from '../files/changed.js';
import { applyAgain } from './apply-again.js';
import { type Migration } from '../files/find.js';
import { type RenamedFile } from '../files/renamed.js';
import { compareNames } from '../files/name.js';
import { scopeOf } from '../files/scope.js';
import { type FailedChange } from '../history/outcomes.js';
import { type History, type HistoryRow, type KnexLockState } from '../history/read.js';
import { describeOutOfOrder, findOutOfOrder, type OrderPolicy } from './out-of-order.js';
import { renameFix } from './renamed.js';
import { inScopeOfRun } from './scope.js';
import { type UnfinishedEvidence } from '../history/evidence.js';
import { describeUnfinished, resolveCommand } from './unfinished.js';

/** Something that is wrong, or that a person should know. */
export interface Problem {
  code: ProblemCode;
  /** The migration that it is about, or `null` where it is about the whole. */
  migration: string | null;
  message: string;
  fix: string;
}

/** What was looked at beside the names of files and the history. */
export interface Evidence extends UnfinishedEvidence {
  /** The applied migrations whose files are not what they were when they were applied. */
  changedFiles: readonly ChangedFile[];
  /** The applied migrations whose files have another name now, under which they are pending. */
  renamedFiles: readonly RenamedFile[];
}

/** Nothing was looked at. */
export const NO_EVIDENCE: Evidence = {
  changedFiles: [],
  renamedFiles: [],
  invalidIndexes: [],
  atWork: [],
};

/** All that is wrong, the most pressing first. Pure. */
export function findProblems(
  files: readonly Migration[],
  history: History,
  evidence: Evidence,
  order: OrderPolicy,
): Problem[] {
  const { dbMigrate, unfinished, failed, knexLock, nameless } = history;
  const applied = new Set(history.rows.map(({ name }) => name));
  const known = new Set([...files, ...history.rows].map(({ name }) => name));
  return [
    ...(dbMigrate && dbMigrate.unadopted > 0 ? [notAdopted(dbMigrate.unadopted)] : []),
    ...(dbMigrate?.reverted ?? []).map(revertedByDbMigrate),
    ...unfinished.map((change): Problem => ({
      code: 'UNFINISHED',
      migration: change.name,
      message: describeUnfinished(change, evidence),
      fix: resolveCommand(change, evidence),
    })),
    ...failed
      .filter((change) => known.has(change.name) && isStillOpen(change, applied))
      .map(failedBefore),
    ...evidence.renamedFiles.map(renamedFile),
    ...problemsOfRows(files, history.rows, evidence.renamedFiles),
    ...(nameless > 0 ? [rowsWithoutName(nameless)] : []),
    ...evidence.changedFiles.map(changedFile),
    ...outOfOrder(files, history, order),
    ...lockProblems(knexLock),
  ];
}

function notAdopted(count: number): Problem {
  return {
    code: 'NOT_ADOPTED',
    migration: null,
    message: `${countOf(count, 'row')} of db-migrate's history ${count === 1 ? 'is' : 'are'} not copied`,
    fix: `Run "${commandLine('adopt')}"; if the project's files are already taken over, run "${commandLine('adopt', '--database-only')}".`,
  };
}

function revertedByDbMigrate(name: string): Problem {
  return {
    code: 'NOT_ADOPTED',
    migration: name,
    message: 'db-migrate reverted it after its history was copied',
    fix: commandLine('adopt', '--database-only'),
  };
}

/**
 * Whether a failure still says something: not of a migration that has got to where it was to go, by
 * plain Knex perhaps, nor of a revert that has changed nothing, or whose steps are all applied again.
 */
function isStillOpen(
  { name, direction, leftovers, reverted }: FailedChange,
  applied: ReadonlySet<string>,
): boolean {
  if (direction === 'up') return !applied.has(name);
  if (reverted.length > 0) return reverted.some((each) => !applied.has(each));
  return applied.has(name) && leftovers;
}

function failedBefore(change: FailedChange): Problem {
  const { name, at, direction, message, reverted, notReached } = change;
  const again = `Correct it, then run "${commandLineInScope(scopeOf(name), direction)}" again.`;
  const attempt = direction === 'up' ? 'applying it' : 'reverting it';
  const told = `${attempt} failed at ${at}: ${message}`;
  if (direction === 'up' || reverted.length === 0) {
    return { code: 'FAILED', migration: name, message: told, fix: again };
  }
  const rest = notReached.length > 0 ? `; not reached: ${listed(notReached)}` : '';
  return {
    code: 'PARTLY_REVERTED',
    migration: name,
    message: `${told}; reverted before it: ${listed(reverted)}${rest}`,
    fix: `${again} To apply them again instead: ${commandLineInScope(scopeOf(name), 'up')}`,
  };
}

function problemsOfRows(
  files: readonly Migration[],
  rows: readonly HistoryRow[],
  renamed: readonly RenamedFile[],
): Problem[] {
  // What has become of the file of a renamed one is told already.
  const found = new Set([...files.map(({ name }) => name), ...renamed.map(({ from }) => from)]);
  // Whether the files of another scope exist is for that scope's own status to tell.
  const own = new Set(inScopeOfRun(files, rows));
  const newest = files.at(-1)?.name;
  const seen = new Set<string>();
  const ahead: string[] = [];
  const problems: Problem[] = [];
  for (const row of rows) {
    const { name } = row;
    if (seen.has(name)) problems.push(duplicateRow(name));
    else if (own.has(row) && !found.has(name)) {
      if (newest !== undefined && compareNames(name, newest) > 0) ahead.push(name);
      else problems.push(missingFile(name));
    }
    seen.add(name);
  }
  return ahead.length > 0 ? [...problems, databaseAhead(ahead)] : problems;
}

function renamedFile(renamed: RenamedFile): Problem {
  return {
    code: 'RENAMED_FILE',
    migration: renamed.from,
    message: `applied, and its file is called ${renamed.to} now: the content is the same`,
    fix: renameFix(renamed),
  };
}

function missingFile(name: string): Problem {
  return {
    code: 'MISSING_FILE',
    migration: name,
    message: 'applied, but its file is not in the migrations folder',
    fix: `Restore the file if you may want to revert it; up continues without it. If it was renamed, record its new name: "${commandLine('resolve', name, '--renamed-to', 'NEW')}".`,
  };
}

function databaseAhead(names: readonly string[]): Problem {
  return {
    code: 'AHEAD',
    migration: null,
    message: `the database is ahead of these files by ${countOf(names.length, 'migration')}: ${listed(names)}`,
    fix: 'If this is an older release, you do not have to do anything: up continues. Otherwise, bring the files up to date.',
  };
}

/** More names than these tell nobody more. */
const MOST_LISTED = 100;

function listed(names: readonly string[]): string {
  const more = names.length - MOST_LISTED;
  return `${names.slice(0, MOST_LISTED).join(', ')}${more > 0 ? ` … and ${more} more` : ''}`;
}

function duplicateRow(name: string): Problem {
  return {
    code: 'DUPLICATE_ROW',
    migration: name,
    message: 'the history has more than one row for it',
    fix: 'You do not have to do anything: reverting it removes every row with this name.',
  };
}

function rowsWithoutName(count: number): Problem {
  return {
    code: 'ROW_WITHOUT_NAME',
    migration: null,
    message: `the history has ${countOf(count, 'row')} without a name`,
    fix: 'Delete them by hand: they stand for no migration, and plain Knex stops at them.',
  };
}

function changedFile(file: ChangedFile): Problem {
  const { name, change, wasEmpty } = file;
  const again = `To apply it in development: ${applyAgain(file)}`;
  const rest = `If the file is right: ${acceptCommand(name)}`;
  return {
    code: 'CHANGED_FILE',
    migration: name,
    message: wasEmpty
      ? 'it sent no statement when it was applied and was edited afterwards: none of its changes are in the database'
      : `its file was edited after it was applied${describeChange(change)}`,
    fix: wasEmpty
      ? `To apply it: ${applyAgain(file)}. ${rest}`
      : `Put the change into a new migration and restore the file. ${again}. ${rest}`,
  };
}

/** The error that `up` stops with where applied files were edited, for projects that want that. */
export function changedFilesError(changed: readonly ChangedFile[]): KnexwardError {
  const told = changed.map(({ name, change }) => `${name}${describeChange(change)}`).join('; ');
  return new KnexwardError('CHANGED_FILE', {
    message: `${countOf(changed.length, 'file was edited after it was', 'files were edited after they were')} applied, and the knexfile says to stop in this case (knexward.checksums). ${told}.`,
    fix: `Put what changed into a new migration and restore the file. If a file is right: ${changed
      .slice(0, MOST_SUGGESTED)
      .map(({ name }) => `"${acceptCommand(name)}"`)
      .join(', ')}`,
  });
}

/** One command shows how the others go. */
const MOST_SUGGESTED = 5;

function acceptCommand(name: string): string {
  return commandLine('resolve', name, '--accept-checksum');
}

/** What changed, where that is known: how much, and how to see it. */
function describeChange(change: ChangedFile['change']): string {
  if (change === null) return '';
  const { commit, added, removed } = change;
  return `: since commit ${commit}, lines added: ${added}, removed: ${removed} (git diff ${commit})`;
}

/** Where the configuration does not care, nothing is said. */
function outOfOrder(files: readonly Migration[], history: History, order: OrderPolicy): Problem[] {
  if (order.outOfOrder === 'allow') return [];
  const verb = order.outOfOrder === 'refuse' ? 'up refuses it' : 'up applies it anyway';
  return findOutOfOrder(files, history, order).map((found) => ({
    code: 'OUT_OF_ORDER',
    migration: found.name,
    message: `pending, although ${describeOutOfOrder(found)}`,
    fix: `${verb}. If it has to come after, give its file a newer timestamp.`,
  }));
}

function lockProblems(knexLock: KnexLockState): Problem[] {
  if (knexLock === 'knex') {
    return [
      {
        code: 'KNEX_LOCKED',
        migration: null,
        message: "Knex's lock is held: a knex migrate command is running, or was killed",
        fix: `If none runs: ${commandLine('unlock')}`,
      },
    ];
  }
  if (knexLock === 'knexward') {
    return [
      {
        code: 'LEFT_LOCK',
        migration: null,
        message: "Knex's lock is held by a knexward run that is still running, or was killed",
        fix: 'You do not have to do anything: the next up releases it.',
      },
    ];
  }
  return [];
}
