import fc from 'fast-check';
import {
  describeBefore,
  describeEdits,
  describeThrough,
  textBefore,
} from '../../src/adopt/text-before';

const SECRET = 'Zq9-Marker_x7!$';
const word = fc.constantFrom(
  ...[
    'db-migrate',
    'knexward',
    'up',
    ' ',
    '  ',
    '\n',
    '&&',
    ';',
    '--env',
    'dev',
    '"',
    '=',
    'é',
    '😀',
  ],
  `PGPASSWORD=${SECRET};`,
  SECRET,
);
const text = fc.array(word, { maxLength: 30 }).map((words) => words.join(''));
const literals = (described: readonly unknown[]): string =>
  described.filter((piece) => typeof piece === 'string').join('\n');

describe('what a text was, told by what it has become', () => {
  it('is the text before, to the character', () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        const described = describeBefore(before, after);
        expect(textBefore(described, after)).toBe(before);
        expect(described.every((piece) => piece.length > 0 && piece[1] !== 0)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('holds no secret that the text after has too', () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        fc.pre(after.includes(SECRET));
        expect(literals(describeBefore(before, after))).not.toContain(SECRET);
      }),
      { numRuns: 2000 },
    );
    const described = describeBefore(
      `PGPASSWORD=${SECRET};db-migrate up;X=${SECRET};npx db-migrate down -c 2`,
      `PGPASSWORD=${SECRET};knexward up;X=${SECRET};knexward down --count 2`,
    );
    expect(described.filter((piece) => typeof piece === 'string').join('|')).toMatch(
      /^[\w|/ -]{1,40}$/,
    );
  });

  const calls = text.map((before) => {
    const edits = [...before.matchAll(/db-migrate/g)].map(({ index, 0: { length } }) => ({
      ...{ start: index, end: index + length, to: 'npx knexward' },
    }));
    return { before, edits, after: before.replaceAll('db-migrate', 'npx knexward') };
  });

  it('is told by its edits, with nothing but what these replaced', () => {
    fc.assert(
      fc.property(calls, ({ before, edits, after }) => {
        const described = describeEdits(before, edits);
        expect(textBefore(described, after)).toBe(before);
        expect(literals(described)).not.toContain(SECRET);
      }),
    );
  });

  it('of a text that was rewritten twice, is the first', () => {
    fc.assert(
      fc.property(text, text, text, (first, second, third) => {
        const through = describeThrough(
          describeBefore(first, second),
          describeBefore(second, third),
        );
        expect(textBefore(through, third)).toBe(first);
      }),
      { numRuns: 2000 },
    );
  });
});
