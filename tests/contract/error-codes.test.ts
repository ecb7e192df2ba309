import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CODES, ERROR_CODES } from '../../src/errors';
import { findPgBouncer } from '../support/pgbouncer';
import { REPOSITORY } from '../support/project';
import { ERROR_SCENARIOS } from '../support/scenarios/errors';
import { PROBLEM_SCENARIOS } from '../support/scenarios/problems';
import { playWith } from '../support/scenarios/scenario';
import { sampleOf } from '../support/sizes';
import { RUN_WARNING_SCENARIOS, WARNING_SCENARIOS } from '../support/scenarios/warnings';

interface Told {
  code: string;
  message: string;
  fix: string | null;
  page: string;
}

const pageFile = (code: string): string => join(REPOSITORY, 'docs/errors', `${code}.md`);

/** The codes of the table that have this mark. */
const marked = (mark: string): string[] =>
  Object.entries(CODES)
    .filter(([, entry]) => mark in entry)
    .map(([code]) => code);

describe('every code has a scenario that produces it', () => {
  it.each([
    ['exit', ERROR_SCENARIOS],
    ['status', PROBLEM_SCENARIOS],
    ['adopt', WARNING_SCENARIOS],
    ['run', RUN_WARNING_SCENARIOS],
  ])('%s', (mark, scenarios) => {
    expect(Object.keys(scenarios).sort()).toEqual(marked(mark).sort());
  });
});

describe('every error is produced by the command line, and has its page (FR-014, SC-005)', () => {
  const played = Object.entries(ERROR_SCENARIOS).filter(
    // Where PgBouncer is not installed, that is said once.
    ([, { pooled }]) => !pooled || findPgBouncer() !== null,
  );
  it.each(sampleOf('errorScenarios', played))('%s', async (code, scenario) => {
    const exit = ERROR_CODES[code as keyof typeof ERROR_CODES];
    // What a failed migration has to be mended in depends on its SQLSTATE, and so does its page.
    const page = code === 'MIGRATION_FAILED' ? 'sqlstate-42703' : code;
    expect(existsSync(pageFile(page)) && existsSync(pageFile(code))).toBe(true);

    const [text, json] = await playWith(scenario, '--json');
    expect(text.code).toBe(exit);
    const last = text.stderr.trimEnd().split('\n').at(-1) ?? '';
    expect(last).toMatch(/^ +page {2}/);
    expect(last.replace(/^ +page +/, '')).toBe(pageFile(page));
    // Told once; the page names the code again.
    expect(text.stderr.split(code)).toHaveLength(code === page ? 3 : 2);

    expect(json.code).toBe(exit);
    const { error, failed } = json.json<{ error?: Told; failed?: Told }>();
    const told = error ?? failed;
    expect(told).toMatchObject({ code, message: expect.stringMatching(/\S{3}/) as string });
    expect(told?.fix).toMatch(/\S{3}/);
    expect(resolve(told?.page ?? '')).toBe(pageFile(page));
    const everything = [text, json].map(({ stdout, stderr }) => stdout + stderr).join('');
    expect(everything).not.toMatch(/s3cret/);
  });
});

describe('every problem of status is produced, and has its page', () => {
  it.each(sampleOf('problemScenarios', Object.entries(PROBLEM_SCENARIOS)))(
    '%s',
    async (code, scenario) => {
      const [text, json] = await playWith(scenario, '--json');
      const { problems } = json.json<{ problems: Told[] }>();
      const told = problems.find((problem) => problem.code === code);
      expect(told).toMatchObject({ message: expect.stringMatching(/\S{3}/) as string });
      expect(told?.fix).toMatch(/\S{3}/);
      expect(text.stdout).toContain(`\n  page  ${pageFile(code)}\n`);
      expect(existsSync(pageFile(code))).toBe(true);
    },
  );
});

describe('every warning of adopt is produced, and has its page', () => {
  it.each(sampleOf('problemScenarios', Object.entries(WARNING_SCENARIOS)))(
    '%s',
    async (code, scenario) => {
      const [text, json] = await playWith(scenario, '--json');
      const { warnings } = json.json<{ warnings: Told[] }>();
      const told = warnings.find((warning) => warning.code === code);
      expect(told).toMatchObject({ message: expect.stringMatching(/\S{3}/) as string });
      expect(text.stdout).toContain(`\n  page  ${pageFile(code)}\n`);
      expect(existsSync(pageFile(code))).toBe(true);
    },
  );
});

describe('every warning of a run is produced, and has its page', () => {
  it.each(Object.entries(RUN_WARNING_SCENARIOS))('%s', async (code, scenario) => {
    const [text, json] = await playWith(scenario, '--log-format', 'json');
    // These two come with a failure.
    const exit = ['NOT_IN_JOURNAL', 'NOT_RETRIED'].includes(code) ? 1 : 0;
    expect([text.code, json.code]).toEqual([exit, exit]);
    expect(text.stderr).toContain(`    page  ${pageFile(code)}\n`);
    expect(json.stderr).toContain(`"code":"${code}"`);
    expect(existsSync(pageFile(code))).toBe(true);
  });
});
