import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline/promises';
import { format } from 'node:util';
import { createColors } from 'picocolors';
import { addressOf } from '../config/address.js';
import { type DatabaseInUse, type ResolvedConfig } from '../config/resolve.js';
import { KnexwardError } from '../errors.js';
import { printable, rememberName } from '../printable.js';
import { redact } from '../secrets.js';
import { type Finding } from './finding.js';
import { type GitHubStep } from './github.js';
import { isShown, type LogLevel } from './levels.js';
import { type Log, type LogEntry, openLog } from './log.js';

/** The colours of a report, or the same functions without colour. */
export type Colors = ReturnType<typeof createColors>;

/** How a command is to speak. */
export interface OutputOptions {
  json: boolean;
  logFormat: 'text' | 'json';
  logLevel: LogLevel;
  color: boolean;
}

/** One process carries out one command: this is its id, in its log and in the journal. */
const RUN_ID = randomUUID();

/** Where a command's results go (stdout) and what goes on meanwhile (stderr). */
export class Output {
  readonly colors: Colors;
  readonly runId = RUN_ID;
  /** What the command acts on, as far as that is known: a part of every document. */
  private environment: string | undefined;
  private database: DatabaseInUse | undefined;

  private constructor(
    readonly options: OutputOptions,
    private readonly log: Log,
    private readonly github: GitHubStep | null,
  ) {
    // Without a terminal `isTTY` is undefined, and picocolors would then decide for itself.
    const wanted = options.color && process.stdout.isTTY && !process.env['NO_COLOR'];
    this.colors = createColors(Boolean(wanted));
  }

  /** Opens the log; Pino is loaded only where its JSON is wanted. */
  static async open(options: OutputOptions): Promise<Output> {
    const log = await openLog({ ...options, runId: RUN_ID });
    return new Output(options, log, await openGitHubStep());
  }

  /**
   * Says what the command acts on: the environment at once, the database as soon as the server has
   * told what it is, which is before anything is done.
   */
  uses(config: ResolvedConfig, say = (text: string) => this.line(text)): ResolvedConfig {
    this.usesEnvironment(config.environment, say);
    const said = new Set<string>();
    const onDatabase = (database: DatabaseInUse): void => {
      this.database ??= database;
      for (const name of [database.user, database.database, database.schema]) {
        if (name !== null) rememberName(name);
      }
      const text = `Using database: ${placeOf(config, database)}`;
      if (!said.has(text)) say(text);
      said.add(text);
    };
    return { ...config, onDatabase };
  }

  /** Says the environment, once. */
  usesEnvironment(environment: string, say = (text: string) => this.line(text)): void {
    // NODE_ENV may hold anything.
    rememberName(environment);
    const shown = redact(environment);
    if (this.environment === undefined) say(`Using environment: ${shown}`);
    this.environment ??= shown;
  }

  /** Whether a person looks at the result on a terminal. */
  get interactive(): boolean {
    return Boolean(process.stdout.isTTY) && !this.options.json;
  }

  /** Whether there is somebody to ask. */
  get canAsk(): boolean {
    return Boolean(process.stdin.isTTY) && !this.options.json;
  }

  /**
   * Writes the result: one JSON document, or lines of text.
   *
   * @param exact the text is for a program, which needs each character as it is
   */
  result(document: Record<string, unknown>, text: () => string, exact = false): void {
    this.log.status(null);
    const { environment, database } = this;
    const whole = { version: 1, environment, database, ...document };
    if (environment !== undefined) whole.environment = environment;
    const said = exact ? text() : printable(text());
    process.stdout.write(this.options.json ? `${JSON.stringify(whole)}\n` : said);
    this.github?.summarize(said);
  }

  /** In a pipeline that can show them: points at what was found. Elsewhere the result has told it. */
  point(findings: readonly Finding[]): void {
    const lines = this.github?.annotate(findings) ?? [];
    // Where the log is JSON, every line of it is.
    if (this.options.logFormat === 'text') for (const line of lines) this.log.write('info', line);
  }

  /** Writes a line that belongs to the result of a person's command, and to no JSON document. */
  line(text: string): void {
    if (!this.options.json) process.stdout.write(`${printable(text)}\n`);
  }

  /** Writes to stderr what happens meanwhile, if the level asks for it. */
  note(level: Exclude<LogLevel, 'silent'>, text: string, entry?: LogEntry): void {
    if (!this.shows(level)) return;
    // A machine is told what is, in JSON.
    const isText = this.options.logFormat === 'text';
    this.log.write(level, isText ? printable(text) : text, entry);
  }

  /** On a terminal: a last line on stderr that changes in place; `null` takes it away. Else: `false`. */
  status(text: string | null): boolean {
    return this.shows('info') && this.log.status(text === null ? null : printable(text));
  }

  shows(level: LogLevel): boolean {
    return isShown(level, this.options.logLevel);
  }

  /** What a migration prints is no result: it goes the way of what happens meanwhile. */
  takeConsole(): void {
    for (const [name, level] of Object.entries(CONSOLE_LEVELS)) {
      console[name as keyof typeof CONSOLE_LEVELS] = (...given: unknown[]) => {
        const text = format(...given);
        if (this.options.logFormat === 'text') this.log.write(level, text);
        else this.note(level, text, { message: text, fields: { source: 'migration' } });
      };
    }
  }

  /**
   * Asks a question that must be answered with yes before something is done.
   *
   * @param preview the option that shows beforehand what would be done; `null` where there is none
   * @throws KnexwardError `CONFIRMATION_REQUIRED` where nobody can answer, or the answer is no.
   */
  async confirm(
    question: string,
    yes: boolean,
    preview: string | null = '--dry-run',
  ): Promise<void> {
    if (yes) return;
    if (!this.canAsk) {
      throw new KnexwardError('CONFIRMATION_REQUIRED', {
        message: `${question} There is no terminal to ask on. Nothing was changed.`,
        fix: `Give --yes to answer yes${preview === null ? '' : `; ${preview} shows what would happen`}.`,
      });
    }
    const answer = (await ask(`${question} [y/N] `)) ?? '';
    if (/^\s*y(es)?\s*$/i.test(answer)) return;
    throw new KnexwardError('CONFIRMATION_REQUIRED', {
      message: 'You answered no. Nothing was changed.',
      fix: 'Run the command again when you are ready.',
    });
  }
}

/**
 * Asks on the terminal. The end of the input is no answer: `null`.
 *
 * @throws KnexwardError `INTERRUPTED` for Ctrl-C, which `readline` takes for itself, or a signal
 */
export async function ask(question: string): Promise<string | null> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  let stop = (): void => undefined;
  try {
    return await new Promise<string | null>((resolve, reject) => {
      stop = () =>
        reject(
          new KnexwardError('INTERRUPTED', {
            message: 'Stopped before an answer. Nothing was changed.',
            fix: 'Run the command again when you are ready.',
          }),
        );
      prompt.once('SIGINT', stop).once('close', () => resolve(null));
      process.once('SIGINT', stop).once('SIGTERM', stop).once('SIGHUP', stop);
      prompt.question(printable(question)).then(resolve, reject);
    });
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop).off('SIGHUP', stop);
    prompt.close();
  }
}

function placeOf({ database: location }: ResolvedConfig, database: DatabaseInUse): string {
  const { schema } = database;
  const place =
    location.kind === 'embedded'
      ? `embedded PostgreSQL in ${location.folder}`
      : addressOf(database);
  return schema === null ? place : `${place} (schema ${schema})`;
}

/** The step of a GitHub workflow that this process runs in, if it does. */
async function openGitHubStep(): Promise<GitHubStep | null> {
  if (process.env['GITHUB_ACTIONS'] !== 'true') return null;
  const { GitHubStep } = await import('./github.js');
  const command = process.argv.slice(2).find((word) => /^[a-z]+$/.test(word)) ?? '';
  return new GitHubStep(process.env, command);
}

const CONSOLE_LEVELS = {
  log: 'info',
  info: 'info',
  debug: 'debug',
  warn: 'warn',
  error: 'error',
} as const;
