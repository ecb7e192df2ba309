import { commandLine } from '../command-line.js';
import { type ClientBase, escapeIdentifier, escapeLiteral } from 'pg';
import { cut, type HistoryTables, NAME_LENGTH, qualified } from './tables.js';

/** How far the takeover of one history has come, as the database tells. */
export interface Phase {
  /** Adopted, and not undone since; also where there was nothing to adopt and knexward has run. */
  adopted: boolean;
  /** The takeover was undone, and nothing was adopted since. */
  undone: boolean;
  /** The name that db-migrate's table has since the takeover was finished, or `null`. */
  setAside: string | null;
  /** Whether the notice stands in the place of db-migrate's table. */
  notice: boolean;
}

/** The only column of what stands in the place of db-migrate's table once that is set aside. */
export const NOTICE_COLUMN = 'taken_over_by_knexward';

/** What db-migrate's table is called after the takeover is finished, before any number. */
export const ADOPTED_SUFFIX = '_adopted_by_knexward';

/** What Knex's tables are called after a takeover was undone, before any number. */
export const UNDONE_SUFFIX = '_undone_by_knexward';

/** Reads how far the takeover has come. The journal may be missing. */
export async function readPhase(client: ClientBase, tables: HistoryTables): Promise<Phase> {
  const { schema, table } = tables.dbMigrate;
  const journal = qualified(tables.schema, tables.journal);
  const { rows: found } = await client.query<{ notice: boolean; journal: boolean }>(
    `select to_regclass(${escapeLiteral(journal)}) is not null as journal,
            exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
              join pg_attribute a on a.attrelid = c.oid and a.attname = ${escapeLiteral(NOTICE_COLUMN)}
             where n.nspname = ${escapeLiteral(schema)} and c.relname = ${escapeLiteral(table)}
               and c.relkind = 'v') as notice`,
  );
  const notice = found[0]?.notice ?? false;
  if (!found[0]?.journal) return { adopted: false, undone: false, setAside: null, notice };
  const { rows } = await client.query<Omit<Phase, 'notice'>>(
    `with undone as (select max(id) as id from ${journal} where event = 'undone'),
          since as (select j.* from ${journal} j, undone
             where j.id > coalesce(undone.id, 0) and j.event in ('adopted', 'applied', 'resolved', 'finished'))
     select exists (select from since) as adopted,
            (select id is not null from undone)
              and not exists (select from since where event = 'adopted') as undone,
            (select c.relname from since s
               join pg_namespace n on n.nspname = ${escapeLiteral(schema)}
               join pg_class c on c.relnamespace = n.oid and c.relkind in ('r', 'p')
                and c.relname = s.details ->> 'setAside'
              where s.event = 'finished' order by s.id desc limit 1) as "setAside"`,
  );
  return { ...(rows[0] ?? { adopted: false, undone: false, setAside: null }), notice };
}

/** The first name of its kind that no relation of the schema has yet. */
export async function freeName(
  client: ClientBase,
  schema: string,
  table: string,
  suffix: string,
): Promise<string> {
  for (let number = 1; ; number++) {
    const end = number === 1 ? suffix : `${suffix}_${number}`;
    const name = `${cut(table, NAME_LENGTH - end.length)}${end}`;
    const { rowCount } = await client.query(
      `select from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = ${escapeLiteral(schema)} and c.relname = ${escapeLiteral(name)}`,
    );
    if (rowCount === 0) return name;
  }
}

/** The statement that gives a table another name in its schema. */
export function renameTable(schema: string, from: string, to: string): string {
  return `alter table ${qualified(schema, from)} rename to ${escapeIdentifier(to)}`;
}

/**
 * The statements that put a notice in the place of db-migrate's table. Without it, db-migrate would
 * make itself an empty table and run everything from the beginning; on it, it stops at its first
 * look, since the columns are not those that it asks for.
 */
export function createNotice({ dbMigrate }: HistoryTables, setAside: string): string {
  const view = qualified(dbMigrate.schema, dbMigrate.table);
  const text = `db-migrate's history was taken over by knexward and is kept in ${setAside}. To go back: ${commandLine('adopt', '--undo')}`;
  return `create view ${view} as select ${escapeLiteral(text)}::text as ${escapeIdentifier(NOTICE_COLUMN)};
    comment on view ${view} is ${escapeLiteral(text)}`;
}
