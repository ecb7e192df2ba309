import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { checksumOf, isTextOf, sha256 } from '../files/checksum.js';
import { type Migration } from '../files/find.js';
import { stemOf } from '../files/name.js';

/** A migration that a baseline stands for, as its file was then. */
export interface StandsFor {
  name: string;
  /** SHA-256 of the file, in hexadecimal, as in the journal. */
  checksum: string;
  /** The same of the SQL that a file of db-migrate's loads (`sqls/NAME-up.sql`), where it has one. */
  sql: string | null;
}

/** The migrations as a baseline lists them; `null` where one has no file. */
export async function standsForOf(migrations: readonly Migration[]): Promise<StandsFor[] | null> {
  const sqlFiles = sqlFilesOf(migrations);
  const all: StandsFor[] = [];
  for (const [index, { name, path }] of migrations.entries()) {
    if (path === null) return null;
    const sqlFile = sqlFiles[index];
    const sql = sqlFile == null ? null : await checksumOf(sqlFile);
    all.push({ name, checksum: await checksumOf(path), sql });
  }
  return all;
}

/** How the files are, as far as they are those that a baseline stands for. */
export interface Standing {
  /** The files' checksums as they are on this machine, where line ends may differ. */
  checksums: string[];
}

/** Compares what a baseline stands for with the project's first files: a text says what differs. */
export function compareStanding(
  listed: readonly StandsFor[],
  files: readonly Migration[],
): Standing | string {
  const first = files.slice(0, listed.length);
  const names = new Set(files.map(({ name }) => name));
  const known = new Set(listed.map(({ name }) => name));
  for (const [index, { name }] of listed.entries()) {
    const file = first[index];
    if (file?.name === name) continue;
    if (!names.has(name)) return `${name} is not there any more`;
    if (file && !known.has(file.name)) return `${file.name} comes before its end, and is not in it`;
    return 'the migrations are in another order';
  }
  return compareContent(listed, first);
}

/** Reads in this thread: of hundreds of small files, handing each to another would be the most of it. */
function compareContent(
  listed: readonly StandsFor[],
  files: readonly Migration[],
): Standing | string {
  const sqlFiles = sqlFilesOf(files);
  const checksums: string[] = [];
  for (const [index, { name, checksum, sql }] of listed.entries()) {
    const path = files[index]?.path;
    if (path == null) return `${name} has no file`;
    const content = readFileSync(path);
    const own = sha256(content);
    if (own !== checksum && !isTextOf(content, checksum)) return `${name} was edited since`;
    checksums.push(own);
    const sqlFile = sqlFiles[index] ?? null;
    const isSame =
      sqlFile === null || sql === null ? sqlFile === sql : isTextOf(readFileSync(sqlFile), sql);
    if (!isSame) return `the SQL file of ${name} was edited since`;
  }
  return { checksums };
}

/** The file that db-migrate's `--sql-file` loader reads, where there is one. */
function sqlFilesOf(migrations: readonly Migration[]): (string | null)[] {
  const folders = new Map<string, boolean>();
  return migrations.map(({ name, path, format }) => {
    if (path === null || format !== 'db-migrate') return null;
    const folder = join(dirname(path), 'sqls');
    if (!folders.has(folder)) folders.set(folder, existsSync(folder));
    const file = join(folder, `${stemOf(name)}-up.sql`);
    return folders.get(folder) && existsSync(file) ? file : null;
  });
}
