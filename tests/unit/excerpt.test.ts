import { excerptOf } from '../../src/report/excerpt';

/** The excerpt of a statement in which `«` stands in front of the place. */
function excerpt(marked: string, isFile = false): string[] {
  const index = [...marked].indexOf('«');
  const position = index < 0 ? null : index + 1;
  return excerptOf({ statement: marked.replace('«', ''), position, isFile });
}

describe('a marked excerpt of the statement (FR-014)', () => {
  it('has a caret under the column', () => {
    expect(excerpt('select «broken')).toEqual(['select broken', '       ^']);
    expect(excerpt('«selct 1')).toEqual(['selct 1', '^']);
    expect(excerpt('select (1«')).toEqual(['select (1', '         ^']);
  });

  it('has the three lines before and after, and says that there are more', () => {
    const lines = Array.from({ length: 20 }, (_, i) => `select ${i + 1};`);
    lines[9] = 'select «broken;';
    expect(excerpt(lines.join('\n'))).toEqual([
      '…',
      ...['select 7;', 'select 8;', 'select 9;'],
      ...['select broken;', '       ^'],
      ...['select 11;', 'select 12;', 'select 13;'],
      '…',
    ]);
  });

  it("has the file's own line numbers where the statement is a file", () => {
    expect(excerpt('-- a\n\nselect 1;\nselect «broken;\n', true)).toEqual([
      '1 | -- a',
      '2 | ',
      '3 | select 1;',
      '4 | select broken;',
      '  |        ^',
    ]);
    const long = `${'select 1;\n'.repeat(98)}select «broken;\nselect 2;`;
    expect(excerpt(long, true)).toEqual([
      '    | …',
      ' 96 | select 1;',
      ' 97 | select 1;',
      ' 98 | select 1;',
      ' 99 | select broken;',
      '    |        ^',
      '100 | select 2;',
    ]);
  });

  it('keeps the caret under its place behind tabs and wide characters', () => {
    expect(excerpt("\tselect\t'é', «broken")).toEqual([
      "\tselect\t'é', broken",
      '\t      \t     ^',
    ]);
    expect(excerpt("select '🐘漢', «broken")[1]).toBe(' '.repeat(15) + '^');
    expect(excerpt("select 'e\u0301', «broken")[1]).toBe(' '.repeat(12) + '^');
  });

  it('cuts a long line around the place', () => {
    const [line = '', caret = ''] = excerpt(`${'x'.repeat(500)} «broken ${'y'.repeat(500)}`);
    expect(line.length).toBeLessThan(110);
    expect(line.slice(caret.indexOf('^'))).toMatch(/^broken y+ …$/);
    const [start = '', mark = ''] = excerpt(`select «broken ${'y'.repeat(500)}`);
    expect(start.slice(mark.indexOf('^'))).toMatch(/^broken y+ …$/);
  });

  it('without a place has the first lines, and no blank ones around them', () => {
    expect(excerpt('\n\n  create table a (\n    id int)\n  \n')).toEqual([
      '  create table a (',
      '    id int)',
    ]);
    const long = excerpt(Array.from({ length: 50 }, (_, i) => `select ${i};`).join('\r\n'));
    expect(long).toHaveLength(13);
    expect(long.slice(-2)).toEqual(['select 11;', '…']);
  });

  it('a place outside of the text does no harm, nor do control characters', () => {
    expect(excerptOf({ statement: 'select 1', position: 99, isFile: false })).toEqual([
      'select 1',
      '        ^',
    ]);
    expect(excerptOf({ statement: '', position: null, isFile: true })).toEqual(['1 | ']);
    expect(excerpt("select '\u001b[2J'")).toEqual(["select '\ufffd[2J'"]);
  });
});
