import { printable, rememberName } from '../../src/printable';
import { shellWord } from '../../src/command-line';

describe('what a person reads of names that others chose', () => {
  it('escape sequences and what moves the cursor are shown, as JSON writes them', () => {
    expect(printable('a\u001b[2Jb\u0007\rc\u009bd\u202ee')).toBe(
      String.raw`a\u001b[2Jb\u0007\rc\u009bd\u202ee`,
    );
  });

  it('lines, tabs and colours of our own stay', () => {
    const text = '\u001b[32mok\u001b[39m\n\tline\r\nline\n';
    expect(printable(text)).toBe(text);
  });

  it('of a name, line breaks and colours are shown too: in a path, cut, and in a message', () => {
    rememberName('20240101-a\n::error::no\u001b[31m\r\nlast.js');
    const shown = String.raw`20240101-a\n::error::no\u001b[31m\r\nlast`;
    expect(printable('20240101-a\n::error::no\u001b[31m\r\nlast.js\n')).toBe(`${shown}.js\n`);
    expect(printable('in /x/20240101-a\n::error::no\u001b[31m\r\nlast: it\nsays\n')).toBe(
      `in /x/${shown}: it\nsays\n`,
    );
  });

  it('a name that is a line break, or ends with one, spoils no text', () => {
    for (const name of ['\n', 'migrations\n', ' \n ']) rememberName(name);
    expect(printable('Batch 1 run: 2 migrations\n')).toBe('Batch 1 run: 2 migrations\n');
  });

  it('in a printed command it stands as a shell reads it', () => {
    expect(shellWord("a\n'b\\")).toBe(String.raw`$'a\n\'b\\'`);
  });
});
