import { type ClientBase } from 'pg';
import { BACKEND_QUERY, isDirect } from '../../database/search-path.js';
import { quoteName } from './escape.js';

/**
 * Runs an action with a schema in front of the search path, as db-migrate does for a configured
 * schema, and puts the path back.
 *
 * The path is set for the session, because a migration may end the transaction itself and go on.
 * Behind a pooler the session is not ours, so there it is set for the transaction only.
 */
export async function withSchemaFirst(
  connection: ClientBase,
  schema: string,
  action: () => Promise<void>,
): Promise<void> {
  const original = await currentPath(connection);
  if (partsOf(original)[0] === quoteSchema(schema)) return action();

  const pooled = !(await isDirect(connection));
  const setPath = (path: string) =>
    connection.query("SELECT set_config('search_path', $1, $2)", [path, pooled]);
  await setPath(withFirst(schema, original));
  try {
    await action();
  } catch (error) {
    // A failed transaction takes no statement, but then its end brings the path back.
    await setPath(original).catch(() => undefined);
    throw error;
  }
  await setPath(original);
}

/** A search path with every part quoted and, where one is given, a schema put in front. */
export function withFirst(schema: string | undefined, path: string): string {
  const first = schema === undefined ? [] : [quoteSchema(schema)];
  return [...first, ...partsOf(path)].join(',');
}

function quoteSchema(schema: string): string {
  return quoteName(schema.replaceAll('"', '""'));
}

const PATH_QUERY = "SELECT current_setting('search_path') AS path";

/** Whether a statement is one that only tells the driver what to set, and no migration's. */
export function isDriversOwn(sql: string): boolean {
  return sql === PATH_QUERY || sql === BACKEND_QUERY;
}

async function currentPath(connection: ClientBase): Promise<string> {
  const { rows } = await connection.query<{ path: string }>(PATH_QUERY);
  return rows[0]?.path ?? '';
}

function partsOf(path: string): string[] {
  const parts = path.split(',').map((part) => part.trim());
  return parts
    .filter((part) => part !== '')
    .map((part) => (part.startsWith('"') ? part : quoteName(part)));
}
