import { createInterface } from 'node:readline/promises';
import { createColors } from 'picocolors';
import { KnexwardError } from '../errors.js';

/** The colours of a report, or the same functions without colour. */
export type Colors = ReturnType<typeof createColors>;

/** How a command is to speak. */
export interface OutputOptions {
  json: boolean;
  logFormat: 'text' | 'json';
  logLevel: LogLevel;
  color: boolean;
}

/** From the most to the least important. */
export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Where a command's results go (stdout) and what goes on meanwhile (stderr). */
export class Output {
  readonly colors: Colors;

  constructor(readonly options: OutputOptions) {
    // Without a terminal `isTTY` is undefined, and picocolors would then decide for itself.
    const wanted = options.color && process.stdout.isTTY && !process.env['NO_COLOR'];
    this.colors = createColors(Boolean(wanted));
  }

  /** Whether a person looks at the result on a terminal. */
  get interactive(): boolean {
    return Boolean(process.stdout.isTTY) && !this.options.json;
  }

  /** Writes the result: one JSON document, or lines of text. */
  result(document: Record<string, unknown>, text: () => string): void {
    process.stdout.write(
      this.options.json ? `${JSON.stringify({ version: 1, ...document })}\n` : text(),
    );
  }

  /** Writes a line that belongs to the result of a person's command, and to no JSON document. */
  line(text: string): void {
    if (!this.options.json) process.stdout.write(`${text}\n`);
  }

  /** Writes to stderr what happens meanwhile, if the level asks for it. */
  note(level: LogLevel, text: string): void {
    if (this.shows(level)) process.stderr.write(`${text}\n`);
  }

  shows(level: LogLevel): boolean {
    return LOG_LEVELS.indexOf(level) <= LOG_LEVELS.indexOf(this.options.logLevel);
  }

  /**
   * Asks a question that must be answered with yes before something is done.
   *
   * @throws KnexwardError `CONFIRMATION_REQUIRED` where nobody can answer, or the answer is no.
   */
  async confirm(question: string, yes: boolean): Promise<void> {
    if (yes) return;
    if (!process.stdin.isTTY || this.options.json) {
      throw new KnexwardError('CONFIRMATION_REQUIRED', {
        message: `${question} There is no terminal to answer on. Nothing was changed.`,
        fix: 'Give --yes if that is what you want; --dry-run shows what would happen.',
      });
    }
    const prompt = createInterface({ input: process.stdin, output: process.stderr });
    const answer = await prompt.question(`${question} [y/N] `);
    prompt.close();
    if (/^\s*y(es)?\s*$/i.test(answer)) return;
    throw new KnexwardError('CONFIRMATION_REQUIRED', {
      message: 'The answer was no. Nothing was changed.',
      fix: 'Run the command again when you are ready.',
    });
  }
}
