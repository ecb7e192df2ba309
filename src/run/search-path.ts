import { escapeLiteral, type QueryResult } from 'pg';
import { type ChangeConnections } from '../database/change-connections.js';
import { KnexwardError } from '../errors.js';
import { type LoadedMigration } from '../files/load.js';

/**
 * Behind a pooler in transaction mode, a change outside a transaction cannot be given a search path:
 * each of its statements may meet another of the server's sessions. Where the role has the same path
 * anyway, that does not matter.
 *
 * @throws KnexwardError `SEARCH_PATH_POOLED` where it would matter; nothing has been run then.
 */
export async function refuseLostSearchPath(
  connections: ChangeConnections,
  searchPath: string,
  steps: readonly LoadedMigration[],
): Promise<void> {
  const outside = steps.find(({ transaction }) => !transaction);
  if (!outside || (await isPathAnyway(connections, searchPath))) return;
  throw new KnexwardError('SEARCH_PATH_POOLED', {
    message: `${outside.name} runs outside a transaction, through a pooler in transaction mode: the searchPath of the knexfile (${searchPath}) would not hold in it. Nothing was run.`,
    fix: `Connect to the server itself for migrations, or give the role the path: alter role ... set search_path = ${searchPath}`,
  });
}

/** Several statements in one message are one transaction, so the path is set for these only. */
async function isPathAnyway(connections: ChangeConnections, searchPath: string): Promise<boolean> {
  const schemas = 'select current_schemas(false)::text as schemas';
  const connection = await connections.acquire();
  const results = (await connection
    .query(
      `${schemas}; select set_config('search_path', ${escapeLiteral(searchPath)}, true); ${schemas}`,
    )
    .finally(() => connections.release(connection))) as unknown as QueryResult<{
    schemas: string;
  }>[];
  return results[0]?.rows[0]?.schemas === results[2]?.rows[0]?.schemas;
}
