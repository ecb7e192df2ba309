import { escapeIdentifier } from 'pg';

/**
 * The statement that gives this role, in this database, another value. It goes before what is set
 * for the role, for the database or for the server, and touches nobody else.
 *
 * @param value in SQL, as it stands behind the `=`
 */
export function settingFix(
  { role, database }: { role: string; database: string },
  name: string,
  value: string,
): string {
  return `alter role ${escapeIdentifier(role)} in database ${escapeIdentifier(database)} set ${name} = ${value};`;
}
