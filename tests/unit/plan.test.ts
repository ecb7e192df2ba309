import fc from 'fast-check';
import { type Migration } from '../../src/files/find';
import { type History, type HistoryRow } from '../../src/history/read';
import { planDown, planUp } from '../../src/plan/plan';
import { selectName } from '../../src/plan/select';
import { type Evidence, NO_EVIDENCE } from '../../src/plan/problems';
import { statusOf } from '../../src/plan/status';

const file = (name: string): Migration => ({ name, format: 'knex', path: `/p/${name}` });

function historyOf(rows: HistoryRow[], rest: Partial<History> = {}): History {
  return {
    tables: {
      schema: 'public',
      history: 'knex_migrations',
      lock: 'knex_migrations_lock',
      journal: 'knexward_journal',
      dbMigrate: { schema: 'public', table: 'migrations' },
    },
    complete: true,
    serverVersion: 180000,
    rows,
    nameless: 0,
    unfinished: [],
    failed: [],
    recent: [],
    knexLock: 'free',
    dbMigrate: null,
    ...rest,
  };
}

const row = (id: number, name: string, batch: number): HistoryRow => ({
  ...{ id, name, batch, appliedAt: null },
});

const names = (steps: readonly Migration[]): string[] => steps.map(({ name }) => name);

/** Files in order, and a history that holds some of them in batches that count up. */
const situation = fc
  .record({
    count: fc.integer({ min: 0, max: 12 }),
    applied: fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
    newBatch: fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
  })
  .map(({ count, applied, newBatch }) => {
    const files = Array.from({ length: count }, (_, i) => file(`2026010100${10 + i}00_m.js`));
    let batch = 1;
    const rows = files
      .filter((_, i) => applied[i])
      .map(({ name }, i) => row(i + 1, name, (batch += newBatch[i] ? 1 : 0)));
    return { files, history: historyOf(rows) };
  });

describe('planUp', () => {
  it('is what is not applied, in the order of the files, in a batch above all others', () => {
    fc.assert(
      fc.property(situation, ({ files, history }) => {
        const plan = planUp(files, history, {});
        const applied = history.rows.map(({ name }) => name);
        expect([...names(plan.steps), ...applied].sort()).toEqual(names(files));
        expect(names(plan.steps)).toEqual([...names(plan.steps)].sort());
        if (plan.steps.length === 0) expect(plan.batch).toBeNull();
        else expect(history.rows.every(({ batch }) => batch < (plan.batch ?? 0))).toBe(true);
      }),
    );
  });

  it('stops at a count, and after a name', () => {
    const files = ['1_a.js', '2_b.js', '3_c.js', '4_d.js'].map(file);
    const history = historyOf([row(1, '2_b.js', 1)]);
    expect(names(planUp(files, history, { count: 2 }).steps)).toEqual(['1_a.js', '3_c.js']);
    expect(names(planUp(files, history, { name: '3_c' }).steps)).toEqual(['1_a.js', '3_c.js']);
    expect(names(planUp(files, history, { name: '2_b.js' }).steps)).toEqual(['1_a.js']);
    expect(planUp(files, history, { count: 0 })).toMatchObject({ steps: [], batch: null });
  });

  it('applies those that are asked for, in the order in which they are', () => {
    const some = situation.chain(({ files, history }) =>
      fc.record({
        files: fc.constant(files),
        history: fc.constant(history),
        only: fc.shuffledSubarray(names(files)),
      }),
    );
    fc.assert(
      fc.property(some, ({ files, history, only }) => {
        const applied = new Set(history.rows.map(({ name }) => name));
        const expected = only.filter((name) => !applied.has(name));
        expect(names(planUp(files, history, { only }).steps)).toEqual(expected);
      }),
    );
  });
});

describe('planDown', () => {
  it('reverts the last batch, newest first; a count goes across batches', () => {
    fc.assert(
      fc.property(situation, fc.integer({ min: 0, max: 15 }), ({ files, history }, count) => {
        const newestFirst = [...history.rows].reverse();
        const last = Math.max(0, ...history.rows.map(({ batch }) => batch));
        expect(names(planDown(files, history, {}).steps)).toEqual(
          newestFirst.filter(({ batch }) => batch === last).map(({ name }) => name),
        );
        expect(names(planDown(files, history, { count }).steps)).toEqual(
          newestFirst.slice(0, count).map(({ name }) => name),
        );
        expect(planDown(files, history, { all: true }).steps).toHaveLength(history.rows.length);
      }),
    );
  });

  it('undoes what planUp did', () => {
    fc.assert(
      fc.property(situation, ({ files, history }) => {
        const up = planUp(files, history, {});
        fc.pre(up.batch !== null);
        const after = historyOf([
          ...history.rows,
          ...up.steps.map(({ name }, i) => row(100 + i, name, up.batch ?? 0)),
        ]);
        const down = planDown(files, after, {});
        expect(names(down.steps)).toEqual(names(up.steps).reverse());
        expect(down.batch).toBe(up.batch);
      }),
    );
  });

  it('refuses before anything is reverted where a file is missing', () => {
    const history = historyOf([row(1, '1_a.js', 1), row(2, '2_gone.js', 1)]);
    expect(() => planDown([file('1_a.js')], history, {})).toThrow(/2_gone\.js cannot be reverted/);
    expect(names(planDown([file('2_gone.js')], history, { count: 1 }).steps)).toEqual([
      '2_gone.js',
    ]);
  });

  it('takes two rows of one name for one migration', () => {
    const history = historyOf([row(1, '1_a.js', 1), row(2, '1_a.js', 2)]);
    expect(names(planDown([file('1_a.js')], history, { all: true }).steps)).toEqual(['1_a.js']);
  });
});

describe('selectName', () => {
  const known = ['20260101000000_add.js', '20260101000001_add_more.js', '20270101000000_x.ts'];

  it.each([
    ['20260101000000_add.js', '20260101000000_add.js'],
    ['20260101000000_add', '20260101000000_add.js'],
    ['20260101000001', '20260101000001_add_more.js'],
    ['2027', '20270101000000_x.ts'],
  ])('takes %s for %s', (wanted, name) => expect(selectName(known, wanted)).toBe(name));

  it('refuses what fits several, and what fits none, with a suggestion', () => {
    expect(() => selectName(known, '2026')).toThrow(/beginning of 2 migrations/);
    expect(() => selectName(known, 'MORE')).toThrow(
      expect.objectContaining({ fix: 'Did you mean: 20260101000001_add_more.js' }) as Error,
    );
  });
});

describe('a file that was applied under another extension', () => {
  const files = [file('1_a.ts'), file('2_b.js'), file('3_c.up.sql'), file('4_d.ts')];
  const history = historyOf([row(1, '1_a.js', 1), row(2, '2_b.ts', 1), row(3, '3_c.js', 2)]);

  it('is the same migration: it is not pending, and not missing (FR-009)', () => {
    expect(names(planUp(files, history, {}).steps)).toEqual(['4_d.ts']);
    expect(statusOf('test', files, history)).toMatchObject({
      pending: [{ name: '4_d.ts' }],
      problems: [],
    });
  });

  it('is reverted with the file that there is, under the name that the history has', () => {
    const { steps } = planDown(files, history, { all: true });
    expect(steps.map(({ name, path }) => [name, path])).toEqual([
      ['3_c.js', '/p/3_c.up.sql'],
      ['2_b.ts', '/p/2_b.js'],
      ['1_a.js', '/p/1_a.ts'],
    ]);
  });

  it('gives way to a row of exactly its name', () => {
    const both = historyOf([row(1, '1_a.js', 1), row(2, '1_a.ts', 2)]);
    expect(names(planDown(files, both, { count: 1 }).steps)).toEqual(['1_a.ts']);
  });
});

describe('statusOf', () => {
  it('tells applied from pending, names origins, and finds what is wrong', () => {
    const files = [
      { ...file('20150101000000-old.js'), format: 'db-migrate' as const },
      file('20260101000000_new.js'),
      file('20260101000001_next.ts'),
    ];
    const history = historyOf(
      [
        row(1, '20140101000000-gone.js', 1),
        row(2, '20150101000000-old.js', 2),
        row(3, '20260101000000_new.js', 3),
      ],
      {
        unfinished: [
          {
            ...{ name: '20260101000001_next.ts', startedAt: '2026-01-02', actor: 'ann@host' },
            ...{ runId: 'r1', statement: 'create index concurrently i on t (a)' },
          },
        ],
        dbMigrate: { rows: 3, unadopted: 1, zoned: false, reverted: [] },
      },
    );
    const status = statusOf('development', files, history);
    expect(status.applied.map(({ name, origin }) => [name, origin])).toEqual([
      ['20140101000000-gone.js', 'db-migrate'],
      ['20150101000000-old.js', 'db-migrate'],
      ['20260101000000_new.js', 'knex'],
    ]);
    expect(status.pending).toEqual([{ name: '20260101000001_next.ts', origin: 'knex' }]);
    expect(status.problems.map(({ code }) => code)).toEqual([
      'NOT_ADOPTED',
      'UNFINISHED',
      'MISSING_FILE',
    ]);
    expect(status.upToDate).toBe(false);
  });

  it('an unfinished change is told with its statement, its session and the invalid indexes', () => {
    const change = {
      ...{ name: '1_index.js', startedAt: '2026-01-02', actor: 'ann@host', runId: 'r1' },
      statement: 'create index concurrently i\n  on t (a)',
    };
    const history = historyOf([], { unfinished: [change] });
    const problem = (evidence: Partial<Evidence>) =>
      statusOf('development', [file('1_index.js')], history, { ...NO_EVIDENCE, ...evidence })
        .problems[0];
    expect(problem({})?.message).toContain('create index concurrently i on t (a)');
    expect(problem({})?.fix).toContain('knexward resolve 1_index.js --applied');
    const atWork = [{ pid: 42, runId: 'r1' }];
    expect(problem({ atWork })?.message).toContain('still running it (pid 42)');
    expect(problem({ atWork })?.fix).toMatch(/^Wait until it ends.*pg_cancel_backend\(42\)/);
    const others = [{ pid: 43, runId: 'r2' }];
    expect(problem({ atWork: others })?.message).not.toContain('43');
    expect(problem({ invalidIndexes: ['i'] })?.fix).toContain('drop index concurrently i');
  });

  it('is up to date with a row whose file is gone, and says so', () => {
    const status = statusOf('development', [], historyOf([row(1, '1_gone.js', 1)]));
    expect(status).toMatchObject({ upToDate: true, problems: [{ code: 'MISSING_FILE' }] });
  });
});
