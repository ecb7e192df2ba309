import { drawSchedule, fit } from '../explore/draw';
import { filesOf } from '../explore/migration-files';
import { type Effect, expectedEnd, isAtomic, netOf, suitsKnex, truthOf } from '../explore/model';
import {
  canBeApplied,
  FAULT_KINDS,
  SCENE_FAULT_KINDS,
  type PlannedMigration,
  type Schedule,
} from '../explore/schedule';
import { shrink, smallerThan } from '../explore/shrink';
import { kindOf, type Violation } from '../explore/violation';

const PLAIN: PlannedMigration = {
  ...{ format: 'knex', transaction: true, style: 'await', sleepMs: 0, sleepIn: 'server' },
  ...{ ending: 'well', session: null, index: false, table: true },
};
const SQL: PlannedMigration = { ...PLAIN, format: 'sql' };

const NUMBERS = Array.from({ length: 300 }, (_, index) => index);
const DRAWN = NUMBERS.map((number) => drawSchedule(7, number, true));

describe("the explorer's model (FR-006)", () => {
  it('expects everything to be applied where nothing stands in the way', () => {
    expect(expectedEnd([PLAIN, { ...PLAIN, format: 'db-migrate' }, SQL])).toEqual({
      applied: ['20260101000001_m1.js', '20260101000002-m2.js', '20260101000003_m3.up.sql'],
      pending: [],
      failed: null,
    });
  });

  it.each(['fails', 'rolls back'] as const)('expects a stop at one that %s', (ending) => {
    const end = expectedEnd([PLAIN, { ...SQL, ending }, PLAIN]);
    expect(end).toEqual({
      applied: ['20260101000001_m1.js'],
      pending: ['20260101000002_m2.up.sql', '20260101000003_m3.js'],
      failed: '20260101000002_m2.up.sql',
    });
  });

  it('expects one that commits by itself to be applied, and not to be atomic', () => {
    const commits: PlannedMigration = { ...SQL, ending: 'commits' };
    expect(expectedEnd([commits, PLAIN]).failed).toBeNull();
    expect(isAtomic(commits)).toBe(false);
    expect(isAtomic(SQL)).toBe(true);
    expect(isAtomic({ ...PLAIN, transaction: false })).toBe(false);
  });

  it('leaves to Knex what Knex can run', () => {
    expect(suitsKnex([PLAIN, PLAIN])).toBe(true);
    expect(suitsKnex([PLAIN, SQL])).toBe(false);
    expect(suitsKnex([{ ...PLAIN, transaction: false }])).toBe(false);
  });

  const effect = (direction: Effect['direction'], part: Effect['part'] = 'end'): Effect => ({
    ...{ name: 'm', direction, part },
  });

  it('counts what is in the database: what it did, less what was taken back', () => {
    expect(netOf([])).toBe(0);
    expect(netOf([effect('up', 'begin'), effect('up')])).toBe(1);
    expect(netOf([effect('up'), effect('down'), effect('up')])).toBe(1);
    expect(netOf([effect('up'), effect('up')])).toBe(2);
    expect(netOf([effect('up'), effect('down', 'begin'), effect('hand')])).toBe(0);
  });

  it('reads from the effects what a person would say of an unfinished change', () => {
    expect(truthOf([])).toEqual({ verdict: 'reverted', partial: false });
    expect(truthOf([effect('up', 'begin')])).toEqual({ verdict: 'reverted', partial: true });
    expect(truthOf([effect('up', 'begin'), effect('up')])).toEqual({
      ...{ verdict: 'applied', partial: false },
    });
    expect(truthOf([effect('up'), effect('down')])).toEqual({
      ...{ verdict: 'reverted', partial: false },
    });
  });
});

describe("the explorer's schedules", () => {
  it('are the same for the same seed and number', () => {
    expect(drawSchedule(7, 3, true)).toEqual(DRAWN[3]);
    expect(new Set(DRAWN.map((one) => JSON.stringify(one))).size).toBeGreaterThan(290);
  });

  it('hold only what goes together', () => {
    for (const { migrations, applied, surroundings, runners, diskFull } of DRAWN) {
      expect(runners.length).toBeGreaterThanOrEqual(2);
      expect(migrations.slice(0, applied).every(canBeApplied)).toBe(true);
      if (diskFull) expect(applied).toBeGreaterThan(0);
      if (runners.some(({ command }) => command.kind === 'knex')) {
        expect(suitsKnex(migrations)).toBe(true);
        expect(surroundings.route).toBe('direct');
      }
      for (const { format, transaction, ending } of migrations) {
        if (ending === 'commits' || ending === 'rolls back') expect(format).toBe('sql');
        if (format === 'db-migrate') expect(transaction).toBe(true);
      }
    }
  });

  it('cover every kind of runner, ending, role and route', () => {
    const seen = (of: (schedule: Schedule) => string[]): string[] =>
      [...new Set(DRAWN.flatMap(of))].sort();
    expect(seen(({ runners }) => runners.map(({ command }) => command.kind))).toEqual(
      ['by hand', 'down', 'knex', 'library', 'redo', 'resolve', 'up', 'wait'].sort(),
    );
    expect(seen(({ migrations }) => migrations.map(({ ending }) => ending))).toHaveLength(4);
    expect(seen(({ surroundings: { role, route } }) => [role, route])).toHaveLength(4);
    expect(
      seen(({ runners }) => runners.flatMap(({ faults }) => faults.map((f) => f.kind))),
    ).toEqual([...FAULT_KINDS, ...SCENE_FAULT_KINDS].sort());
  });

  it('go straight to the server where there is no pooler', () => {
    const routes = DRAWN.map((one) => fit(one, false).surroundings.route);
    expect(new Set(routes)).toEqual(new Set(['direct']));
  });

  it('are written as files that say what they do', () => {
    const files = filesOf([{ ...SQL, ending: 'rolls back', transaction: true }]);
    expect(Object.keys(files)).toEqual([
      'migrations/20260101000001_m1.up.sql',
      'migrations/20260101000001_m1.down.sql',
    ]);
    expect(files['migrations/20260101000001_m1.up.sql']).toMatch(/'up', 'end'\);\nrollback;\n$/);
  });
});

describe("the explorer's shrinking", () => {
  const broken: Violation = { rule: 'twice', text: '20260101000001_m1.js took effect twice' };

  it('keeps what the failure needs, and nothing else', async () => {
    const start = DRAWN.find(
      ({ runners }) => runners.length === 3 && runners.some(({ faults }) => faults.length > 0),
    ) as Schedule;
    const needsFault = ({ runners }: Schedule): boolean =>
      runners.some(({ faults }) => faults.length > 0);
    const trial = (schedule: Schedule): Promise<Violation[]> =>
      Promise.resolve(needsFault(schedule) ? [broken] : []);
    const { schedule } = await shrink(start, kindOf(broken), trial, Infinity);
    expect(schedule.runners).toHaveLength(1);
    expect(schedule.runners[0]?.faults).toHaveLength(1);
    expect(schedule.migrations).toHaveLength(1);
    expect(schedule.applied).toBe(0);
  });

  it('offers only schedules that differ from what it has', () => {
    for (const schedule of DRAWN.slice(0, 40)) {
      for (const smaller of smallerThan(schedule)) expect(smaller).not.toEqual(schedule);
    }
  });

  it('counts what differs in names and numbers only as one kind', () => {
    const other = { ...broken, text: '20260101000002-m2.up.sql took effect twice' };
    expect(kindOf(other)).toBe(kindOf(broken));
  });
});
