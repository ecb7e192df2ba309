import { type CatalogLookup } from '../catalog/lookup.js';
import { type CatalogObject, type Rights } from '../catalog/model.js';
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

/** The statements that give a role its rights on an object, and take from it what it lacks. */
export function grant(lookup: CatalogLookup, privileges: CatalogObject<'privileges'>): string[] {
  const object = lookup.get(privileges.parent);
  if (object === undefined) return [];
  const table = object.kind === 'column' ? lookup.get(object.parent) : undefined;
  const on = table ?? object;
  const column = table ? ` (${object.own})` : '';
  return statements(privileges.parts, {
    target: `ON ${GRANTED_ON[on.kind] ?? ''} ${on.name}`,
    column,
    role: privileges.own === 'OWNER' ? 'CURRENT_USER' : privileges.own,
    before: '',
  });
}

/** The same for objects that are yet to be made. */
export function alterDefaultPrivileges({ parts }: CatalogObject<'default privileges'>): string[] {
  const { on, schema, role, to } = parts;
  const before = words(
    'ALTER DEFAULT PRIVILEGES',
    role && `FOR ROLE ${role}`,
    schema && `IN SCHEMA ${schema}`,
  );
  const grantee = to === 'OWNER' ? (role ?? 'CURRENT_USER') : to;
  return statements(parts, { target: `ON ${on}`, column: '', role: grantee, before });
}

function statements(
  { revoked = [], granted = [], grantable = [] }: Rights,
  clause: { target: string; column: string; role: string; before: string },
): string[] {
  const { target, column, role, before } = clause;
  const list = (rights: readonly string[]): string =>
    rights.map((right) => right + column).join(', ');
  const say = (word: string, rights: readonly string[], to: string): string[] =>
    rights.length === 0 ? [] : [words(before, word, list(rights), target, to)];
  return [
    ...say('REVOKE', revoked, `FROM ${role}`),
    ...say('GRANT', granted, `TO ${role}`),
    ...say('GRANT', grantable, `TO ${role} WITH GRANT OPTION`),
  ];
}
