import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { DAYS_UNTIL_ALL_FILES, draw, filesOfSample, SIZES } from '../support/sizes';

const ROOT = join(__dirname, '../..');
const LIST = Array.from({ length: 40 }, (_, index) => index);

/** What another process makes of a test's environment. */
function sizeIn(env: Record<string, string>): unknown {
  const script = `
    const { createJiti } = require('jiti');
    createJiti(process.cwd() + '/').import('./tests/support/sizes.ts').then(({ SEED, WHOLE, sampleOf }) => {
      const list = Array.from({ length: 500 }, (_, index) => index);
      console.log(JSON.stringify({ SEED, WHOLE, drawn: sampleOf('crashPoints', list).length }));
    });`;
  const { PATH = '' } = process.env;
  const output = execFileSync(process.execPath, ['-e', script], {
    cwd: ROOT,
    env: { PATH, ...env },
  });
  return JSON.parse(String(output));
}

describe('npm test takes a sample, npm run test:all takes everything (SC-009)', () => {
  it('a sample is as large as its size says, in the order of the list, and nothing twice', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer()), fc.nat(60), fc.integer(), (list, count, seed) => {
        const drawn = draw(list, count, seed);
        expect(drawn).toHaveLength(Math.min(count, list.length));
        expect(drawn).toEqual(list.filter((one) => drawn.includes(one)));
      }),
    );
  });

  it('the same seed draws the same; a month of days draws each of forty', () => {
    expect(draw(LIST, 8, 20261127)).toEqual(draw(LIST, 8, 20261127));
    const days = Array.from({ length: 30 }, (_, day) => draw(LIST, 8, 20261101 + day));
    expect(new Set(days.map(String)).size).toBe(30);
    expect(new Set(days.flat()).size).toBe(40);
  });

  it('each is drawn about as often as any other', () => {
    const times = LIST.map(() => 0);
    for (let seed = 0; seed < 4000; seed++)
      for (const one of draw(LIST, 10, seed)) times[one]! += 1;
    expect(Math.min(...times)).toBeGreaterThan(850);
    expect(Math.max(...times)).toBeLessThan(1150);
  });

  it('without a word it is a sample of the day; with KNEXWARD_TESTS=all it is everything', () => {
    const day = () => Number(new Date().toISOString().slice(0, 10).replaceAll('-', ''));
    const before = day();
    const { SEED, ...sample } = sizeIn({}) as { SEED: number };
    expect([before, day()]).toContain(SEED);
    expect(sample).toEqual({ WHOLE: false, drawn: SIZES.crashPoints[0] });
    expect(sizeIn({ KNEXWARD_TESTS: 'all', KNEXWARD_TEST_SEED: '7' })).toEqual({
      ...{ SEED: 7, WHOLE: true, drawn: 500 },
    });
    expect(sizeIn({ KNEXWARD_TESTS: 'ci', KNEXWARD_TEST_SEED: '7' })).toEqual({
      ...{ SEED: 7, WHOLE: false, drawn: SIZES.crashPoints[1] },
    });
    expect(() => sizeIn({ KNEXWARD_TESTS: 'whole' })).toThrow('is one of sample, ci, all');
  });

  it('the sample of files has all unit tests, and in three days each of the others', () => {
    const paths = ['unit/a', 'unit/b', ...LIST.map((at) => `fault/${at}`)].map((p) => `/t/${p}.ts`);
    const days = Array.from({ length: DAYS_UNTIL_ALL_FILES }, (_, day) =>
      filesOfSample(paths, 20261101 + day),
    );
    for (const day of days) {
      expect(day).toEqual(expect.arrayContaining(paths.slice(0, 2)));
      const others = LIST.length / DAYS_UNTIL_ALL_FILES;
      expect([2 + Math.floor(others), 2 + Math.ceil(others)]).toContain(day.length);
    }
    expect(new Set(days.flat())).toEqual(new Set(paths));
  });

  it.each(['20261127', '20261128', '20261129'])(
    'seed %s: test:rest has each file that npm test leaves out or runs a part of',
    (KNEXWARD_TEST_SEED) => {
      const filesOf = (...more: string[]): string[] => {
        const output = execFileSync(
          process.execPath,
          [join(ROOT, 'node_modules/jest/bin/jest.js'), '--listTests', ...more],
          { cwd: ROOT, env: { ...process.env, KNEXWARD_TEST_SEED } },
        );
        return String(output).trim().split('\n').sort();
      };
      const all = filesOf();
      const sample = filesOf('--filter', './tests/support/filter-sample.js');
      expect(sample.length).toBeLessThan(all.length);
      const named = filesOf(
        '--filter',
        './tests/support/filter-sample.js',
        'fault/pg',
        'fault/turns',
      );
      expect(named.map((file) => file.replace(/^.*\//, ''))).toEqual([
        'pgbouncer.test.ts',
        'turns.test.ts',
      ]);
      expect(filesOf('--filter', './tests/support/filter-sample.js', '-t', 'foo')).toEqual(sample);
      const rest = filesOf(
        ...['--config', 'jest.all.config.js', '--filter', './tests/support/filter-rest.js'],
      );
      expect([...new Set([...sample, ...rest])].sort()).toEqual(all);
      const both = rest.filter((file) => sample.includes(file));
      const usesSizes = (file: string): boolean =>
        /(itOfSample|sampleOf|sizeOf|describeCrashMatrix)\(|\bWHOLE\b/.test(
          readFileSync(file, 'utf8'),
        );
      expect(both).toEqual(sample.filter(usesSizes));
    },
  );

  it('no sample is larger than what CI takes, nor empty, and that is not more than everything', () => {
    for (const [few, ci, all] of Object.values(SIZES)) {
      expect(few).toBeGreaterThan(0);
      expect(few).toBeLessThan(ci);
      expect(ci).toBeLessThanOrEqual(all);
    }
  });

  it('jest.all.config.js is what npm run test:all runs, and runs everything', () => {
    const { scripts } = jest.requireActual<{ scripts: Record<string, string> }>(
      join(ROOT, 'package.json'),
    );
    expect(scripts['test:all']).toBe('jest --config jest.all.config.js');
    const output = execFileSync(
      process.execPath,
      ['-e', "require('./jest.all.config.js'); console.log(process.env.KNEXWARD_TESTS)"],
      { cwd: ROOT, env: { PATH: process.env['PATH'] } },
    );
    expect(String(output)).toBe('all\n');
  });
});
