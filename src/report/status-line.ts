/** The part of a stream that a status line needs. */
export interface LineStream {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

/** To the start of the line, and erase it (ECMA-48: CSI 2 K). */
const ERASE = '\r\u001b[2K';

/** The last line of a terminal, which changes in place while other lines are written above it. */
export class StatusLine {
  private text: string | null = null;

  constructor(private readonly stream: LineStream) {}

  /** Shows a text, or nothing any more. Returns `false` where the stream is no terminal. */
  show(text: string | null): boolean {
    if (!this.stream.isTTY) return false;
    this.erase();
    this.text = text;
    this.draw();
    return true;
  }

  /** Writes a line that stays. */
  above(line: string): void {
    this.erase();
    this.stream.write(`${line}\n`);
    this.draw();
  }

  private erase(): void {
    if (this.text !== null) this.stream.write(ERASE);
  }

  private draw(): void {
    // A line that wraps could not be erased again.
    if (this.text !== null) this.stream.write(this.text.slice(0, (this.stream.columns || 80) - 1));
  }
}
