import { type Statement } from './operations.js';

const USES_HISTORY = /\b(?:from|into|update|join)\s+"?migrations\b/i;
const MAKES_IT =
  /\bcreate\s+(?:\w+\s+)?table\s+(?:if\s+not\s+exists\s+)?(?:[\w"]+\.)?"?migrations\b/i;

/**
 * Makes a `migrations` table where there is none: one that lasts to the end of the transaction and
 * holds what Knex's history holds, under db-migrate's names.
 */
export const STAND_IN_FOR_HISTORY = `
DO $$ BEGIN
  IF to_regclass('migrations') IS NULL THEN
    CREATE TEMPORARY TABLE migrations
      (id serial PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL) ON COMMIT DROP;
    IF to_regclass('knex_migrations') IS NOT NULL THEN
      INSERT INTO pg_temp.migrations (name, run_on)
      SELECT CASE WHEN name LIKE '%/%' THEN '' ELSE '/' END || regexp_replace(name, '\\.[^.]+$', ''),
        migration_time
      FROM knex_migrations ORDER BY id;
    END IF;
  END IF;
END $$`;

/**
 * Whether a statement looks into db-migrate's history. Real projects have such migrations: they
 * asked whether another had run, or forgot rows of files that were renamed. On a database that
 * db-migrate never saw the table is missing, and they must run all the same.
 */
export function usesHistory(statement: Statement): boolean {
  const sql = typeof statement === 'string' ? statement : statement.text;
  return USES_HISTORY.test(sql) && !MAKES_IT.test(sql);
}
