import { type Client, escapeIdentifier, escapeLiteral } from 'pg';

/** What a database's texts are in, and how they sort. */
export interface Locale {
  encoding: string;
  collate: string;
  ctype: string;
  /** `libc`, `icu` or (from PostgreSQL 17 on) `builtin`; `null` before 15, which has libc only. */
  provider: 'libc' | 'icu' | 'builtin' | null;
  locale: string | null;
  rules: string | null;
  /** The version of the collation that the database was made with. */
  version: string | null;
}

/**
 * Of the project's database, so that what it sorts and compares, the new one does too: the one of
 * that name where the server has it, or the one that is connected to.
 */
export async function localeOf(client: Client, database?: string): Promise<Locale> {
  // The columns have come one by one, and one was renamed: what a server lacks is null here.
  const { rows } = await client.query<Locale>(
    `select pg_encoding_to_char(d.encoding) as encoding, d.datcollate as collate, d.datctype as ctype,
            case j->>'datlocprovider' when 'c' then 'libc' when 'i' then 'icu' when 'b' then 'builtin' end as provider,
            coalesce(j->>'datlocale', j->>'daticulocale') as locale,
            j->>'daticurules' as rules, j->>'datcollversion' as version
       from pg_database d cross join lateral to_json(d) j
      where d.datname in ($1, current_database()) order by d.datname = $1 desc limit 1`,
    [database ?? null],
  );
  return rows[0] as Locale;
}

/** `template0` has nothing of anybody's in it, and takes every encoding. */
export function createStatement(name: string, locale: Locale): string {
  const start = `create database ${escapeIdentifier(name)} template template0`;
  return [start, ...localeOptions(locale)].join(' ');
}

/**
 * The options of CREATE DATABASE that give a new database this locale. The version of the collation
 * is left to the server: it is what its library has now.
 *
 * @source https://www.postgresql.org/docs/current/sql-createdatabase.html
 */
export function localeOptions(of: Locale): string[] {
  const { encoding, collate, ctype, provider, locale, rules } = of;
  return [
    `encoding ${escapeLiteral(encoding)} lc_collate ${escapeLiteral(collate)} lc_ctype ${escapeLiteral(ctype)}`,
    // Without it, the provider of the template counts.
    ...(provider === null ? [] : [`locale_provider ${provider}`]),
    ...(locale === null ? [] : [`${String(provider)}_locale ${escapeLiteral(locale)}`]),
    ...(rules === null ? [] : [`icu_rules ${escapeLiteral(rules)}`]),
  ];
}
