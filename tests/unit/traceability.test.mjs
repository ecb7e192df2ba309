import { describe, expect, it } from '@jest/globals';
import { complaintsAbout, idsIn } from '../../scripts/traceability/names.mjs';
import { renderPage } from '../../scripts/traceability/page.mjs';
import { parseSpec } from '../../scripts/traceability/spec.mjs';
import { aliasesIn, titlesIn } from '../../scripts/traceability/titles.mjs';

const SPEC = `# Migrations

### US1 (P1): Apply pending migrations

Status: built.

All of them run, in order.

### US2: Look at the risk
Status: partly built: no sizes
of tables.

### US3: Roll out to many databases

Status: planned.

| id     | requirement               | status              |
| ------ | ------------------------- | ------------------- |
| FR-001 | a command runs \`a \\| b\`   | built               |
| FR-002 | a command reverts them    | partly: no batches. |

| EC-01 | a migration that fails | planned |
| SC-001 | it is fast | built |
`;

const REQUIREMENTS = [
  { id: 'US1', text: 'Apply pending migrations', status: 'built' },
  { id: 'US2', text: 'Look at the risk', status: 'partly', missing: 'no sizes of tables' },
  { id: 'US3', text: 'Roll out to many databases', status: 'planned' },
  { id: 'FR-001', text: 'a command runs `a | b`', status: 'built' },
  { id: 'FR-002', text: 'a command reverts them', status: 'partly', missing: 'no batches' },
  { id: 'SC-001', text: 'it is fast', status: 'built' },
  { id: 'EC-01', text: 'a migration that fails', status: 'planned' },
];

describe('the requirements of a specification', () => {
  it('are its stories and the rows of its tables, each with its status', () => {
    expect(parseSpec(SPEC)).toEqual(REQUIREMENTS);
  });

  it.each([
    ['a story without a status', '### US1: Apply\n\nAll of them run.', /The status of US1/],
    ['a story with another status', '### US1: Apply\n\nStatus: done.', /The status of US1/],
    ['a heading without a colon', '### US1 Apply\n\nStatus: built.', /no heading of a story/],
    ['a row with another status', '| FR-001 | a command | done |', /The status of FR-001/],
    ['a row without a status', '| FR-001 | a command |', /The row of FR-001/],
    ['a row with one cell more', '| FR-001 | a | b | built |', /The row of FR-001/],
    ['a number that is left out', '| FR-002 | a command | built |', /The numbers up to FR-002/],
    ['a number that is there twice', '| SC-001 | a | built |\n'.repeat(2), /up to SC-001/],
  ])('are refused: %s', (_what, text, message) => {
    expect(() => parseSpec(text)).toThrow(message);
  });
});

describe('the titles of a file', () => {
  const titles = (source, aliases) => titlesIn('a.test.ts', source, aliases);

  it('are those of describe, it and test, in their order, but not of what is always skipped', () => {
    const source = `
      describe('up (US1)', () => {
        it("goes 'up'", async () => { expect(/a/.test('no title')).toBe(test.of('neither')); });
        test.skip(\`comes down\`, () => {});
      });`;
    expect(titles(source)).toEqual(['up (US1)', "goes 'up'"]);
  });

  it('are not the rows of a table, nor what stands in a comment or in a text', () => {
    const source = `
      // it('was once here', () => {});
      it.each([['a row'], ['another']])('takes %s', (row) => { run("it('runs in a project')"); });
      describe.each\`a | b\n\${1} | \${2}\`('adds $a and $b', () => {});
      it.only.each([1])('counts %i', () => {});
      it.skip.each([1])('never counts %i', () => {});`;
    expect(titles(source)).toEqual(['takes %s', 'adds $a and $b', 'counts %i']);
  });

  it('have … for what is not known before they run', () => {
    const source = `
      it(\`\${COUNT} runners, \${what} (SC-007)\`, () => {});
      it('a long ' + 'one (' + id + ')', () => {});
      it(name, () => {});`;
    expect(titles(source)).toEqual(['… runners, … (SC-007)', 'a long one (…)', '…']);
  });

  it('are also those of what stands for one of these functions', () => {
    const support = `
      export const describeWithServer: typeof describe.skip = found ? describe : describe.skip;
      const onLinux = process.platform === 'linux' ? it : it.skip;
      const started = it('is no alias', () => {});
      const other = describeWell;`;
    expect(aliasesIn('support.ts', support)).toEqual(['describeWithServer', 'onLinux']);
    const source = `
      describeWithServer('with a server (US7)', () => { onLinux('on Linux', () => {}); });
      (psql ? it : it.skip)('with psql', () => {});`;
    const expected = ['with a server (US7)', 'on Linux', 'with psql'];
    expect(titles(source, ['describeWithServer', 'onLinux'])).toEqual(expected);
  });
});

describe('what a title names', () => {
  it.each([
    ['applies all of them (US1, FR-001)', ['US1', 'FR-001']],
    ['EC-01 and EC-01', ['EC-01']],
    ['what is not there is named too (US99, FR-9)', ['US99', 'FR-9']],
    ['what is misspelt too (FR_006, fr-006, SC-OO7, EC 7)', ['FR_006', 'fr-006', 'SC-OO7', 'EC 7']],
    ['USAGE, SQLSTATE 42P01, US dollars', []],
  ])('%s', (title, ids) => {
    expect(idsIn(title)).toEqual(ids);
  });
});

describe('what is wrong with the names', () => {
  const named = (title) => ({ file: 'tests/a.test.ts', title });
  const all = named('all (US1, US2, FR-001, FR-002, SC-001)');

  it('is nothing where what is built is named, and nothing else', () => {
    expect(complaintsAbout(REQUIREMENTS, [all, named('something else')])).toEqual([]);
  });

  it('is what is built and not named, what is planned and named, and what there is not', () => {
    const tests = [
      named('most (US1, US2, FR-001)'),
      named('too early (EC-01)'),
      named('no (US15)'),
    ];
    expect(complaintsAbout(REQUIREMENTS, tests)).toEqual([
      'FR-002 has the status partly, but no test names it',
      'SC-001 has the status built, but no test names it',
      'EC-01 has the status planned, but tests/a.test.ts names it',
      'tests/a.test.ts names US15, which the specification does not have: no (US15)',
    ]);
  });
});

describe('the page', () => {
  const page = (tests) => renderPage(REQUIREMENTS, tests, '../../');

  it('has each requirement with its status, and its tests by their files', () => {
    const tests = [
      { file: 'tests/a.test.ts', title: 'one of *many* (US2)' },
      { file: 'tests/a.test.ts', title: 'another (US2)' },
      { file: 'tests/b_c.test.ts', title: 'the last (US2)' },
    ];
    expect(page(tests)).toContain(`### US2

Look at the risk

Status: partly built: no sizes of tables.

- [tests/a.test.ts](../../tests/a.test.ts):
  - one of \\*many\\* (US2)
  - another (US2)
- [tests/b\\_c.test.ts](../../tests/b_c.test.ts): the last (US2)

### US3

Roll out to many databases

Status: planned.

## Requirements
`);
  });

  it('lists eight tests and counts the others', () => {
    const tests = Array.from({ length: 12 }, (_, n) => ({
      file: `tests/${Math.floor(n / 3)}.test.ts`,
      title: `the ${n}th (SC-001)`,
    }));
    expect(page(tests)).toContain('  - the 7th (SC-001)\n- and 4 more in 2 files\n');
    expect(page(tests.slice(0, 9))).toContain('- and 1 more in 1 file\n');
    expect(page(tests.slice(0, 8))).not.toContain('more in');
  });
});
