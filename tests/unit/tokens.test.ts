import * as fc from 'fast-check';
import { tokensOf } from '../../src/sql/tokens';

const PIECES = [
  ...["'", "''", '\\', "e'", "u&'", '"', '""', '$$', '$a$', '--', '\n', '\r\n', ' ', 'a', '1'],
  ...[';', '/*', '*/', '(', ')', "'\n'", "' -- c\n '"],
];

describe('cutting SQL into tokens', () => {
  it('all tokens of a text, put together, are the text', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 14 }), (pieces) => {
        const sql = pieces.join('');
        expect(
          tokensOf(sql)
            .map(({ text }) => text)
            .join(''),
        ).toBe(sql);
      }),
    );
  });

  it.each([
    ['a literal', `'${'x'.repeat(2e7)}'`],
    ['a literal of quotes', `'${"''".repeat(2e6)}'`],
    ['an escape string', `E'${"\\'".repeat(2e6)}'`],
    ['a quoted name', `"${'x'.repeat(2e7)}"`],
    ['a dollar-quoted string', `$$${"'".repeat(2e7)}$$`],
    ['a comment', `/*${"'".repeat(2e6)}*/`],
  ])('%s of millions of characters is one token', (_, sql) => {
    const tokens = tokensOf(`select ${sql};`);
    expect(tokens).toHaveLength(4);
    expect(tokens[2]?.text === sql).toBe(true);
  });
});
