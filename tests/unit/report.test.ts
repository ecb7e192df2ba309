import { createColors } from 'picocolors';
import { type MigrationFailure } from '../../src/failure/failure';
import { type RunResult } from '../../src/run/result';
import { renderFailure } from '../../src/report/failure-text';
import { renderRun } from '../../src/report/run-text';
import { renderStatus } from '../../src/report/status-text';

const plain = createColors(false);

const result = (rest: Partial<RunResult>): RunResult => ({
  runId: '00000000-0000-0000-0000-000000000000',
  environment: 'development',
  direction: 'up',
  batch: 5,
  done: [],
  failed: null,
  notReached: [],
  dryRun: false,
  ...rest,
});

const done = (...names: string[]) => names.map((name) => ({ name, durationMs: 1 }));

describe('the lines that people and pipelines know', () => {
  it.each([
    ['Already up to date\n', result({ batch: null })],
    ['Already at the base schema version\n', result({ batch: null, direction: 'down' })],
    ['Batch 5 run: 2 migrations\n', result({ done: done('a', 'b') })],
    ['Batch 5 rolled back: 2 migrations\n', result({ direction: 'down', done: done('a', 'b') })],
    [
      'Found 2 pending migrations:\n  a.js\n  b.js\nDry run: nothing was changed.\n',
      result({ dryRun: true, notReached: ['a.js', 'b.js'] }),
    ],
  ])('%j', (text, value) => expect(renderRun(value)).toBe(text));
});

describe('a failure', () => {
  const failed: MigrationFailure = {
    name: '20260101000000_a.js',
    code: 'MIGRATION_FAILED',
    sqlstate: '42P07',
    message: 'relation "a" already exists',
    statement: 'create table a (\n  id int\n)',
    file: `${process.cwd()}/migrations/20260101000000_a.js`,
    line: 3,
    hint: 'It exists already. Look at it.',
    detail: null,
    position: 14,
    cause: 'It exists already.',
    fix: 'Look at it.',
    page: 'docs/errors/sqlstate-42P07.md',
    leftovers: false,
    endUnknown: false,
  };

  it.each([
    [['b.js'], 'b.js was sent as well: "knexward status" shows whether it is applied.'],
    [
      ['b.js', 'c.js'],
      'b.js, c.js were sent as well: "knexward status" shows which of them are applied.',
    ],
  ])('says what of those behind it may be applied: %j', (alsoUnknown, told) => {
    const unknown = { ...failed, leftovers: true, endUnknown: true, alsoUnknown };
    const value = result({ failed: unknown, notReached: ['d.js'] });
    expect(renderFailure(value, unknown, plain)).toContain(`
  with it     ${told}
  not reached d.js
`);
  });

  it('is a page of a manual', () => {
    const value = result({ failed, notReached: ['b.js', 'c.js'], done: done('0.js') });
    expect(renderFailure(value, failed, plain)).toBe(
      `MIGRATION_FAILED 20260101000000_a.js failed
  relation "a" already exists
  SQLSTATE    42P07
  at          migrations/20260101000000_a.js:3
  statement   create table a (
                           ^
                id int
              )
  cause       It exists already.
  fix         Look at it.
  not reached b.js, c.js
  next        1 migration before it stays applied. It was rolled back. Then run the command again; "knexward status" shows the state.
  page        docs/errors/sqlstate-42P07.md
`,
    );
  });

  it("shows the server's own detail and hint besides", () => {
    const more = { ...failed, detail: 'Its detail.', hint: 'Its hint.' };
    const text = renderFailure(result({ failed: more }), more, plain);
    for (const row of [
      'detail      Its detail.',
      'hint        Its hint.',
      'fix         Look at it.',
    ])
      expect(text).toContain(`  ${row}\n`);
  });

  it('leaves out what is not known, and cuts a long statement', () => {
    const short = {
      ...failed,
      sqlstate: null,
      file: null,
      ...{ hint: null, cause: null, fix: null, position: null },
      statement: 'x'.repeat(5000),
    };
    const text = renderFailure(result({ failed: short }), short, plain);
    expect(text).not.toMatch(/SQLSTATE|hint|cause|fix|not reached|at {10}/);
    expect(text.length).toBeLessThan(1200);
    expect(text).toContain('x …');
  });
});

describe('a status', () => {
  it('lists applied, pending and problems; only the newest of many that are applied', () => {
    const applied = Array.from({ length: 22 }, (_, i) => ({
      ...{ name: `${i}.js`, batch: i, appliedAt: '2026-01-01T00:00:00.000Z' },
      origin: i === 0 ? ('db-migrate' as const) : ('knex' as const),
    }));
    const status = {
      ...{ environment: 'development', upToDate: false, applied },
      pending: [{ name: '12.js', origin: 'knex' as const }],
      problems: [
        { code: 'MISSING_FILE' as const, migration: '3.js', message: 'no file', fix: 'Bring it.' },
      ],
    };
    const text = renderStatus(status, plain, { verbose: false, local: false });
    expect(text).toContain('Found 22 applied migrations (1 of them from db-migrate):\n');
    expect(text).toContain('  … 12 earlier ones; --verbose lists them\n  ✓ 12.js  batch 12, 2026');
    expect(text).toContain('Found 1 pending migration:\n  12.js\n');
    expect(text).toContain('Found 1 problem:\n  ! MISSING_FILE 3.js: no file\n    Bring it.\n');
    expect(renderStatus(status, plain, { verbose: true, local: false })).toContain(
      '  ✓ 0.js   batch 0,  2026',
    );
  });

  it.each([
    [true, 'Already up to date\n'],
    [false, 'Found 0 pending migrations\n'],
  ])('with nothing pending, and nothing in the way of up: %s', (upToDate, says) => {
    const status = { environment: 'x', upToDate, applied: [], pending: [], problems: [] };
    expect(renderStatus(status, plain, { verbose: false, local: false })).toContain(says);
  });
});
