import { describe, expect, it } from '@jest/globals';
import { check } from '../../bench/check.mjs';
import { cpuTime } from '../../bench/measure.mjs';
import { changes } from '../../bench/migrations.mjs';
import { RoundTrips } from '../../bench/round-trips.mjs';
import { quantile, ratio, summarize } from '../../bench/statistics.mjs';

describe('the bench: its figures', () => {
  it('takes the middle of an odd number of runs, and between the middle two of an even one', () => {
    expect(summarize([30, 10, 20]).median).toBe(20);
    expect(summarize([40, 10, 20, 30]).median).toBe(25);
  });

  it('tells the spread: the ends and the quartiles', () => {
    expect(summarize([1, 2, 3, 4, 5])).toEqual({
      runs: 5,
      min: 1,
      q1: 2,
      median: 3,
      q3: 4,
      max: 5,
    });
    expect(quantile([10, 20], 0.25)).toBe(12.5);
    expect(summarize([7])).toEqual({ runs: 1, min: 7, q1: 7, median: 7, q3: 7, max: 7 });
  });

  it('leaves runs out that have no such figure, and says so where none has', () => {
    expect(summarize([null, 4, null])).toMatchObject({ runs: 1, median: 4 });
    expect(summarize([null])).toBeNull();
  });

  it('compares medians, and nothing with what is not there', () => {
    expect(ratio(summarize([3, 1, 2]), summarize([4]))).toBe(0.5);
    expect(ratio(summarize([1]), null)).toBeNull();
    expect(ratio(undefined, summarize([1]))).toBeNull();
  });

  it('reads the CPU time of what a shell waited for, in the words of bash and of dash', () => {
    expect(cpuTime('0m0.001s 0m0.002s\n0m1.250s 0m0.100s\n')).toBeCloseTo(1350);
    expect(cpuTime('0m0.000000s 0m0.000000s\n2m3.500000s 0m0.000000s\n')).toBeCloseTo(123_500);
    expect(cpuTime('')).toBeNull();
  });

  describe('the check of a run', () => {
    const contestant = {
      peer: { title: 'a tool' },
      says: /^up to date$/m,
      expected: { 'select count of tables': 200 },
    };
    const judged = (code, output, n) => check(contestant, { code, output }, async () => [{ n }]);

    it('passes where code, output and database are as they should be', async () => {
      await expect(judged(0, 'hello\nup to date\n', 200)).resolves.toBeUndefined();
    });

    it.each([
      ['the exit code', 1, 'up to date', 200, /a tool: it ended with 1/],
      ['the output', 0, 'applied 3', 200, /did not print .*up to date[^]*applied 3/],
      ['the database', 0, 'up to date', 199, /tables gives 199 instead of 200/],
    ])('fails, and says so, where %s is wrong', async (_, code, output, n, message) => {
      await expect(judged(code, output, n)).rejects.toThrow(message);
    });
  });

  describe('round trips', () => {
    const talk = (words) => {
      const counted = new RoundTrips();
      const connection = counted.connection();
      for (const word of words) connection[word === '>' ? 'client' : 'server']();
      return counted.total;
    };

    it('counts a question and its answer once, in however many packets they come', () => {
      expect(talk('><')).toBe(1);
      expect(talk('>>><<<')).toBe(1);
      expect(talk('><><><')).toBe(3);
    });

    it('counts what was asked and never answered, and nothing for what the server says unasked', () => {
      expect(talk('><>')).toBe(2);
      expect(talk('<<')).toBe(0);
    });

    it('counts two connections apart, although their words mix', () => {
      const counted = new RoundTrips();
      const [one, other] = [counted.connection(), counted.connection()];
      one.client();
      other.client();
      one.server();
      other.server();
      expect(counted).toMatchObject({ total: 2, connections: 2 });
    });
  });

  it('gives every tool the same changes, in the order of their names, each with a way back', () => {
    const all = changes(2500);
    const names = all.map(({ stamp, subject }) => stamp + subject);
    expect(names).toEqual([...new Set(names)].sort());
    expect(all.slice(0, 200)).toEqual(changes(200));
    for (const { subject, up, down } of all) {
      expect(up).toContain(`create table ${subject} `);
      expect(down).toBe(`drop table ${subject};\n`);
    }
  });
});
