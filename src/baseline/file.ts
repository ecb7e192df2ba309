import { sha256 } from '../files/checksum.js';
import { type StandsFor } from './stands-for.js';

/** The version of the file's format: goes up when an older knexward could not read it. */
const FORMAT = 1;

/** What a baseline's file says of itself. */
export interface BaselineHead {
  /** The major version of the server that it was made on. */
  postgres: number;
  /** The schema that the history was in. */
  historySchema: string;
  /** The knexfile's `searchPath`, and the schema in which db-migrate's files work; `null` where it names none. */
  searchPath: readonly string[] | null;
  filesSchema: string | null;
  /** Schemas that were there before the first migration, and roles that rights name. */
  schemas: readonly string[];
  roles: readonly string[];
  /** Columns whose values differ from replay to replay: their default gives them anew when it is loaded. */
  leftToDefault: readonly string[];
  /** The same, where no default could: each database gets the values of the one replay. */
  frozen: readonly string[];
  /** In their order. */
  migrations: readonly StandsFor[];
}

/** A baseline: what it says of itself, and the SQL that it is. */
export interface Baseline extends BaselineHead {
  body: string;
  /** How many lines of the file come before the SQL. */
  linesBefore: number;
}

const TITLE = `-- knexward baseline, format ${FORMAT}. Written by "knexward baseline": run that again instead of editing this.`;
const CHECKSUM = '-- SHA-256 of all that follows: ';

/** The lines of one value each, in their order. What is in them is JSON, and so in one line. */
const VALUES = {
  postgres: 'PostgreSQL',
  historySchema: 'History in schema',
  searchPath: 'Search path of the knexfile',
  filesSchema: "Schema of db-migrate's files",
  schemas: 'Schemas that must be there',
  roles: 'Roles that must be there',
  leftToDefault: 'Differs from replay to replay, left to the default',
  frozen: 'Differs from replay to replay, frozen',
} as const satisfies Partial<Record<keyof BaselineHead, string>>;

/** A baseline as a file: a head of comments, and plain SQL. The same content gives the same bytes. */
export function renderBaseline(head: BaselineHead, body: string): string {
  const { migrations } = head;
  const last = migrations.at(-1)?.name ?? '';
  const values = Object.entries(VALUES).map(
    ([key, label]) => `-- ${label}: ${JSON.stringify(head[key as keyof typeof VALUES])}`,
  );
  const rest = [
    '--',
    `-- What ${migrations.length} migrations leave in an empty database, up to ${onOneLine(last)}.`,
    '-- "knexward up" loads it where the database is empty and these files are as they were.',
    '-- By hand: psql --single-transaction -v ON_ERROR_STOP=1 -f <this file>',
    '--',
    ...values,
    `-- Migrations: ${migrations.length}`,
    ...migrations.flatMap(({ name, checksum, sql }) => [
      `--   ${checksum} ${onOneLine(name)}`,
      ...(sql === null ? [] : [`--     ${sql} its SQL file`]),
    ]),
    '',
    body,
  ].join('\n');
  return `${TITLE}\n${CHECKSUM}${sha256(rest)}\n${rest}`;
}

/** What is to be said of a file that cannot be used as a baseline. */
export interface NoBaseline {
  /** `foreign`: it is no baseline at all. */
  kind: 'foreign' | 'edited' | 'format';
  reason: string;
}

/** Reads a baseline's file. Version control may have changed the line ends. */
export function parseBaseline(text: string): Baseline | NoBaseline {
  const version = /^-- knexward baseline, format (\d+)\./.exec(text)?.[1];
  if (version === undefined) return { kind: 'foreign', reason: 'it is no baseline' };
  if (version !== String(FORMAT)) {
    const reason = `its format is ${version}, and this knexward reads ${FORMAT}`;
    return { kind: 'format', reason };
  }
  for (const given of [text, text.replaceAll('\r\n', '\n')]) {
    const [, checksum = '', rest = ''] = SIGNED.exec(given) ?? [];
    if (sha256(rest) === checksum) return read(rest);
  }
  return { kind: 'edited', reason: 'it was edited after it was written' };
}

/** Whether a text is a baseline's, readable or not, so that nothing else is written over. */
export function isBaseline(text: string): boolean {
  return text.startsWith('-- knexward baseline, format ');
}

const SIGNED = /^[^\n]*\n-- SHA-256 of all that follows: ([0-9a-f]{64})\n(.*)$/s;
const MIGRATION = /^-- {3}([0-9a-f]{64}) (.*)$/;
const SQL_FILE = /^-- {5}([0-9a-f]{64}) /;

function read(rest: string): Baseline {
  const end = rest.indexOf('\n\n');
  const lines = rest.slice(0, end).split('\n');
  const migrations: StandsFor[] = [];
  for (const line of lines) {
    const [, checksum, name] = MIGRATION.exec(line) ?? [];
    const last = migrations.at(-1);
    const [, sql] = SQL_FILE.exec(line) ?? [];
    if (sql !== undefined && last) migrations[migrations.length - 1] = { ...last, sql };
    else if (checksum !== undefined && name !== undefined) {
      migrations.push({ name: fromOneLine(name), checksum, sql: null });
    }
  }
  const values = Object.entries(VALUES).map(([key, label]) => {
    const line = lines.find((each) => each.startsWith(`-- ${label}: `)) ?? '';
    return [key, JSON.parse(line.slice(`-- ${label}: `.length) || 'null') as unknown] as const;
  });
  return {
    ...(Object.fromEntries(values) as Omit<BaselineHead, 'migrations'>),
    migrations,
    body: rest.slice(end + 2),
    linesBefore: lines.length + 3,
  };
}

/** A name that would not stay on its line, or could be taken for another, as JSON. */
function onOneLine(name: string): string {
  // eslint-disable-next-line no-control-regex
  return /[\u0000-\u001f\u007f\u0085\u2028\u2029]|^["\s]|\s$/.test(name)
    ? JSON.stringify(name).replace(
        /[\u0085\u2028\u2029]/g,
        (end) => `\\u${end.charCodeAt(0).toString(16).padStart(4, '0')}`,
      )
    : name;
}

function fromOneLine(text: string): string {
  return text.startsWith('"') ? (JSON.parse(text) as string) : text;
}
