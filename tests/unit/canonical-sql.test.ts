import fc from 'fast-check';
import { canonicalSql } from '../../src/schema/catalog/canonical.js';

describe('the wording of expressions', () => {
  // What stands on the right is what PostgreSQL makes of what stands on the left when it reads it again.
  it.each([
    [
      "((v)::text = ANY ((ARRAY['a'::character varying, 'it''s, ]'::character varying])::text[]))",
      "((v)::text = ANY (ARRAY[('a'::character varying)::text, ('it''s, ]'::character varying)::text]))",
    ],
    ['(n = ANY ((ARRAY[i, 2])::numeric[]))', '(n = ANY (ARRAY[(i)::numeric, (2)::numeric]))'],
    [
      '((ARRAY[lower(a, b), (c + 1)])::app."Odd ""Type"[])',
      '(ARRAY[(lower(a, b))::app."Odd ""Type", ((c + 1))::app."Odd ""Type"])',
    ],
    [
      "(ARRAY[ARRAY['a'::character varying], ARRAY[b]])::text[]",
      "ARRAY[ARRAY[('a'::character varying)::text], ARRAY[(b)::text]]",
    ],
    [
      "v::text = ANY (ARRAY['a'::character varying, 'b'::character varying]::text[])",
      "v::text = ANY (ARRAY['a'::character varying::text, 'b'::character varying::text])",
    ],
    ['((a > 1) AND (a < 5)) AND (b)', '((a > 1) AND (a < 5)) AND (b)'],
    ['(((a > 1) AND (a < 5)) AND (b > 0))', '((a > 1) AND (a < 5) AND (b > 0))'],
    ['((((a) OR (b)) OR (c)) OR (d))', '((a) OR (b) OR (c) OR (d))'],
  ])('%s', (written, settled) => {
    expect(canonicalSql(written)).toBe(settled);
    expect(canonicalSql(settled)).toBe(settled);
  });

  it.each([
    ["'(ARRAY[''a''])::text[]'::text"],
    ['CREATE FUNCTION f() AS $function$ select (ARRAY[1])::bigint[] $function$'],
    ['CREATE FUNCTION f() AS $$ select (((a) OR (b)) OR (c)) $$'],
    ['"(ARRAY[1])::text[]" OR x'],
    ["E'\\\\''(((a) OR (b)) OR (c))'"],
    ['((ARRAY[1, 2])::numeric(5,2)[])'],
    ['((a AND b) OR c)'],
    ['(a OR (b OR c))'],
    ['(sum(x) OVER (PARTITION BY y ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AND (z))'],
    ['(( SELECT a OR b) OR c)'],
    ['ARRAY[1, 2]'],
    ['ARRAY[]::text[]'],
    ["('{a,b}'::text[])"],
    ['(m[1])::text[]'],
  ])('leaves %s as it is', (sql) => {
    expect(canonicalSql(sql)).toBe(sql);
  });

  it('loses nothing, whatever the text', () => {
    const piece = fc.constantFrom(
      ...[
        "'",
        "''",
        '"',
        '$$',
        '$a$',
        '(',
        ')',
        '[',
        ']',
        'ARRAY[',
        '::text[]',
        ' OR ',
        ' AND ',
        ', ',
        'x',
        "E'\\'",
        '\n',
      ],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 25 }), (pieces) => {
        const sql = pieces.join('');
        const words = (text: string): string => text.replace(/[()[\]]|::text/g, '');
        // Unbalanced brackets never come from a server; what matters is that no word goes.
        expect(words(canonicalSql(sql)).replaceAll(/\s|,/g, '')).toBe(
          words(sql).replaceAll(/\s|,/g, ''),
        );
      }),
    );
  });
});
