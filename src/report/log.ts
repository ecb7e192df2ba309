import { redact } from '../secrets.js';
import { type LogLevel } from './levels.js';
import { StatusLine } from './status-line.js';

/** Where the things go that happen meanwhile: stderr, as lines for a person or as Pino's JSON. */
export interface Log {
  /**
   * @param text for a person
   * @param fields for a machine, which is told these and `message`
   */
  write(level: Exclude<LogLevel, 'silent'>, text: string, entry?: LogEntry): void;
  /** On a terminal: a last line that changes in place; `null` takes it away. Else: `false`. */
  status(text: string | null): boolean;
}

/** What a machine is told instead of a person's line. */
export interface LogEntry {
  message: string;
  fields?: Record<string, unknown>;
}

/** How to log. */
export interface LogOptions {
  logFormat: 'text' | 'json';
  logLevel: LogLevel;
  /** The id that every line of JSON carries; the run's rows in the journal have the same. */
  runId: string;
}

/** Opens the log. No secret passes it: passwords in what is written are masked. */
export async function openLog(options: LogOptions): Promise<Log> {
  return options.logFormat === 'json' ? openJsonLog(options) : textLog();
}

function textLog(): Log {
  const line = new StatusLine(process.stderr);
  return {
    write: (_level, text) => line.above(redact(text)),
    status: (text) => line.show(text),
  };
}

async function openJsonLog({ logLevel, runId }: LogOptions): Promise<Log> {
  const { default: pino } = await import('pino');
  const base = { name: 'knexward', pid: process.pid, runId };
  const logger = pino({ base, level: logLevel }, pino.destination({ fd: 2, sync: true }));
  return {
    write: (level, text, { message, fields = {} } = { message: text }) =>
      logger[level](redactAll(fields) as Record<string, unknown>, redact(message)),
    status: () => false,
  };
}

/** Masks the passwords in every text of a value. */
function redactAll(value: unknown): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map(redactAll);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, redactAll(inner)]));
}
