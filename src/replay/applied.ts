import { type ResolvedConfig } from '../config/resolve.js';
import { findAllMigrations, type Migration } from '../files/find.js';
import { type History } from '../history/read.js';
import { asRecorded } from '../files/recorded.js';

/** What is applied, as far as it can be applied anew. */
export interface Applied {
  /** The files, in the order in which they were applied, scopes included. */
  migrations: Migration[];
  /** Applied, but without a file. */
  unreplayable: string[];
}

/** The files of what is applied. */
export async function appliedOf(config: ResolvedConfig, { rows }: History): Promise<Applied> {
  const files = asRecorded(await findAllMigrations(config), rows);
  const byName = new Map(files.map((file) => [file.name, file]));
  const names = [...new Set(rows.map(({ name }) => name))];
  return {
    migrations: names.flatMap((name) => byName.get(name) ?? []),
    unreplayable: names.filter((name) => !byName.has(name)),
  };
}
