import { type ClientBase } from 'pg';
import { quoteName } from './escape.js';

/**
 * Runs an action with a schema in front of the search path, as db-migrate does for a configured
 * schema, and puts the path back.
 *
 * The path is set for the session, because a migration may end the transaction itself and go on.
 */
export async function withSchemaFirst(
  connection: ClientBase,
  schema: string,
  action: () => Promise<void>,
): Promise<void> {
  const original = await currentPath(connection);
  const [first, ...rest] = [quoteName(schema.replaceAll('"', '""')), ...partsOf(original)];
  if (rest[0] === first) return action();

  await setPath(connection, [first, ...rest].join(','));
  try {
    await action();
  } catch (error) {
    // A failed transaction takes no statement, but then its end brings the path back.
    await setPath(connection, original).catch(() => undefined);
    throw error;
  }
  await setPath(connection, original);
}

async function currentPath(connection: ClientBase): Promise<string> {
  const { rows } = await connection.query<{ path: string }>(
    "SELECT current_setting('search_path') AS path",
  );
  return rows[0]?.path ?? '';
}

async function setPath(connection: ClientBase, path: string): Promise<void> {
  await connection.query("SELECT set_config('search_path', $1, false)", [path]);
}

function partsOf(path: string): string[] {
  const parts = path.split(',').map((part) => part.trim());
  return parts
    .filter((part) => part !== '')
    .map((part) => (part.startsWith('"') ? part : quoteName(part)));
}
