import { fits, type Placeholders, substitute } from '../support/shown-output';

const placeholders = (varies: string[] = [], standsFor: string[] = []): Placeholders => ({
  varies,
  standsFor: new Map(standsFor.map((text) => [text, undefined])),
});

describe('what a document shows, and what a command prints', () => {
  it('is the same to the letter, but for spaces at the ends', () => {
    expect(fits('a  \nb\n', 'a\nb\n\n', placeholders())).toBe(true);
    expect(fits('a\nb', 'a\nc', placeholders())).toBe(false);
    expect(fits('a', 'a\nb', placeholders())).toBe(false);
    expect(fits('a.c', 'abc', placeholders())).toBe(false);
  });

  it('… is any lines on a line of its own, and any text inside one', () => {
    expect(fits('a\n…\nd', 'a\nb\nc\nd', placeholders())).toBe(true);
    expect(fits('a\n…\nd', 'a\nd', placeholders())).toBe(true);
    expect(fits('a … z', 'a b c z', placeholders())).toBe(true);
    expect(fits('a … z', 'a b\nc z', placeholders())).toBe(false);
  });

  it('what varies has other numbers, and nothing else', () => {
    expect(fits('took 6 ms', 'took 1234 ms', placeholders(['6 ms']))).toBe(true);
    expect(fits('took 6 ms', 'took 1.2 s', placeholders(['6 ms']))).toBe(true);
    expect(fits('took 6 ms', 'took 6 h', placeholders(['6 ms']))).toBe(false);
    expect(fits('took 6 ms', 'took 7 ms', placeholders())).toBe(false);
  });

  it('the database that is used is whichever it is', () => {
    expect(fits('Using database: a@b:1/c', 'Using database: d@e:2/f', placeholders())).toBe(true);
    expect(fits('Using database: a@b:1/c', 'Using it', placeholders())).toBe(false);
  });

  it('what stands for something is the same throughout, also in commands', () => {
    const names = placeholders([], ['20260101000000', '/home/ann']);
    expect(fits('made 20260101000000_a.js', 'made 20991231235959_a.js', names)).toBe(true);
    expect(fits('ran 20260101000000_a.js', 'ran 20991231235958_a.js', names)).toBe(false);
    expect(fits('in /home/ann/x', 'in /tmp/q/x', names)).toBe(true);
    expect(substitute('up 20260101000000_a.js', names)).toBe('up 20991231235959_a.js');
  });
});
