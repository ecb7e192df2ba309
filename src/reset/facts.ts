import { isDeepStrictEqual } from 'node:util';
import { type Client, escapeIdentifier } from 'pg';
import { type Locale, localeOf, localeOptions } from '../throwaway/locale.js';
import { settingStatements } from '../throwaway/settings.js';

/** What is known about a database, to create it again as it was. */
export interface DatabaseFacts {
  name: string;
  owner: string;
  locale: Locale;
  tablespace: string;
  connectionLimit: number;
  /** Whether it is a template itself. */
  template: boolean;
  /** Whether template1 has the same encoding and locale: else only template0 can be copied. */
  likeTemplate1: boolean;
  role: string;
  mayDrop: boolean;
  mayCreate: boolean;
}

/** Of the database that is connected to. */
export async function factsOf(client: Client): Promise<DatabaseFacts> {
  const { rows } = await client.query<Omit<DatabaseFacts, 'locale' | 'likeTemplate1'>>(
    `select d.datname as name, pg_get_userbyid(d.datdba) as owner,
            t.spcname as tablespace, d.datconnlimit as "connectionLimit", d.datistemplate as template,
            r.rolname as role, r.rolsuper or pg_has_role(d.datdba, 'usage') as "mayDrop",
            (r.rolsuper or r.rolcreatedb) and not pg_is_in_recovery() as "mayCreate"
       from pg_database d join pg_tablespace t on t.oid = d.dattablespace, pg_roles r
      where d.datname = current_database() and r.rolname = current_user`,
  );
  const facts = rows[0] as (typeof rows)[0];
  const [locale, ofTemplate1] = [
    await localeOf(client, facts.name),
    await localeOf(client, 'template1'),
  ];
  return { ...facts, locale, likeTemplate1: isDeepStrictEqual(locale, ofTemplate1) };
}

/** The statement that makes one like it, under that name. PostgreSQL does not tell which template it was made from. */
export function createStatement(facts: DatabaseFacts, name: string): string {
  return [
    `create database ${escapeIdentifier(name)} owner ${escapeIdentifier(facts.owner)}`,
    `template ${facts.likeTemplate1 ? 'template1' : 'template0'}`,
    ...localeOptions(facts.locale),
    // To name the one that is the default takes a right that not every role has.
    ...(facts.tablespace === 'pg_default'
      ? []
      : [`tablespace ${escapeIdentifier(facts.tablespace)}`]),
    `connection limit ${facts.connectionLimit}`,
  ].join(' ');
}

/**
 * The statements that give a new database what belongs to the one that is connected to: its settings,
 * also those of single roles in it, the privileges on it, and its comment.
 */
export async function belongingsOf(client: Client, name: string): Promise<string[]> {
  const settings = await client.query<{ role: string | null; entries: string[] }>(
    `select r.rolname as role, s.setconfig as entries
       from pg_db_role_setting s left join pg_roles r on r.oid = s.setrole
      where s.setdatabase = (select oid from pg_database where datname = current_database())`,
  );
  const { rows } = await client.query<{ statement: string }>(
    `with this as (select * from pg_database where datname = current_database())
     select statement from (
       select 1 as place, format('revoke all on database %I from public', $1::text) as statement
         from this where datacl is not null
       union all
       select 2, format('grant %s on database %I to %s%s', a.privilege_type, $1::text,
                coalesce(quote_ident(r.rolname), 'public'),
                case when a.is_grantable then ' with grant option' else '' end)
         from this, aclexplode(datacl) a left join pg_roles r on r.oid = a.grantee
       union all
       select 3, format('comment on database %I is %L', $1::text, shobj_description(oid, 'pg_database'))
         from this where shobj_description(oid, 'pg_database') is not null
     ) all_of_it order by place`,
    [name],
  );
  return [...settingStatements(name, settings.rows), ...rows.map(({ statement }) => statement)];
}
