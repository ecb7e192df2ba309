import { CatalogLookup } from '../catalog/lookup.js';
import { type Catalog, idOf, roleOf } from '../catalog/model.js';
import { RENDERING_SETTINGS } from '../catalog/settings.js';
import { endStatement } from './text.js';
import { breakCycles } from './order.js';
import { entriesOf, type Entry } from './entries.js';

/**
 * A catalog as plain SQL that makes all of it in an empty database: one statement after the other,
 * for psql or for any client, with nothing in it but what the server understands.
 */
export function renderSchemaFile(catalog: Catalog): string {
  const blocks = unitsInOrder(catalog).map(({ statements }) =>
    statements.map(({ sql }) => endStatement(sql)).join('\n'),
  );
  return `${[...head(catalog), ...blocks.filter((block) => block !== ''), ...foot()].join('\n\n')}\n`;
}

const TITLE =
  '-- The schema of a database, written by "knexward snapshot": run that again instead of editing this.';

/** Whether a text is what `renderSchemaFile` made, so that nothing else is written over. */
export function isSchemaFile(text: string): boolean {
  return text.startsWith(TITLE);
}

function unitsInOrder(catalog: Catalog): Entry[] {
  const lookup = new CatalogLookup(catalog);
  return breakCycles((split) => entriesOf(lookup, split));
}

function head({ postgres, objects, notDescribed }: Catalog): string[] {
  const missing = notDescribed.map(({ kind, name }) => `--   ${onOneLine(`${kind} ${name}`)}`);
  const roles = rolesIn({ objects });
  const hasPublic = objects.some((object) => idOf(object) === 'schema public');
  const mayAll = 'REVOKE ALL ON SCHEMA public FROM PUBLIC;';
  return [
    [
      TITLE,
      `-- Made by PostgreSQL ${postgres}, for an empty database. Owners and tablespaces are not in it.`,
      ...(roles.length > 0
        ? [`-- Roles that must be there: ${roles.map(onOneLine).join(', ')}`]
        : []),
      ...(missing.length > 0 ? ['-- In the database, and not in this file:', ...missing] : []),
    ].join('\n'),
    [
      ...Object.entries({ ...RENDERING_SETTINGS, check_function_bodies: 'off' }).map(
        ([name, value]) => `SET ${name} = '${value}';`,
      ),
    ].join('\n'),
    hasPublic ? mayAll : 'DROP SCHEMA public;',
  ];
}

function foot(): string[] {
  const names = Object.keys({ ...RENDERING_SETTINGS, check_function_bodies: '' });
  return [names.map((name) => `RESET ${name};`).join('\n')];
}

/** The roles that rights and policies name. */
export function rolesIn({ objects }: Pick<Catalog, 'objects'>): string[] {
  const named = objects.flatMap((object) => {
    if (object.kind === 'privileges') return [roleOf(object)];
    if (object.kind === 'policy') return object.parts.roles;
    if (object.kind !== 'default privileges') return [];
    return [object.parts.to, ...(object.parts.role === undefined ? [] : [object.parts.role])];
  });
  return [...new Set(named)].filter((role) => role !== 'PUBLIC' && role !== 'OWNER').sort();
}

/** A name may hold a line break, and a comment in SQL ends with its line. */
function onOneLine(text: string): string {
  return text.replace(/[\r\n\u2028\u2029\v\f\0]/g, ' ');
}
