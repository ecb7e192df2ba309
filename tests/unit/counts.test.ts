import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createColors } from 'picocolors';
import { type Adoption } from '../../src/adopt/adopt';
import { type TimeZoneQuestion } from '../../src/adopt/time-zone/decide';
import { renderOutcome, renderPlan as renderTakeover } from '../../src/report/adopt-text';
import { renderBaseline, renderBaselineCheck } from '../../src/report/baseline-text';
import { countOf } from '../../src/count';
import { renderFleetStatus, renderFleetUp } from '../../src/report/fleet-text';
import { renderInitOutcome } from '../../src/report/init-text';
import { shortTime } from '../../src/report/long-list';
import { renderPlan } from '../../src/report/plan-text';
import { createProgress } from '../../src/report/progress';
import { renderRoundTrips } from '../../src/report/round-trip-text';
import { renderDownQuestion, renderRun } from '../../src/report/run-text';
import { renderSnapshotCheck, renderSnapshotTaken } from '../../src/report/snapshot-text';
import { renderStatus } from '../../src/report/status-text';
import { tableOf } from '../../src/report/table';
import { renderUndoPlan } from '../../src/report/takeover-text';
import { renderTimeZones } from '../../src/report/time-zone-text';
import { renderVerification } from '../../src/report/verify-text';

const c = createColors(false);
const AT = '2026-01-01T00:00:00.123456Z';
const few = { verbose: false, local: false };

const nameOf = (index: number): string =>
  `2026${String(index).padStart(10, '0')}_add_a_column_to_the_orders.js`;
const names = (count: number): string[] => Array.from({ length: count }, (_, i) => nameOf(i));
/** A part of a value, where a text reads no more. */
const part = (value: object): never => value as never;
const differences = (count: number) =>
  names(count).map((object) => ({
    ...{ kind: 'table', object, expected: null, actual: {}, fix: [], losesData: false },
  }));

const run = (rest: object) =>
  part({ direction: 'up', batch: 1, done: [], failed: null, notReached: [], ...rest });
const applied = (count: number) =>
  names(count).map((name, index) => ({ name, batch: index + 1, appliedAt: AT, origin: 'knex' }));

const adoption = (count: number, rest: object = {}): Adoption =>
  part({
    ...{ environment: 'dev', dryRun: false, otherEnvironments: [], files: [], warnings: [] },
    ...{ timeZone: 'UTC', timeZoneOrigin: 'given', source: 'public.migrations', finished: false },
    history: names(count).map((name, index) => ({
      ...{ id: index, from: `/${name.slice(0, -3)}`, name, batch: index + 1, appliedAt: AT },
      ...{ file: index % 50 !== 7, known: false, time: null },
    })),
    ...{ reverted: [], adopted: count, alreadyAdopted: count, verified: true },
    ...{ proof: { drift: differences(count), unproven: [], replayed: count, shadow: 'x' } },
    ...rest,
  });
const proven = (count: number): Adoption => {
  const made = adoption(count);
  return { ...made, proof: part({ ...made.proof, postgres: { expected: '18', actual: '18' } }) };
};

const targets = (count: number) =>
  names(count).map((target) => ({ target, code: 'X', message: 'm', pending: names(count) }));

const question = (rows: number): TimeZoneQuestion => {
  const reading = (timeZone: string, rest: object) =>
    part({ ...{ timeZone, newest: AT, impossible: rows, future: rows, fit: null }, ...rest });
  const readings = [
    reading('America/Argentina/Buenos_Aires', { reasons: ['machine'], impossible: 0 }),
    reading('UTC', { reasons: ['server', 'utc'], future: 0 }),
  ];
  return part({ newest: { name: '/a', runOn: '2026', rows }, readings, marked: readings[0] });
};

/** Every text of src/report that counts something. */
const TEXTS: Record<string, ((count: number) => string)[]> = {
  'adopt-text': [
    (n) => [...renderTakeover(proven(n), c, few)].join('\n'),
    (n) => renderOutcome(adoption(n)),
    (n) => renderOutcome(adoption(n, { adopted: 0 })),
  ],
  'baseline-text': [
    (n) =>
      renderBaseline(
        part({
          ...{ file: 'f', action: 'written', migrations: n, upTo: 'x', postgres: '18' },
          ...{ tables: n, rows: n, leftToDefault: [], frozen: [] },
        }),
        c,
      ),
    (n) =>
      renderBaselineCheck(
        part({ file: 'f', inSync: true, migrations: n, differences: [] }),
        c,
      ).join('\n'),
    (n) =>
      renderBaselineCheck(
        part({ file: 'f', inSync: false, migrations: n, differences: differences(n) }),
        c,
      ).join('\n'),
  ],
  'fleet-text': [
    (n) =>
      renderFleetUp(
        part({
          ...{ runId: 'r', targets: n, done: n, upToDate: n, failed: targets(n) },
          ...{ notReached: names(n), durationMs: 1 },
        }),
        c,
        [],
      ),
    (n) => renderFleetUp(part({ waves: [{ canary: false, targets: targets(n) }] }), c, []),
    (n) =>
      renderFleetStatus(
        part({
          targets: names(n).map((target, index) => ({
            ...{ target, applied: n, pending: index % 2 === 0 ? n : 0, problems: [] },
          })),
        }),
        c,
        true,
      ),
  ],
  'init-text': [
    (n) => renderInitOutcome(part({ kind: 'create', files: names(n), next: [] }), false),
  ],
  'plan-text': [
    (n) =>
      renderPlan(
        part({ ...(run({ notReached: names(n) }) as object), changes: [], base: 'replay' }),
        c,
      ),
  ],
  'round-trip-text': [
    (n) => renderRoundTrips(part({ roundTrip: [], notTried: names(n) }), c).join('\n'),
  ],
  'run-text': [
    (n) => renderRun(run({ dryRun: true, notReached: names(n) })),
    (n) => renderRun(run({ dryRun: true, notReached: names(n), direction: 'down' })),
    (n) => renderRun(run({ dryRun: true, baseline: { file: 'f', migrations: n } })),
    (n) => renderDownQuestion(part({ steps: names(n).map((name) => ({ name })) })),
  ],
  'snapshot-text': [
    (n) =>
      renderSnapshotTaken(
        part({ objects: { table: n }, files: [], notDescribed: differences(n), postgres: '18' }),
        c,
      ),
    (n) =>
      renderSnapshotCheck(
        part({
          ...{ differences: differences(n), inSync: false },
          files: [
            { path: 'a.json', state: 'current' },
            { path: 'a.sql', state: 'current' },
          ],
          postgres: { expected: '18', actual: '18' },
        }),
        c,
      ),
  ],
  'status-text': [
    (n) =>
      renderStatus(
        part({ applied: applied(n), pending: names(n).map((name) => ({ name })), problems: [] }),
        c,
        few,
      ),
    (n) =>
      renderStatus(
        part({
          ...{ applied: [], pending: [] },
          problems: names(n).map((name) => ({
            code: 'FAILED',
            migration: name,
            message: 'm',
            fix: 'f',
          })),
        }),
        c,
        few,
      ),
  ],
  'takeover-text': [
    (n) =>
      renderUndoPlan(
        part({ tables: [], rows: { added: names(n), removed: names(n) }, files: [], warnings: [] }),
        c,
      ),
  ],
  'time-zone-text': [(n) => renderTimeZones(question(n), c)],
  'verify-text': [
    (n) =>
      renderVerification(
        part({
          ...{ inSync: n === 0, differences: differences(n), against: null, replayed: n },
          ...{ unreplayable: names(n), postgres: { expected: '18', actual: '18' } },
          ...{ roundTrip: null, notTried: [], baseline: null, fixScriptFile: null, script: [] },
        }),
        c,
      ),
  ],
};

/** Texts without a number of things, or whose numbers stand behind a colon. */
const COUNTS_NOTHING = [
  ...[
    'doctor-text',
    'error-text',
    'excerpt',
    'failure-text',
    'finding',
    'fleet-progress',
    'github',
  ],
  ...['levels', 'log', 'long-list', 'output', 'pages-text', 'progress', 'status-line', 'table'],
];

/** `1 migrations`, `2 migration`, `1 rows have`, `1 … they are`. */
const WRONG_ONE =
  /\b1 (?:\w+ )?(?:migrations|rows|problems|differences|objects|files|tables|times|names|targets)\b|\b1 \w+ (?:have|do|come|are|make)\b/;
const WRONG_MANY =
  /\b(?:0|2|500) (?:pending |applied )?(?:migration|row|problem|difference|object|file|table|time|target)\b|\b(?:0|2|500) \w+s (?:has|does|comes|is|makes)\b/;

describe('every text that counts something', () => {
  it('is among these', () => {
    const files = readdirSync(join(__dirname, '../../src/report')).map((name) => name.slice(0, -3));
    expect([...Object.keys(TEXTS), ...COUNTS_NOTHING].sort()).toEqual(files.sort());
  });

  const cases = Object.entries(TEXTS).flatMap(([file, texts]) =>
    texts.flatMap((text, index) =>
      [0, 1, 2, 500].map((count) => [`${file} ${index + 1}`, count, text] as const),
    ),
  );
  it.each(cases)('%s, of %d: singular and plural are right', (_, count, text) => {
    const said = text(count);
    expect(said).not.toMatch(WRONG_ONE);
    expect(said).not.toMatch(WRONG_MANY);
  });

  it("Knex's own line stays as its users know it", () => {
    const one = run({ done: [{ name: 'a.js', durationMs: 1 }] });
    expect(renderRun(one)).toBe('Batch 1 run: 1 migrations\n');
  });

  it('counts and verbs', () => {
    expect([0, 1, 2].map((n) => countOf(n, 'row'))).toEqual(['0 rows', '1 row', '2 rows']);
  });
});

describe('long lists', () => {
  const lines = (text: string): string[] => text.trimEnd().split('\n');

  it.each([1, 2, 20, 21, 500])('of %d rows stay within 100 columns, and are aligned', (count) => {
    const status = { applied: applied(count), pending: [], problems: [] };
    const tables = [
      lines(renderStatus(part(status), c, few)).filter((line) => line.includes('✓')),
      [...renderTakeover(adoption(count, { proof: null }), c, few)]
        .join('\n')
        .split('\n')
        .filter((line) => line.includes('batch')),
      lines(renderTimeZones(question(count), c)).filter((line) => line.includes('2026-01-01')),
    ];
    for (const table of tables) {
      expect(table.length).toBeGreaterThan(0);
      for (const line of table) expect(line.length).toBeLessThanOrEqual(100);
      expect(new Set(table.map((line) => line.indexOf('2026-01-01'))).size).toBe(1);
    }
  });

  it('of more than 20 show how many, from when to when, what is odd and the newest', () => {
    const text = [...renderTakeover(adoption(374, { proof: null }), c, few)].join('\n');
    expect(text).toContain('History: 374 rows of public.migrations to copy');
    expect(text).toContain(', from 2026-01-01 to 2026-01-01');
    expect(text.match(/\(no file\)/g)).toHaveLength(8);
    expect(text).toContain(nameOf(373));
    expect(lines(text).length).toBeLessThan(25);
    expect(text).toContain('more; --verbose lists them');
    const all = [
      ...renderTakeover(adoption(374, { proof: null }), c, { verbose: true, local: true }),
    ];
    expect(all.join('\n').match(/→/g)).toHaveLength(374);
  });

  it('a long name takes the room that it needs, and moves no other line', () => {
    const table = tableOf([
      ['a', 'x'],
      ['b'.repeat(200), 'x'],
      ['c', 'x'],
    ]);
    expect(table[0]?.indexOf('x')).toBe(table[2]?.indexOf('x'));
    expect(table[0]?.length).toBeLessThanOrEqual(96);
    expect(table[1]).toBe(`${'b'.repeat(200)}  x`);
  });

  it('moments are local and short on a terminal, and in full with --verbose', () => {
    const status = part({ applied: applied(1), pending: [], problems: [] });
    const local = { verbose: false, local: true };
    expect(renderStatus(status, c, local)).toContain(`batch 1, ${shortTime(AT)}\n`);
    expect(shortTime(AT)).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d$/);
    expect(renderStatus(status, c, { verbose: true, local: true })).toContain(`batch 1, ${AT}\n`);
  });

  it.each([
    [20, false, 20],
    [21, false, 11],
    [500, false, 11],
    [500, true, 500],
  ])(
    'a run of %d tells of some of them, and of the slow ones (verbose: %s)',
    (total, verbose, told) => {
      const notes: string[] = [];
      const output = {
        ...{ colors: c, note: (_: string, text: string) => notes.push(text), status: () => false },
        options: { json: false, logFormat: 'text', logLevel: 'info', color: false },
      };
      const listener = createProgress(part(output), verbose);
      for (const [index, name] of names(total).entries()) {
        listener({ type: 'started', name, index, total });
        listener({ type: 'done', name, durationMs: index === 3 ? 1500 : 5 });
      }
      expect(notes).toHaveLength(told + 1);
      expect(notes.at(-2)).toContain(`${total}/${total}`);
      expect(notes.at(-1)).toContain(`${total} migrations in `);
      expect(notes.some((note) => note.includes('1.5 s'))).toBe(true);
    },
  );
});
