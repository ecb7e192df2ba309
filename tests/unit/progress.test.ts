import { createColors } from 'picocolors';
import { durationOf } from '../../src/count';
import { createProgress } from '../../src/report/progress';
import { StatusLine } from '../../src/report/status-line';

/** What a terminal of one line height would show: a line that is erased is gone. */
class Terminal {
  readonly isTTY = true;
  readonly columns = 20;
  private readonly lines = [''];

  write(text: string): void {
    for (const part of text.split(new RegExp(`(\\n|\\r${String.fromCharCode(27)}\\[2K)`))) {
      if (part === '\n') this.lines.push('');
      else if (part.startsWith('\r')) this.lines[this.lines.length - 1] = '';
      else this.lines[this.lines.length - 1] += part;
    }
  }

  get screen(): string {
    return this.lines.join('\n');
  }
}

describe('the status line', () => {
  it('stays the last line, and lines that stay go above it', () => {
    const terminal = new Terminal();
    const line = new StatusLine(terminal);
    line.above('first');
    line.show('1 s');
    line.show('2 s');
    line.above('second');
    expect(terminal.screen).toBe('first\nsecond\n2 s');
    line.show(null);
    expect(terminal.screen).toBe('first\nsecond\n');
  });

  it('never wraps: a wrapped line could not be erased', () => {
    const terminal = new Terminal();
    new StatusLine(terminal).show('x'.repeat(100));
    expect(terminal.screen).toBe('x'.repeat(19));
  });

  it('does nothing where there is no terminal', () => {
    const written: string[] = [];
    const line = new StatusLine({ write: (text) => written.push(text) });
    line.show('1 s');
    line.above('stays');
    expect(written).toEqual(['stays\n']);
  });
});

describe('progress', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('tells which migration, n of m, for how long', () => {
    const shown: (string | null)[] = [];
    const notes: string[] = [];
    const listener = createProgress({
      colors: createColors(false),
      options: { json: false, logFormat: 'text', logLevel: 'info', color: false },
      note: (_level, text) => notes.push(text),
      status: (text) => shown.push(text) > 0,
    });
    listener({ type: 'started', name: 'a.js', index: 1, total: 3 });
    jest.advanceTimersByTime(2000);
    listener({ type: 'done', name: 'a.js', durationMs: 2000 });
    jest.advanceTimersByTime(60_000);
    expect(shown).toEqual([
      ...[null, '  … 2/3 a.js', '  … 2/3 a.js 1 s', '  … 2/3 a.js 2 s', null],
    ]);
    expect(notes).toEqual(['  ✓ 2/3 a.js 2.0 s']);
  });

  it('ends with how many there were, and how long they took', () => {
    const notes: string[] = [];
    const listener = createProgress({
      colors: createColors(false),
      options: { json: false, logFormat: 'text', logLevel: 'info', color: false },
      note: (_level, text) => notes.push(text),
      status: () => true,
    });
    for (const [index, name] of ['a.js', 'b.js'].entries()) {
      listener({ type: 'started', name, index, total: 2 });
      jest.advanceTimersByTime(45_000);
      listener({ type: 'done', name, durationMs: 45_000 });
    }
    expect(notes.at(-1)).toBe('  2 migrations in 1 min 30 s');
    expect(notes).toHaveLength(3);
    listener({ type: 'started', name: 'c.js', index: 0, total: 1 });
    listener({ type: 'done', name: 'c.js', durationMs: 7 });
    expect(notes.at(-1)).toBe('  ✓ 1/1 c.js 7 ms');
  });

  it('counts what came from a baseline', () => {
    const notes: string[] = [];
    const listener = createProgress({
      colors: createColors(false),
      options: { json: false, logFormat: 'text', logLevel: 'info', color: false },
      note: (_level, text) => notes.push(text),
      status: () => true,
    });
    const migrations = ['a.js', 'b.js'];
    listener({ type: 'baseline', file: 'baseline.sql', migrations, durationMs: 1000 });
    listener({ type: 'started', name: 'c.js', index: 0, total: 1 });
    jest.advanceTimersByTime(2000);
    listener({ type: 'done', name: 'c.js', durationMs: 2000 });
    expect(notes.at(-1)).toBe('  3 migrations in 3.0 s');
  });

  it.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [999.7, '1.0 s'],
    [59_949, '59.9 s'],
    [59_999, '1 min 0 s'],
    [3_725_000, '1 h 2 min'],
  ])('%s milliseconds are %s', (milliseconds, said) => {
    expect(durationOf(milliseconds)).toBe(said);
  });

  it('reminds of a long one every half minute where there is no terminal', () => {
    const notes: string[] = [];
    const listener = createProgress({
      colors: createColors(false),
      options: { json: false, logFormat: 'json', logLevel: 'info', color: false },
      note: (_level, _text, entry) => notes.push(JSON.stringify(entry)),
      status: () => false,
    });
    listener({ type: 'started', name: 'a.js', index: 0, total: 1 });
    jest.advanceTimersByTime(61_000);
    const atWork = (seconds: number): string =>
      JSON.stringify({ message: 'running', fields: { migration: 'a.js', seconds } });
    expect(notes.slice(1)).toEqual([atWork(30), atWork(60)]);
  });
});
