import { join } from 'node:path';
import { createCopyOf, type TestDatabase } from './database';
import { createLegacyProject, dbMigrate } from './db-migrate';
import { copyUnleash } from './unleash';

/** How far real db-migrate has come with Unleash's migrations, and where it ran. */
export interface UnleashHistory {
  /** How many are applied, the oldest first; by default all. */
  count?: number;
  /** The time zone of its process, in which it writes its times; by default UTC. */
  timeZone?: string;
}

/** A database of Unleash's, made by real db-migrate. */
export function createUnleashDatabase(history: UnleashHistory = {}): Promise<TestDatabase> {
  const { count, timeZone = 'UTC' } = history;
  return createCopyOf(`unleash ${count ?? 'all'} ${timeZone}`, async (database) => {
    const project = createLegacyProject({});
    await copyUnleash(join(project.root, 'migrations'));
    const args = ['up', ...(count === undefined ? [] : ['-c', String(count)])];
    const outcome = await dbMigrate(project, args, { DATABASE_URL: database.url, TZ: timeZone });
    if (outcome.code !== 0) throw new Error(outcome.stderr);
    project.remove();
  });
}
