import { escapeIdentifier, escapeLiteral } from 'pg';
import { type Statement, textOf } from './statement-text.js';

/** Under which names a migration looks for db-migrate's history, and where Knex keeps its own. */
export interface HistoryNames {
  /** db-migrate's table: `migrations`, unless the project named another. */
  dbMigrateTable?: string;
  /** Knex's table: `knex_migrations`, unless the knexfile names another. */
  knexTable?: string;
  /** The schema of Knex's table; by default it is looked for on the search path. */
  knexSchema?: string;
}

/** The stand-in for a history that migrations ask for by its old name. */
export interface HistoryStandIn {
  /** The statement that makes it, where there is no table of that name. */
  sql: string;
  /** Whether a statement looks into the history, so that there must be one first. */
  isUsedBy: (statement: Statement) => boolean;
}

/**
 * A stand-in for db-migrate's history table, for migrations that read or change it. Real projects
 * have such files: they asked whether another had run, renamed the rows of files that were renamed,
 * or forgot rows. On a database that db-migrate never saw, or where its table was put away after the
 * takeover, that table is missing, and the files must run all the same.
 *
 * The stand-in is a temporary table. It holds what Knex's history holds, under the names that
 * db-migrate would have given, and goes with the transaction, together with whatever a migration
 * changed in it: the true history is knexward's to write. It answers to the table's bare name only,
 * because a temporary table can be in no named schema.
 */
export function historyStandIn(names: HistoryNames = {}): HistoryStandIn {
  const { dbMigrateTable = 'migrations', knexTable = 'knex_migrations', knexSchema } = names;
  const knex = [knexSchema, knexTable].filter((name) => name !== undefined).map(escapeIdentifier);
  const name = escapeRegExp(dbMigrateTable);
  const uses = new RegExp(`\\b(?:from|into|update|join)\\s+"?${name}(?!\\w)`, 'i');
  const makes = new RegExp(
    `\\bcreate\\s+(?:\\w+\\s+)?table\\s+(?:if\\s+not\\s+exists\\s+)?(?:[\\w"]+\\.)?"?${name}(?!\\w)`,
    'i',
  );
  return {
    sql: standInSql(escapeIdentifier(dbMigrateTable), knex.join('.')),
    isUsedBy: (statement) => uses.test(textOf(statement)) && !makes.test(textOf(statement)),
  };
}

function standInSql(table: string, knexTable: string): string {
  return `
DO $stand_in$ BEGIN
  IF to_regclass(${escapeLiteral(table)}) IS NULL THEN
    CREATE TEMPORARY TABLE ${table}
      (id serial PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL) ON COMMIT DROP;
    IF to_regclass(${escapeLiteral(knexTable)}) IS NOT NULL THEN
      INSERT INTO pg_temp.${table} (name, run_on)
      SELECT CASE WHEN name LIKE '%/%' THEN '' ELSE '/' END || regexp_replace(name, '\\.[^.]+$', ''),
        migration_time
      FROM ${knexTable} ORDER BY id;
    END IF;
  END IF;
END $stand_in$`;
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
