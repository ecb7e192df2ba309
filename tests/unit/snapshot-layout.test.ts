import fc from 'fast-check';
import { joinLines, type Json, layOut } from '../../src/snapshot/layout.js';

describe('the layout of a snapshot', () => {
  it('puts on one line what fits on it', () => {
    expect(
      layOut({ kind: 'column', name: 'id', notNull: true, of: [1, 2], none: {}, no: [] }),
    ).toBe(
      '{ "kind": "column", "name": "id", "notNull": true, "of": [1, 2], "none": {}, "no": [] }',
    );
  });

  it('breaks what does not, from the outside to the inside', () => {
    expect(layOut({ a: 'x'.repeat(60), b: { c: 'y'.repeat(40), d: 1 } })).toBe(
      `{\n  "a": "${'x'.repeat(60)}",\n  "b": { "c": "${'y'.repeat(40)}", "d": 1 }\n}`,
    );
  });

  it('gives each line of a text one of its own', () => {
    expect(layOut({ definition: 'begin\n  "x";\nend' })).toBe(
      `{\n  "definition": { "lines": [\n    "begin",\n    "  \\"x\\";",\n    "end"\n  ] }\n}`,
    );
  });

  it('is JSON that says the same, whatever the texts', () => {
    const texts = fc.string({
      unit: fc.constantFrom('a', '"', '\\', '\n', '\r', '🐘', '\u2028', ' '),
    });
    const key = texts.filter((text) => text !== 'lines' && text !== '__proto__');
    const { value } = fc.letrec<{ value: Json; list: Json; record: Json }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        texts,
        fc.integer(),
        fc.boolean(),
        tie('list'),
        tie('record'),
      ),
      list: fc.array(tie('value')),
      record: fc.dictionary(key, tie('value')),
    }));
    fc.assert(
      fc.property(value, (given) => {
        expect(joinLines(JSON.parse(layOut(given)))).toEqual(given);
      }),
    );
  });
});
