import {
  findAllMigrations,
  type History,
  openSession,
  ownTimeZone,
  planHistory,
  readHistory,
  readOldHistory,
  type Session,
  scopeOf,
} from 'knexward/compat';
import { findFiles, type MigrationFile } from './migration-files.js';
import { migrationName } from './names.js';
import { type Target } from './target.js';

/** A migration that has run. */
export interface Applied {
  historyName: string;
  name: string;
}

/** A target's files, and what of them has run. */
export interface State {
  files: MigrationFile[];
  /** Newest first, each once. */
  applied: Applied[];
  /** How many rows of db-migrate's history are not carried over to Knex's yet. */
  unadopted: number;
}

/**
 * Reads the files and the history of a target; rows of db-migrate's that are not carried over yet
 * count as applied. Changes nothing.
 *
 * @param needsFiles `false`: a folder that does not exist has no files
 */
export async function readState(target: Target, needsFiles: boolean): Promise<State> {
  const { scope, directory, extensions, config } = target;
  const files = await findFiles(directory, scope, extensions).catch((error: unknown) => {
    if (needsFiles) throw error;
    return [];
  });
  const session = await openSession(config);
  try {
    const history = await readHistory(session.client, config);
    const names = history.rows.map(({ name }) => name);
    const unadopted = history.dbMigrate?.unadopted ?? 0;
    if (unadopted > 0) names.push(...(await namesToCarryOver(session, target, history)));
    const own = names.filter((name) => scopeOf(name) === scope);
    const newestFirst = [...new Set(own.reverse())];
    const applied = newestFirst.map((name) => ({ historyName: name, name: migrationName(name) }));
    return { files, applied, unadopted };
  } finally {
    await session.close();
  }
}

async function namesToCarryOver(
  session: Session,
  { config }: Target,
  history: History,
): Promise<string[]> {
  const timeZone = ownTimeZone();
  const old = await readOldHistory(session.client, history, timeZone);
  const plan = planHistory(old, history, await findAllMigrations(config), timeZone);
  return plan.rows.map(({ name }) => name);
}
