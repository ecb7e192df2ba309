import { type CatalogLookup } from '../catalog/lookup.js';
import { type CatalogObject, type PartsOf, roleOf, type Rights } from '../catalog/model.js';
import { schemaOf } from '../catalog/names.js';
import { words } from './text.js';

/** What GRANT calls each kind of object that rights can be granted on. */
const GRANTED_ON: Partial<Record<CatalogObject['kind'], string>> = {
  schema: 'SCHEMA',
  sequence: 'SEQUENCE',
  table: 'TABLE',
  view: 'TABLE',
  'materialized view': 'TABLE',
  function: 'FUNCTION',
  aggregate: 'FUNCTION',
  procedure: 'PROCEDURE',
  enum: 'TYPE',
  'composite type': 'TYPE',
  domain: 'TYPE',
  range: 'TYPE',
};

interface Clause {
  target: string;
  column: string;
  role: string;
  before: string;
}

/** The statements that give a role its rights on an object, and take from it what it lacks. */
export function grant(lookup: CatalogLookup, privileges: CatalogObject<'privileges'>): string[] {
  return changeGrants(lookup, privileges, {}, privileges.parts);
}

/** The statements that take a role's rights on an object from what they are to what they should be. */
export function changeGrants(
  lookup: CatalogLookup,
  privileges: CatalogObject<'privileges'>,
  from: Rights,
  to: Rights,
): string[] {
  const { on, column: given } = privileges.parts;
  const role = roleOf(privileges) === 'OWNER' ? 'CURRENT_USER' : roleOf(privileges);
  if (on !== undefined) {
    const column = given === undefined ? '' : ` (${given})`;
    return statements(from, to, { target: `ON ${on}`, column, role, before: '' });
  }
  const object = lookup.get(privileges.parent);
  if (object === undefined) return [];
  const table = object.kind === 'column' ? lookup.get(object.parent) : undefined;
  const column = table ? ` (${object.own})` : '';
  return statements(from, to, { target: targetOf(table ?? object), column, role, before: '' });
}

/** The same for objects that are yet to be made. */
export function alterDefaultPrivileges(object: CatalogObject<'default privileges'>): string[] {
  return changeDefaultPrivileges(object, {}, object.parts);
}

export function changeDefaultPrivileges(
  { parts: { on, schema, role, to: grantee } }: CatalogObject<'default privileges'>,
  from: Rights,
  to: Rights,
): string[] {
  const before = words(
    'ALTER DEFAULT PRIVILEGES',
    role && `FOR ROLE ${role}`,
    schema && `IN SCHEMA ${schema}`,
  );
  return statements(from, to, {
    target: `ON ${on}`,
    column: '',
    role: grantee === 'OWNER' ? (role ?? 'CURRENT_USER') : grantee,
    before,
  });
}

/** Which default privileges go for an object, once it is made. */
const DEFAULTS_ON: Partial<Record<string, string>> = {
  SCHEMA: 'SCHEMAS',
  SEQUENCE: 'SEQUENCES',
  TABLE: 'TABLES',
  FUNCTION: 'FUNCTIONS',
  PROCEDURE: 'FUNCTIONS',
  TYPE: 'TYPES',
};

/** What everybody may do anyway, whatever default privileges grant besides. */
const USUAL: Partial<Record<string, string>> = {
  'FUNCTIONS PUBLIC': 'EXECUTE',
  'TYPES PUBLIC': 'USAGE',
};

function withoutUsual({ on, to, granted = [], ...rest }: PartsOf['default privileges']): Rights {
  return { ...rest, granted: granted.filter((right) => right !== USUAL[`${on} ${to}`]) };
}

/** The statements that take back what default privileges say of an object that was just made. */
export function withoutDefaults(
  object: CatalogObject,
  defaults: readonly CatalogObject<'default privileges'>[],
): string[] {
  const on = DEFAULTS_ON[GRANTED_ON[object.kind] ?? ''];
  return defaults
    .filter(({ parts }) => parts.on === on && parts.role === undefined)
    .filter(({ parts: { schema } }) => schema === undefined || schema === schemaOf(object.name))
    .flatMap(({ parts }) =>
      statements(
        withoutUsual(parts),
        {},
        {
          target: targetOf(object),
          column: '',
          role: parts.to === 'OWNER' ? 'CURRENT_USER' : parts.to,
          before: '',
        },
      ),
    );
}

function targetOf({ kind, name }: CatalogObject): string {
  return `ON ${GRANTED_ON[kind] ?? ''} ${name}`;
}

/** Of what is neither revoked nor granted both before and after, nothing is said. */
function statements(from: Rights, to: Rights, clause: Clause): string[] {
  const { granted = [], grantable = [], revoked = [] } = to;
  const without = (rights: readonly string[] = [], others: readonly string[] = []): string[] =>
    rights.filter((right) => !others.includes(right));
  const had = [...(from.granted ?? []), ...(from.grantable ?? [])];
  const has = [...granted, ...grantable];
  const option = without(from.grantable, grantable);
  const { role } = clause;
  return [
    ...say('REVOKE', [...without(had, has), ...without(revoked, from.revoked)], `FROM ${role}`),
    ...say('REVOKE GRANT OPTION FOR', without(option, without(had, has)), `FROM ${role}`),
    ...say(
      'GRANT',
      [...without(granted, had), ...without(from.revoked, [...revoked, ...has])],
      `TO ${role}`,
    ),
    ...say('GRANT', without(grantable, from.grantable), `TO ${role} WITH GRANT OPTION`),
  ];

  function say(word: string, rights: readonly string[], to: string): string[] {
    const { before, column, target } = clause;
    const list = rights.map((right) => right + column).join(', ');
    return rights.length === 0 ? [] : [words(before, word, list, target, to)];
  }
}
