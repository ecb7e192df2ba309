import { escapeIdentifier, escapeLiteral } from 'pg';

/** What `alter database … set` and `alter role … in database … set` have left, as the catalog has it. */
export type DatabaseSettings = readonly { role: string | null; entries: readonly string[] }[];

/** Those settings whose values are lists of quoted names, as in pg_dump's variable_is_guc_list_quote. */
const LISTS = new Set([
  'search_path',
  'temp_tablespaces',
  'local_preload_libraries',
  'session_preload_libraries',
  'shared_preload_libraries',
  'unix_socket_directories',
]);

/** The statements that give a database these settings: a copy of a database does not have them. */
export function settingStatements(database: string, settings: DatabaseSettings): string[] {
  return settings.flatMap(({ role, entries }) => {
    const target =
      role === null
        ? `database ${escapeIdentifier(database)}`
        : `role ${escapeIdentifier(role)} in database ${escapeIdentifier(database)}`;
    return entries.map((entry) => {
      const [, name = '', value = ''] = /^([^=]*)=([^]*)$/.exec(entry) ?? [];
      const quoted = name.split('.').map((part) => escapeIdentifier(part));
      return `alter ${target} set ${quoted.join('.')} to ${valueOf(name, value)}`;
    });
  });
}

function valueOf(name: string, value: string): string {
  if (!LISTS.has(name)) return escapeLiteral(value);
  const items = [...value.matchAll(/"((?:[^"]|"")*)"|([^\s,"]+)/g)];
  if (items.length === 0) return escapeLiteral('');
  return items
    .map(([, quoted, plain]) => escapeLiteral(quoted?.replaceAll('""', '"') ?? plain ?? ''))
    .join(', ');
}
