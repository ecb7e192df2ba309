import { describe, expect, it } from '@jest/globals';
import { renderChart } from '../../bench/chart.mjs';
import { figuresOf } from '../../bench/contest.mjs';
import { renderMarkdown } from '../../bench/markdown.mjs';
import { summarize } from '../../bench/statistics.mjs';
import { judge } from '../../bench/targets.mjs';

const MIB = 2 ** 20;

function standing(id, wallMs, more = {}) {
  const wall = summarize([wallMs - 10, wallMs, wallMs + 10]);
  return {
    ...{ id, title: id, floor: false, roundTrips: 5, connections: 1, runs: [] },
    ...{ wallMs: wall, cpuMs: summarize([50]), memoryBytes: summarize([64 * MIB]) },
    ...more,
  };
}

function result(id, standings, more = {}) {
  const title = `The case ${id}`;
  const began = { at: '2026-11-22T20:15:30.000Z', load: 0.5 };
  return {
    ...{ id, title, group: 'nothing', count: 0, latencyMs: 0, standings, leftOut: [] },
    ...began,
    ...more,
  };
}

const MACHINE = {
  date: '2026-11-22T20:00:00.000Z',
  system: 'linux 6, x64',
  processor: 'two cores',
  memoryGib: 24,
  node: 'v20',
  postgres: '18.4',
  versions: { knexward: '0.1.0', knex: '3.3.0' },
};

const render = (...results) => renderMarkdown({ machine: MACHINE, footprints: [], results });

describe('the bench: its report', () => {
  const one = result('nothing-200', [
    standing('knexward-sql', 200),
    standing('knex', 400),
    standing('psql', 100, { floor: true, memoryBytes: null, roundTrips: 4 }),
  ]);

  it('has a row for each tool: median, spread, ratios to knexward and to the floor, and the rest', () => {
    const text = render(one);
    const cells = (start) =>
      text
        .split('\n')
        .find((line) => line.startsWith(`| ${start} `) && line.split('|').length === 10)
        ?.split('|')
        .map((cell) => cell.trim())
        .slice(1, -1);
    expect(cells('knex')).toEqual([
      ...['knex', '400', '390 · 395–405', '2.00', '4.00', '50', '64', '5'],
    ]);
    expect(cells('_psql_')).toEqual([
      ...['_psql_', '100', '90 · 95–105', '0.50', '1.00', '50', '–', '4'],
    ]);
  });

  it('shows all cases at a glance, knexward first and the floors last, whoever came first', () => {
    const text = render(
      result('a', [standing('psql', 1, { floor: true })]),
      result('b', [standing('knex', 3), standing('knexward', 2)]),
    );
    expect(text).toContain('|  | knexward | knex | psql |');
    expect(text).toContain('| The case a | – | – | 1 |\n| The case b | 2 | 3 | – |');
  });

  it('names who is left out, once for each reason', () => {
    const leftOut = ['a', 'b'].map((title) => ({ title, reason: 'has no such command' }));
    expect(render({ ...one, leftOut })).toContain('Left out: a, b (has no such command).');
  });

  it('tells the machine, the versions, and the latency of a case', () => {
    const text = render({ ...one, latencyMs: 5 });
    expect(text).toContain('2026-11-22 · two cores, 24 GiB');
    expect(text).toContain('knexward 0.1.0 · knex 3.3.0');
    expect(text).toContain('2026-11-22 20:15 UTC, load 0.5 at the start.');
    expect(text).toContain('The case nothing-200, 5 ms a round trip');
  });

  it('tells what an installation brings, and judges it against db-migrate', () => {
    const footprints = [
      { title: 'knexward, without', packedBytes: 512 * 1024, packages: 54, bytes: 9 * MIB },
      { title: 'knexward', packedBytes: 512 * 1024, packages: 60, bytes: 65 * MIB },
      { title: 'db-migrate and its driver', packedBytes: null, packages: 90, bytes: 8 * MIB },
    ];
    const text = renderMarkdown({ machine: MACHINE, footprints, results: [one] });
    expect(text).toContain('| knexward, without | 512 KiB | 54 | 9 |');
    expect(text).toContain('| db-migrate and its driver | – | 90 | 8 |');
    expect(text).toMatch(/Packages installed, .* \| less than 1× \| 0\.60× \| met \|/);
    expect(render(one)).not.toContain('What an installation brings');
  });

  describe('what was promised of the speed (SC-001)', () => {
    it('is judged by the worst of knexward’s own entries', () => {
      const verdicts = judge([
        result('nothing-2000', [
          standing('knexward-sql', 100),
          standing('knexward-js', 150),
          standing('dbmate', 120),
        ]),
      ]);
      expect(verdicts).toEqual([
        expect.objectContaining({ limit: '1×', value: '1.25×', met: false }),
      ]);
    });

    it('is met at the limit itself', () => {
      const cases = [
        result('nothing-2000', [standing('knexward-sql', 200), standing('knex', 400)]),
      ];
      expect(judge(cases).map(({ value, met }) => ({ value, met }))).toEqual([
        { value: '0.50×', met: true },
        { value: '1.00×', met: true },
      ]);
    });

    it('counts the round trips of a change between two numbers of changes, start-up left aside', () => {
      const of = (roundTrips) => [standing('knexward-sql', 1, { roundTrips })];
      const verdicts = judge([result('apply-200', of(420)), result('apply-2000', of(4020))]);
      expect(verdicts).toEqual([expect.objectContaining({ value: '2.00', met: true })]);
    });

    it('holds a test database against the replay in the same case, to a thousandth', () => {
      const verdicts = judge([
        result('test-database', [standing('knexward-test-database', 47), standing('replay', 1000)]),
      ]);
      expect(verdicts).toEqual([
        expect.objectContaining({ limit: '0.05×', value: '0.047×', met: true }),
      ]);
    });

    it('says nothing of what was not measured, and does not mix in the cases with latency', () => {
      const slow = [standing('knexward-sql', 100), standing('dbmate', 10)];
      expect(judge([result('nothing-2000', slow, { latencyMs: 5 })])).toEqual([]);
    });
  });

  it('takes the figures of a job from what the process tells, where the case says so', () => {
    const process = {
      wallMs: 900,
      cpuMs: 400,
      memoryBytes: MIB,
      output: 'a\ntook 43.5 ms, 18 ms of CPU\n',
    };
    const tells = /^took ([\d.]+) ms, ([\d.]+) ms of CPU$/m;
    expect(figuresOf({ tells }, process)).toEqual({ wallMs: 43.5, cpuMs: 18, memoryBytes: MIB });
    expect(figuresOf({}, process)).toEqual({ wallMs: 900, cpuMs: 400, memoryBytes: MIB });
  });

  describe('the chart', () => {
    const widths = (svg) =>
      [...svg.matchAll(/<rect class="\w+" [^>]*width="([\d.]+)"/g)].map(([, width]) =>
        Number(width),
      );

    it('has a bar for each tool, as long as its median in proportion', () => {
      const [ours, knex, psql] = widths(renderChart([one]));
      expect(knex).toBeCloseTo(2 * ours, 0);
      expect(ours).toBeCloseTo(2 * psql, 0);
    });

    it('is well-formed where a name has characters of XML, and follows light and dark', () => {
      const svg = renderChart([result('a', [standing('<a> & b', 10)], { title: 'a < b' })]);
      expect(svg).toContain('&lt;a&gt; &amp; b');
      expect(svg).toContain('a &lt; b');
      expect(svg).toContain('prefers-color-scheme: dark');
    });

    it('puts no panel over another or outside the picture', () => {
      const svg = renderChart(Array.from({ length: 5 }, () => one));
      const [, height] = /height="(\d+)"/.exec(svg) ?? [];
      const places = [...svg.matchAll(/<text class="panel" x="(\d+)" y="(\d+)"/g)].map((match) => ({
        x: Number(match[1]),
        y: Number(match[2]),
      }));
      expect(new Set(places.map(({ x, y }) => `${x},${y}`)).size).toBe(5);
      const bars = [...svg.matchAll(/<rect class="\w+" [^>]*?y="([\d.]+)"/g)].map(([, y]) =>
        Number(y),
      );
      expect(Math.max(...bars)).toBeLessThan(Number(height));
    });
  });
});
