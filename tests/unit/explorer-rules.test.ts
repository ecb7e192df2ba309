import { runNumber } from '../../src/history/knex-lock';
import { type EffectRow, type JournalRow, type Snapshot, type TrailRow } from '../explore/effects';
import { violationsOf } from '../explore/invariants';
import { type Observation } from '../explore/observe';
import { type RunnerOutcome } from '../explore/runners';
import { type PlannedMigration, type Schedule } from '../explore/schedule';

const NAME = '20260101000001_m1.js';
const RUN = 'c0d78f67-2ad2-4023-91e3-049290dd4d08';

const MIGRATION: PlannedMigration = {
  ...{ format: 'knex', transaction: true, style: 'await', sleepMs: 0, sleepIn: 'server' },
  ...{ ending: 'well', session: null, index: false, table: true },
};

const SCHEDULE: Schedule = {
  migrations: [MIGRATION],
  applied: 0,
  surroundings: {
    ...{ role: 'owner', route: 'direct', roleSettings: [], poolMax: 10, queryTimeoutMs: null },
    ...{ lockTimeout: null, retries: null, waitForLock: '3s' },
  },
  runners: [{ command: { kind: 'up', count: null }, json: true, atMs: 0, faults: [] }],
  tableLock: null,
  diskFull: null,
};

const DONE = { runId: RUN, direction: 'up', done: [{ name: NAME }], failed: null, notReached: [] };

function outcome(document: unknown, code = 0): RunnerOutcome {
  return {
    ...{ index: 0, planned: SCHEDULE.runners[0] as RunnerOutcome['planned'], code, signal: null },
    ...{ stdout: JSON.stringify(document), stderr: '', struck: [], hung: false },
    ...{ resolved: null, tookMs: 10 },
  };
}

let id = 0;
function trailOf(part: TrailRow['part']): TrailRow {
  return { at: id + 10, name: NAME, part, application: `knexward ${RUN}` };
}

function effect(given: Partial<EffectRow> = {}): EffectRow {
  id++;
  return {
    ...{ id, at: id, name: NAME, direction: 'up', part: 'end', runner: 0, locked: runNumber(RUN) },
    ...{ application: `knexward ${RUN}`, path: '"$user", public', zone: 'UTC' },
    ...given,
  };
}

function word(event: string, given: Partial<JournalRow> = {}): JournalRow {
  id++;
  return {
    ...{ id, at: id, runId: RUN, event, name: NAME, verdict: null, direction: 'up' },
    ...{ endUnknown: false, saidUnknown: false, ...given },
  };
}

function snapshot(given: Partial<Snapshot> = {}): Snapshot {
  const effects = [effect({ part: 'begin' }), effect()];
  return { effects, trail: [], history: [NAME], journal: [word('applied')], isLocked: 0, ...given };
}

/** A run in which all is well. */
function observation(given: Partial<Observation> = {}): Observation {
  const seen = given.after ?? snapshot();
  const calm = outcome({ problems: [], done: [], failed: null });
  const recovery = {
    ...{ status: calm, unlock: null, resolves: [], up: calm, check: calm, wait: calm },
  };
  return {
    ...{ schedule: SCHEDULE, before: null, outcomes: [outcome(DONE)], leftSessions: [] },
    ...{ after: seen, recovery, end: seen, tableHeld: false, ...given },
  };
}

const rulesOf = (seen: Observation): string[] => [
  ...new Set(violationsOf(seen).map(({ rule }) => rule)),
];

describe("the explorer's rules (FR-006, FR-009)", () => {
  it('have nothing to say where all is well', () => {
    expect(violationsOf(observation())).toEqual([]);
  });

  it('notice a change that took effect twice', () => {
    const effects = [effect(), effect({ runner: 1 })];
    expect(rulesOf(observation({ after: snapshot({ effects }) }))).toContain('twice');
  });

  it('notice what is told and not there', () => {
    const after = snapshot({ effects: [], history: [NAME] });
    expect(rulesOf(observation({ after }))).toEqual(
      expect.arrayContaining(['told but not there', 'history and effects', 'end']),
    );
  });

  it('notice what is there after it was told as failed', () => {
    const failed = { ...DONE, done: [], failed: { name: NAME } };
    expect(rulesOf(observation({ outcomes: [outcome(failed, 1)] }))).toEqual([
      'there but not told',
    ]);
  });

  it.each([
    ['exit code', outcome({ ...DONE, failed: { name: 'other' } }, 0)],
    ['json', { ...outcome(DONE), stdout: '{}{}' }],
    ['hang', { ...outcome(DONE), hung: true, code: null }],
    ['died', { ...outcome(DONE), code: null, signal: 'SIGSEGV' as const }],
    ['internal', outcome({ error: { code: 'INTERNAL', message: '' } }, 1)],
    ['rights', outcome({ error: { code: 'PERMISSION_DENIED', message: '' } }, 2)],
  ])('notice, of how a runner ends: %s', (rule, ended) => {
    expect(rulesOf(observation({ outcomes: [ended] }))).toContain(rule);
  });

  it('notice what is left behind', () => {
    expect(rulesOf(observation({ leftSessions: ['an advisory lock'] }))).toEqual(['session left']);
    expect(rulesOf(observation({ after: snapshot({ isLocked: 1 }) }))).toEqual(['Knex lock left']);
  });

  it("notice a change beside an open lock of Knex's, and a session that another has set", () => {
    const open = snapshot({ effects: [effect({ part: 'begin' }), effect({ locked: 0 })] });
    expect(rulesOf(observation({ after: open }))).toEqual(['Knex lock open']);
    const leaked = snapshot({ effects: [effect({ part: 'begin', path: 'other' }), effect()] });
    expect(rulesOf(observation({ after: leaked }))).toEqual(['session state']);
  });

  describe('outside a transaction', () => {
    const schedule = { ...SCHEDULE, migrations: [{ ...MIGRATION, transaction: false }] };
    const failed = outcome({ ...DONE, done: [], failed: { name: NAME } }, 1);
    const half = (...journal: JournalRow[]): Observation =>
      observation({
        ...{ schedule, outcomes: [failed] },
        after: snapshot({ effects: [effect({ part: 'begin' })], history: [], journal }),
        end: snapshot(),
      });

    it('ask that half a change is told by status', () => {
      expect(rulesOf(half(word('started')))).toEqual(['unreported']);
      const seen = half(word('started'));
      const status = outcome({ problems: [{ code: 'UNFINISHED', migration: NAME }] });
      expect(rulesOf({ ...seen, recovery: { ...seen.recovery, status } })).toEqual([]);
    });

    it('let it begin again after the server refused it, and not take effect again', () => {
      const begun = effect({ part: 'begin' });
      const refused = word('failed');
      const again = [effect({ part: 'begin' }), effect()];
      const journal = [refused, word('applied')];
      const after = snapshot({ effects: [begun, ...again], journal });
      expect(rulesOf(observation({ schedule, after }))).toEqual([]);
      const twice = snapshot({ effects: [effect(), ...again, effect()], journal });
      expect(rulesOf(observation({ schedule, after: twice }))).toContain('twice');
    });
  });

  it('hold the journal to the history', () => {
    const after = snapshot({ journal: [word('applied'), word('applied')] });
    expect(rulesOf(observation({ after }))).toEqual(['journal and history']);
    expect(rulesOf(observation({ after: snapshot({ journal: [] }) }))).toEqual([
      'journal and history',
    ]);
  });

  describe('where several runs are at work', () => {
    const OTHER = 'a1b2c3d4-0000-4000-8000-000000000000';
    const SECOND = '20260101000002_m2.js';
    const schedule = { ...SCHEDULE, migrations: [MIGRATION, MIGRATION] };
    const after = (given: Partial<Snapshot>): Observation =>
      observation({ schedule, after: snapshot(given) });

    it('notice that a lock is said to be lost which nothing took away', () => {
      const lost = outcome({ error: { code: 'LOCK_LOST', message: '' } }, 5);
      expect(rulesOf(observation({ outcomes: [lost] }))).toContain('lock lost');
      const struck = { ...lost, struck: ['lose lock' as const] };
      expect(rulesOf(observation({ outcomes: [struck] }))).not.toContain('lock lost');
    });

    it('notice a run that goes on after another has taken over', () => {
      const during = [effect({ part: 'begin', locked: runNumber(RUN) }), effect({ locked: 7 })];
      expect(rulesOf(after({ effects: during }))).not.toContain('taken over');
      const next = effect({ name: SECOND, part: 'begin', locked: 7 });
      expect(rulesOf(after({ effects: [...during, next] }))).toContain('taken over');
      const first = { effects: [effect({ part: 'begin', locked: 7 }), effect({ locked: 7 })] };
      expect(rulesOf(after(first))).toContain('taken over');
    });

    it('notice two runs that record in turn', () => {
      const journal = [word('applied'), word('applied', { runId: OTHER, name: SECOND })];
      expect(rulesOf(after({ journal }))).not.toContain('interleaved');
      const again = [...journal, word('reverted')];
      expect(rulesOf(after({ journal: again }))).toContain('interleaved');
    });

    it('notice that a change was resolved while it was under way', () => {
      const journal = [word('started'), word('resolved', { runId: OTHER, verdict: 'reverted' })];
      expect(rulesOf(after({ journal }))).not.toContain('under way');
      expect(rulesOf(after({ journal: [...journal, word('applied')] }))).toContain('under way');
    });
  });

  it('notice a migration that fails because of what another run does', () => {
    const failure = { name: NAME, code: 'MIGRATION_FAILED', sqlstate: '23505' };
    const failed = outcome({ ...DONE, done: [], failed: failure }, 1);
    expect(rulesOf(observation({ outcomes: [failed] }))).toContain('disturbed by another');
    const busy = outcome({ ...DONE, done: [], failed: { ...failure, sqlstate: '55P03' } }, 1);
    expect(rulesOf(observation({ outcomes: [busy] }))).not.toContain('disturbed by another');
  });

  it('notice what the code of a change does that has failed', () => {
    const trail = [trailOf('late')];
    expect(rulesOf(observation({ end: snapshot({ trail }) }))).toEqual(['goes on']);
    const schedule = { ...SCHEDULE, migrations: [{ ...MIGRATION, transaction: false }] };
    const end = (at: number): Snapshot =>
      snapshot({ trail, journal: [word('failed', { at }), word('applied')] });
    expect(rulesOf(observation({ schedule, end: end(0) }))).toContain('goes on');
    expect(rulesOf(observation({ schedule, end: end(id + 1000) }))).not.toContain('goes on');
  });

  it('notice a change that goes on, unless there is a pooler and the run has said that it does not know', () => {
    const migrations = [{ ...MIGRATION, transaction: false }];
    const rules = (route: 'direct' | 'pooled', saidUnknown: boolean): string[] => {
      const schedule = {
        ...{ ...SCHEDULE, migrations },
        surroundings: { ...SCHEDULE.surroundings, route },
      };
      const journal = [word('failed', { at: 0, saidUnknown }), word('applied')];
      const end = snapshot({ trail: [trailOf('end')], journal });
      return rulesOf(observation({ schedule, end }));
    };
    expect(rules('pooled', false)).toContain('goes on');
    expect(rules('direct', true)).toContain('goes on');
    expect(rules('pooled', true)).not.toContain('goes on');
  });

  it('notice a batch that is there without the rest of its transaction', () => {
    const batch = trailOf('batch');
    expect(rulesOf(observation({ end: snapshot({ trail: [batch] }) }))).toEqual(['goes on']);
    const whole = [trailOf('begin'), batch, trailOf('end')];
    expect(rulesOf(observation({ end: snapshot({ trail: whole }) }))).toEqual([]);
  });

  it('notice a change that runs after a person has resolved it as applied', () => {
    const ends = [effect(), word('resolved', { verdict: 'applied' }), effect()] as const;
    const of = (verdict: string): Snapshot => {
      const [first, resolved, second] = ends;
      return snapshot({ effects: [first, second], journal: [{ ...resolved, verdict }] });
    };
    expect(rulesOf(observation({ end: of('applied') }))).toContain('twice');
    expect(rulesOf(observation({ end: of('reverted') }))).not.toContain('twice');
  });

  it('notice a part of a change that one run did twice', () => {
    const migration = { ...MIGRATION, format: 'sql' as const, ending: 'commits' as const };
    const schedule = { ...SCHEDULE, migrations: [migration] };
    const name = '20260101000001_m1.up.sql';
    const begun = (application: string): EffectRow =>
      effect({ name, part: 'begin', application: `knexward ${application}` });
    const twice = snapshot({ effects: [begun(RUN), begun(RUN)] });
    expect(rulesOf(observation({ schedule, end: twice }))).toContain('twice');
    // It has come to its end in between, and could not be recorded.
    const ended = effect({ name });
    const whole = snapshot({ effects: [begun(RUN), ended, begun(RUN), effect({ name })] });
    expect(rulesOf(observation({ schedule, end: whole }))).toContain('twice');
    const again = snapshot({ effects: [begun(RUN), begun('another')] });
    expect(rulesOf(observation({ schedule, end: again }))).not.toContain('twice');
    const told = (endUnknown: boolean): Snapshot =>
      snapshot({ effects: [begun(RUN), ended], journal: [word('failed', { name, endUnknown })] });
    expect(rulesOf(observation({ schedule, end: told(false) }))).toContain('twice');
    expect(rulesOf(observation({ schedule, end: told(true) }))).not.toContain('twice');
  });

  it('notice that more is carried out than was shown', () => {
    const said = outcome({ ...DONE, shown: ['other'] });
    expect(rulesOf(observation({ outcomes: [said] }))).toEqual(['plan']);
  });

  it('notice a resolve that recorded nothing', () => {
    const runners = [
      { command: { kind: 'resolve' as const, migration: 0 }, json: true, atMs: 0, faults: [] },
    ];
    const said = outcome({ resolved: { name: NAME, verdict: 'applied' } });
    const outcomes = [{ ...said, planned: runners[0] as RunnerOutcome['planned'] }];
    const seen = observation({ schedule: { ...SCHEDULE, runners }, outcomes });
    expect(rulesOf(seen)).toEqual(['resolve without effect']);
  });
});
