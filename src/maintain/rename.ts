import { randomUUID } from 'node:crypto';
import { extname } from 'node:path';
import { type Client } from 'pg';
import { commandLine } from '../command-line.js';
import { type ResolvedConfig } from '../config/resolve.js';
import { openSession } from '../database/session.js';
import { KnexwardError } from '../errors.js';
import { checksumOf } from '../files/checksum.js';
import { findAllMigrations, findMigrations, type Migration } from '../files/find.js';
import { withoutScope } from '../files/scope.js';
import { oldNameOf } from '../files/old-name.js';
import { findEvidence } from '../history/evidence.js';
import { notWritten, readRecordedFiles, readRenames, writeJournal } from '../history/journal.js';
import { refuseKnexLock } from '../history/knex-lock.js';
import { locateHistory } from '../history/locate.js';
import { type History, readHistory } from '../history/read.js';
import { qualified } from '../history/tables.js';
import { createTables, renameHistoryRows } from '../history/write.js';
import { refuseUnadopted } from '../plan/plan.js';
import { selectName } from '../plan/select.js';
import { unfinishedError } from '../plan/unfinished.js';
import { type Resolution } from './resolve.js';
import { inOneTransaction, underLock } from './under-lock.js';

/** A rename that was recorded: `name` is the new one. */
export interface Rename extends Resolution<'renamed'> {
  from: string;
}

/**
 * Gives a migration the name that its file has now, in Knex's own table: for a file that was renamed
 * after it was applied. History and journal are written in one transaction, and read back before it
 * is committed; the schema is not touched.
 *
 * @throws KnexwardError `UNKNOWN_MIGRATION`, `AMBIGUOUS_MIGRATION`, where no such migration is
 * applied; `MISSING_FILE` where the new name has no file; `RENAME_REFUSED` where it is no rename;
 * `UNFINISHED`, `NOT_ADOPTED`, `LOCKED`; `SERVER_REFUSED` where the server did not write the rows
 */
export async function renameMigration(
  given: ResolvedConfig,
  wanted: { from: string; to: string },
  runId: string = randomUUID(),
): Promise<Rename> {
  const session = await openSession(given);
  const { client } = session;
  try {
    const config = await locateHistory(client, given);
    const { tables } = await readHistory(client, config);
    const { waitForLock, lockTimeout } = config.settings;
    return await underLock(session, tables, { waitMs: waitForLock }, (lock) =>
      inOneTransaction({ client, tables, lock, lockTimeout }, async () => {
        const history = await readHistory(client, config);
        const files = await everyFile(config);
        const names = await namesOf(client, history, files, wanted);
        if (names.recorded) return { ...resolution(names), changed: false };
        await refuse(client, history, files, names);
        await record(client, history, files, { ...names, runId });
        refuseUnwritten(await readHistory(client, config), names);
        return { ...resolution(names), changed: true };
      }),
    );
  } finally {
    await session.close();
  }
}

interface Names {
  from: string;
  to: string;
  /** Whether the journal says so already. */
  recorded: boolean;
}

function resolution({ from, to }: Names): Omit<Rename, 'changed'> {
  return { name: to, verdict: 'renamed', from };
}

/** Those that the configuration leads to, and those of every scope: a rename may move a file. */
async function everyFile(config: ResolvedConfig): Promise<Migration[]> {
  const found = [...(await findMigrations(config)), ...(await findAllMigrations(config))];
  return [...new Map(found.map((file) => [file.name, file])).values()];
}

async function namesOf(
  client: Client,
  { tables, rows, complete }: History,
  files: readonly Migration[],
  wanted: { from: string; to: string },
): Promise<Names> {
  const applied = rows.map(({ name }) => name);
  const renamed = complete ? await readRenames(client, tables) : [];
  const known = new Set([...applied, ...renamed.map((rename) => rename.from)]);
  const from = selectName([...known], wanted.from);
  const to = selectFile(files, wanted.to);
  const recorded =
    !applied.includes(from) && renamed.some((each) => each.from === from && each.to === to);
  if (!recorded && !applied.includes(from)) selectName(applied, wanted.from);
  return { from, to, recorded };
}

function selectFile(files: readonly Migration[], wanted: string): string {
  const names = files.map(({ name }) => name);
  const isMeant = (name: string): boolean =>
    [name, withoutScope(name)].some((text) => text.startsWith(wanted));
  if (wanted !== '' && names.some(isMeant)) return selectName(names, wanted);
  throw new KnexwardError('MISSING_FILE', {
    message: `There is no file "${wanted}" in the migrations folder. Nothing was changed.`,
    fix: 'Rename the file first, then record its new name.',
  });
}

/** Whatever makes it no rename, or one that somebody else would not understand. */
async function refuse(
  client: Client,
  history: History,
  files: readonly Migration[],
  { from, to }: Names,
): Promise<void> {
  const { rows, unfinished, tables, dbMigrate } = history;
  refuseUnadopted(history);
  if (from === to) throw refused(`${from} has that name already`, 'Give the new name of the file.');
  if (files.some(({ name }) => name === from)) {
    throw refused(
      `${from} has a file of its own`,
      `If ${to} took its place, remove the old file first.`,
    );
  }
  if (rows.some(({ name }) => name === to)) {
    throw refused(
      `${to} is applied as a migration of its own`,
      `Where ${from} never took effect: "${commandLine('resolve', from, '--reverted')}".`,
    );
  }
  const open = unfinished.find(({ name }) => name === from || name === to);
  if (open) throw unfinishedError(open, await findEvidence(client));
  if (dbMigrate && [from, to].some((name) => oldNameOf(name) !== undefined)) {
    throw refused(
      `db-migrate's table is still in use (${qualified(tables.dbMigrate.schema, tables.dbMigrate.table)}), and an old release knows the migration by its old name`,
      `Finish the takeover first: "${commandLine('adopt', '--finish')}". Until then, keep the old name.`,
    );
  }
}

function refused(why: string, fix: string): KnexwardError {
  return new KnexwardError('RENAME_REFUSED', {
    message: `The rename cannot be recorded: ${why}. Nothing was changed.`,
    fix,
  });
}

async function record(
  client: Client,
  { tables, rows, complete }: History,
  files: readonly Migration[],
  { from, to, runId }: Names & { runId: string },
): Promise<void> {
  if (!complete) await createTables(client, tables);
  await refuseKnexLock(client, tables);
  const checksum = await checksumFor(client, { tables, files, from, to });
  await renameHistoryRows(client, tables, { from, to });
  await writeJournal(client, tables, {
    runId,
    event: 'resolved',
    migration: to,
    batch: rows.find(({ name }) => name === from)?.batch ?? null,
    checksum,
    details: { verdict: 'renamed', from },
  });
}

/**
 * The checksum that the file had when it was applied, so that an edit made with the rename is still
 * told. Where there is none, or a compiler has made another text of the file, that of now.
 */
async function checksumFor(
  client: Client,
  {
    tables,
    files,
    from,
    to,
  }: Pick<History, 'tables'> & { files: readonly Migration[]; from: string; to: string },
): Promise<string | null> {
  const recorded = (await readRecordedFiles(client, tables)).get(from)?.checksum;
  const path = files.find(({ name }) => name === to)?.path ?? null;
  if (recorded !== undefined && extname(from) === extname(to)) return recorded;
  return path === null ? (recorded ?? null) : checksumOf(path);
}

/** A trigger or a rule on the table may have dropped what was written. */
function refuseUnwritten({ rows, tables }: History, { from, to }: Names): void {
  const names = rows.map(({ name }) => name);
  if (names.includes(from) || !names.includes(to)) {
    throw notWritten(qualified(tables.schema, tables.history));
  }
}
