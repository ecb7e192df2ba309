import { LEAST_RUN_NUMBER } from '../../src/history/tables';
import { mayDie } from './claims.js';
import { type EffectRow, type JournalRow, type Snapshot, type TrailRow } from './effects.js';
import { isAtomic, netOf } from './model.js';
import { type Observation } from './observe.js';
import { expectedSession } from './project-folder.js';
import { documentOf, type StatusDocument } from './recover.js';
import { nameOf, type PlannedMigration, TAKES_LOCK } from './schedule.js';
import { type Violations } from './violation.js';

/** What is seen of one migration, at one moment. */
interface Subject {
  name: string;
  migration: PlannedMigration;
  effects: EffectRow[];
  words: JournalRow[];
  rows: number;
}

/** What holds for each migration after the runners have ended, and again at the end. */
export function checkChanges(seen: Observation, violations: Violations): void {
  const { schedule, after, end } = seen;
  const excused = excusedNames(seen);
  const disturbed = isDisturbed(seen);
  for (const [index, migration] of schedule.migrations.entries()) {
    const name = nameOf(migration, index);
    if (excused.has(name)) continue;
    const now = subjectOf(name, migration, after);
    checkNotTwice(subjectOf(name, migration, end), violations);
    checkRecorded(now, disturbed, violations);
    checkReported(now, documentOf<StatusDocument>(seen.recovery.status), violations);
    if (!after.effects.some((row) => row.name === name && isKnexEffect(seen, row))) {
      checkJournal(now, violations);
    }
  }
  checkLate(seen, violations);
  checkSurroundings(seen, violations);
}

function subjectOf(name: string, migration: PlannedMigration, snapshot: Snapshot): Subject {
  return {
    ...{ name, migration },
    effects: snapshot.effects.filter((row) => row.name === name),
    words: snapshot.journal.filter((row) => row.name === name),
    rows: (snapshot.history ?? []).filter((row) => row === name).length,
  };
}

function isKnexEffect({ schedule }: Observation, { runner }: EffectRow): boolean {
  return runner !== null && schedule.runners[runner]?.command.kind === 'knex';
}

/**
 * Nobody promises anything of what Knex itself was cut off at, nor of what somebody resolved with a
 * verdict that was true when he looked, and not any more when it was recorded.
 */
export function excusedNames(seen: Observation): Set<string> {
  const { outcomes, after } = seen;
  const knexFailed = outcomes.some(
    ({ planned, code }) => planned.command.kind === 'knex' && code !== 0,
  );
  const byKnex = knexFailed
    ? after.effects.filter((row) => isKnexEffect(seen, row)).map(({ name }) => name)
    : [];
  const resolved = outcomes.flatMap(({ resolved: said }) => {
    if (!said) return [];
    const { name, verdict } = said;
    const effects = after.effects.filter((row) => row.name === name);
    const words = after.journal.filter((row) => row.name === name);
    const stale = words.some((word) => {
      if (word.event !== 'resolved' || wasUnfinished(words, word)) return false;
      const present = netOf(effects.filter(({ at }) => at < word.at)) > 0;
      return present !== (verdict === 'applied');
    });
    return said.stale || stale ? [name] : [];
  });
  return new Set([...byKnex, ...resolved]);
}

function wasUnfinished(words: readonly JournalRow[], resolved: JournalRow): boolean {
  const before = words.filter(({ id }) => id < resolved.id).at(-1);
  return before?.event === 'started' || before?.endUnknown === true;
}

/** Between two times that it completes in one direction, something has to have taken the first back. */
function checkNotTwice({ name, effects, words, migration }: Subject, violations: Violations): void {
  // One that commits a part by itself does that part again, where it is cut off after it: in another run.
  if (migration.transaction && !isAtomic(migration)) {
    checkNotTwiceInOneRun(name, effects, violations);
    return checkToldUnknown({ name, effects, words }, violations);
  }
  const said = (from: EffectRow, to: EffectRow, test: (word: JournalRow) => boolean): boolean =>
    words.some((word) => word.at > from.at && word.at < to.at && test(word));
  for (const part of ['end', 'begin'] as const) {
    const rows = effects.filter((row) => row.part === part || row.direction === 'hand');
    for (const [index, row] of rows.entries()) {
      const before = rows[index - 1];
      if (!before || before.direction !== row.direction || row.direction === 'hand') continue;
      // Who has resolved it the other way says that nothing of it is left.
      const other = row.direction === 'up' ? 'reverted' : 'applied';
      const resolved = said(
        before,
        row,
        ({ event, verdict }) => event === 'resolved' && verdict === other,
      );
      const refused = said(
        before,
        row,
        ({ event, endUnknown }) => event === 'failed' && !endUnknown,
      );
      if (resolved || (part === 'begin' && refused)) continue;
      violations.add(
        'twice',
        `${name} ${part === 'end' ? 'took effect' : 'began'} twice (${row.direction}): ${describe(before)}, then ${describe(row)}`,
      );
    }
  }
}

/** What is tried again by itself has left nothing of the attempt before, neither its beginning nor its end. */
function checkNotTwiceInOneRun(
  name: string,
  effects: readonly EffectRow[],
  violations: Violations,
): void {
  for (const [index, row] of effects.entries()) {
    const before = effects
      .slice(0, index)
      .filter(({ application, part }) => application === row.application && part === row.part)
      .at(-1);
    if (before?.direction !== row.direction) continue;
    violations.add(
      'twice',
      `${name} ${row.part === 'end' ? 'took effect' : 'began'} twice in one run (${row.direction}): ${describe(before)}, then ${describe(row)}`,
    );
  }
}

/** Who lives to tell of what is done and not recorded does not tell it as if it could be done again. */
function checkToldUnknown(
  { name, effects, words }: Pick<Subject, 'name' | 'effects' | 'words'>,
  violations: Violations,
): void {
  for (const { part, application, direction, id } of effects) {
    const isToldAsUndone = words.some(
      (word) =>
        word.event === 'failed' &&
        word.direction === direction &&
        application.endsWith(word.runId) &&
        !word.endUnknown,
    );
    if (part !== 'end' || !isToldAsUndone) continue;
    violations.add('twice', `${name} may run again after it took effect (effect ${id})`);
  }
}

function describe({ runner, application, id }: EffectRow): string {
  return `effect ${id} of ${runner === null ? application : `runner ${runner + 1}`}`;
}

function checkRecorded(
  { name, migration, effects, rows }: Subject,
  disturbed: boolean,
  violations: Violations,
): void {
  if (rows > 1) violations.add('history and effects', `${name} has ${rows} history rows`);
  if (!migration.transaction) return;
  if (!isAtomic(migration) && disturbed) return;
  const net = netOf(effects);
  if (net === rows) return;
  violations.add('history and effects', `${name}: ${net} in the database, ${rows} in the history`);
}

/** Outside a transaction, effect and row may part; then status has to say so. */
function checkReported(
  { name, migration, effects, words, rows }: Subject,
  status: StatusDocument | null,
  violations: Violations,
): void {
  if (migration.transaction || !status?.problems) return;
  const half = effects.at(-1)?.part === 'begin';
  if (!half && netOf(effects) === rows) return;
  const last = words.at(-1);
  // Somebody has dealt with it since.
  if (last?.event === 'resolved' && last.at > (effects.at(-1)?.at ?? 0)) return;
  const reported = status.problems.some(
    ({ code, migration: of }) => of === name && (code === 'UNFINISHED' || code === 'FAILED'),
  );
  if (reported) return;
  violations.add(
    'unreported',
    `${name}: ${half ? 'begun and not ended' : `${netOf(effects)} in the database, ${rows} in the history`}; status has no problem with it`,
  );
}

const ENDS = new Set(['applied', 'reverted', 'resolved']);

function checkJournal({ name, words, rows }: Subject, violations: Violations): void {
  const ends = words.filter(({ event }) => ENDS.has(event));
  const last = ends.at(-1);
  const applied =
    last?.event === 'applied' || (last?.event === 'resolved' && last.verdict === 'applied');
  if (applied !== rows > 0) {
    violations.add(
      'journal and history',
      `${name}: the journal ends with ${last ? `${last.event} ${last.verdict ?? ''}`.trim() : 'nothing'}, the history has ${rows} rows`,
    );
  }
  for (const [index, word] of ends.entries()) {
    const before = ends[index - 1];
    if (word.event === 'resolved' || before?.event !== word.event) continue;
    violations.add('journal and history', `${name}: ${word.event} twice in the journal`);
  }
}

/**
 * What the code of a change still sends may arrive until the failure is recorded, and nothing after that. In a transaction,
 * nothing arrives that is not committed with the rest, and nothing that was sent after a part of it had failed.
 */
function checkLate({ schedule, end }: Observation, violations: Violations): void {
  const isOf = (row: TrailRow, other: TrailRow): boolean =>
    other.name === row.name && other.application === row.application;
  const isPooled = schedule.surroundings.route === 'pooled';
  for (const row of end.trail) {
    const migration = schedule.migrations.find((one, index) => nameOf(one, index) === row.name);
    const recorded = end.journal.find(
      ({ event, name, runId }) =>
        event === 'failed' && name === row.name && row.application.endsWith(runId),
    );
    const astray =
      migration?.transaction &&
      (row.part === 'late' ||
        (row.part === 'batch' &&
          !end.trail.some((other) => isOf(row, other) && other.part === 'begin')));
    // Behind a pooler no session can be ended. A run that cannot know says so.
    const isTooLate = recorded && recorded.at < row.at && !(isPooled && recorded.saidUnknown);
    if (!astray && !isTooLate) continue;
    violations.add('goes on', `${row.name} did something (${row.part}) after it had failed`);
    return;
  }
}

/** What the migrations found around them. */
function checkSurroundings(seen: Observation, violations: Violations): void {
  const { path, zone } = expectedSession(seen.schedule.surroundings);
  const told = new Set<string>();
  const once = (rule: 'Knex lock open' | 'session state', text: string): void => {
    if (!told.has(text)) violations.add(rule, text);
    told.add(text);
  };
  for (const row of seen.end.effects) {
    if (!row.application.startsWith('knexward ') || row.direction === 'hand') continue;
    if ((row.locked ?? 0) < LEAST_RUN_NUMBER && row.part === 'end' && !lostItsLock(seen, row)) {
      once('Knex lock open', `${row.name} ran while is_locked was ${String(row.locked)}`);
    }
    if (row.part !== 'begin') continue;
    const found = row.path.replaceAll('"', '');
    if (found !== path) once('session state', `${row.name} began with the search path ${found}`);
    if (row.zone !== zone)
      once('session state', `${row.name} began with the time zone ${row.zone}`);
  }
}

/**
 * Whether it may have lost the lock in the middle of its change, or its process, after which the server
 * can go on with a statement. Then another run can have taken over, found nothing that it may do, and
 * have given Knex's lock back.
 */
function lostItsLock({ outcomes, schedule }: Observation, { runner }: EffectRow): boolean {
  const pooled = schedule.surroundings.route === 'pooled';
  return outcomes.some(
    (outcome) =>
      outcome.struck.includes('restart server') ||
      ((pooled || outcome.index === runner) &&
        (mayDie(outcome) || outcome.struck.some((kind) => TAKES_LOCK.has(kind)))),
  );
}

/** Whether anything but the runners themselves happened. */
function isDisturbed({ schedule, outcomes, tableHeld }: Observation): boolean {
  const { surroundings, diskFull } = schedule;
  return (
    outcomes.some(({ struck, hung }) => struck.length > 0 || hung) ||
    tableHeld ||
    diskFull !== null ||
    surroundings.roleSettings.length > 0 ||
    surroundings.queryTimeoutMs !== null ||
    surroundings.lockTimeout !== null ||
    surroundings.poolMax === 1
  );
}
