import { join } from 'node:path';
import { type Migration } from '../../files/find.js';
import { oldStemOf } from '../../files/old-name.js';
import { datesOfFiles } from '../../files/version-control.js';
import { type DatedRow } from './closest.js';

/** A row of db-migrate's history whose time has no zone. */
export interface ZonelessRow {
  /** With the slash or the scope in front that db-migrate writes. */
  name: string;
  /** As milliseconds that a clock in UTC would show so. */
  clock: number;
}

/** Puts the dates of the files beside the rows: the one in the name, and that of the commit. */
export async function withDates(
  rows: readonly ZonelessRow[],
  files: readonly Migration[],
  directories: readonly string[],
): Promise<DatedRow[]> {
  if (rows.length === 0) return [];
  const committed = new Map<string, number>();
  for (const directory of directories) {
    for (const [path, date] of await datesOfFiles(directory)) {
      committed.set(join(directory, path), date);
    }
  }
  const dates = new Map<string, number>();
  for (const { name, path } of files) {
    const stem = oldStemOf(name);
    const date = path === null ? undefined : committed.get(join(path));
    if (stem !== undefined && date !== undefined) dates.set(stem, date);
  }
  return rows.map(({ name, clock }) => ({
    clock,
    created: momentInName(name),
    committed: dates.get(name.replace(/^\//, '')) ?? null,
  }));
}

/** The moment that db-migrate has written into a file's name, in UTC. */
function momentInName(name: string): number | null {
  const parts = /(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)-/.exec(name)?.slice(1).map(Number);
  if (parts === undefined) return null;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts;
  // A name that was typed by hand, such as 20150101000000, tells no time of day.
  return hour + minute + second === 0 ? null : Date.UTC(year, month - 1, day, hour, minute, second);
}
