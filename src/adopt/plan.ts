import { redact } from '../secrets.js';
import { KnexwardError, type WarningCode } from '../errors.js';
import { type Migration } from '../files/find.js';
import { oldStemOf } from '../files/old-name.js';
import { type History } from '../history/read.js';
import { type OldHistory, type OldRow } from './inspect-database.js';

/** One row of db-migrate's history and the row of Knex's that it becomes. */
export interface AdoptedRow {
  id: number;
  from: string;
  name: string;
  batch: number;
  appliedAt: string;
  /** Whether its file exists. */
  file: boolean;
  /** Knex's history has that name already: the row is noted in the journal and not written again. */
  known: boolean;
  /** What is doubtful about its time; see `OldRow`. */
  time: 'ambiguous' | 'impossible' | null;
}

/** Something that a person should know before saying yes. */
export interface Warning {
  code: WarningCode;
  message: string;
}

/** The warnings as they may be shown: one that quotes a script may quote its password. */
export function withoutSecrets(warnings: readonly Warning[]): Warning[] {
  return warnings.map(({ code, message }) => ({ code, message: redact(message) }));
}

/** What carrying the history over comes down to. */
export interface HistoryPlan {
  timeZone: string;
  rows: AdoptedRow[];
  /** What db-migrate has reverted since it was copied: Knex's history loses it too. */
  reverted: string[];
  alreadyAdopted: number;
  warnings: Warning[];
}

/**
 * Plans how db-migrate's rows become Knex's: in the order of their ids, each in a batch of its
 * own, so that `down` reverts one at a time as db-migrate did. Pure.
 *
 * @throws KnexwardError `DUPLICATE_FILE` where two files could be meant by one row.
 */
export function planHistory(
  old: OldHistory,
  history: History,
  files: readonly Migration[],
  timeZone: string,
): HistoryPlan {
  const fileOf = indexFiles(files);
  const reverted = history.dbMigrate?.reverted ?? [];
  const known = new Set(history.rows.map(({ name }) => name));
  for (const name of reverted) known.delete(name);
  const pending = (old ?? []).filter(({ adopted }) => !adopted);
  let batch = history.rows.reduce((highest, row) => Math.max(highest, row.batch), 0);
  const rows = pending.map((original): AdoptedRow => {
    const stem = original.name.replace(/^\//, '');
    const file = fileOf.get(stem);
    const name = file ?? `${stem}.js`;
    const isKnown = known.has(name);
    if (!isKnown) batch += 1;
    return {
      id: original.id,
      from: original.name,
      name,
      batch,
      appliedAt: original.appliedAt,
      file: file !== undefined,
      known: isKnown,
      time: doubtAbout(original),
    };
  });
  return {
    timeZone,
    rows,
    reverted,
    alreadyAdopted: (old?.length ?? 0) - pending.length,
    warnings: findWarnings(rows, timeZone),
  };
}

function doubtAbout({ ambiguous, impossible }: OldRow): AdoptedRow['time'] {
  return impossible ? 'impossible' : ambiguous ? 'ambiguous' : null;
}

/** db-migrate cuts a file's name at its first dot: `2019…-a.v2.js` is `2019…-a` in its table. */
function indexFiles(files: readonly Migration[]): Map<string, string> {
  const index = new Map<string, string>();
  for (const { name } of files) {
    const stem = oldStemOf(name);
    if (stem === undefined) continue;
    const other = index.get(stem);
    if (other !== undefined) {
      throw new KnexwardError('DUPLICATE_FILE', {
        message: `Two files stand for one row of db-migrate's history: ${other} and ${name}.`,
        fix: 'db-migrate cuts names at the first dot. Move the one that was not applied out of the folder.',
      });
    }
    index.set(stem, name);
  }
  return index;
}

function findWarnings(rows: readonly AdoptedRow[], timeZone: string): Warning[] {
  const warnings: Warning[] = [];
  const warn = (
    code: WarningCode,
    found: readonly AdoptedRow[],
    text: (names: string) => string,
  ) => {
    if (found.length > 0) warnings.push({ code, message: text(listNames(found)) });
  };
  const missing = rows.filter(({ file }) => !file);
  warn('MISSING_FILE', missing, (names) =>
    missing.length === 1
      ? `1 row has no file; it is kept, and cannot be reverted: ${names}`
      : `${missing.length} rows have no file; they are kept, and cannot be reverted: ${names}`,
  );
  const seen = new Set<string>();
  const doubled = rows.filter(({ name }) => seen.size === seen.add(name).size);
  warn(
    'DUPLICATE_ROW',
    doubled,
    (names) => `the history has more than one row for ${names}; all are kept`,
  );
  const known = rows.filter((row) => row.known);
  warn(
    'ALREADY_IN_HISTORY',
    known,
    (names) => `Knex's history has these already, and keeps its own row and time: ${names}`,
  );
  const impossible = rows.filter(({ time }) => time === 'impossible');
  warn(
    'TIME_DOES_NOT_EXIST',
    impossible,
    (names) =>
      `${impossible.length} ${impossible.length === 1 ? 'time does' : 'times do'} not exist in ${timeZone} (clocks were put forward): is it the right zone? ${names}`,
  );
  const ambiguous = rows.filter(({ time }) => time === 'ambiguous');
  warn(
    'TIME_AMBIGUOUS',
    ambiguous,
    (names) =>
      `${ambiguous.length} ${ambiguous.length === 1 ? 'time comes' : 'times come'} twice in ${timeZone} (clocks were put back); standard time is taken: ${names}`,
  );
  return warnings;
}

function listNames(rows: readonly AdoptedRow[]): string {
  const names = rows.slice(0, 5).map(({ from }) => from);
  return rows.length > 5 ? `${names.join(', ')}, …` : names.join(', ');
}
