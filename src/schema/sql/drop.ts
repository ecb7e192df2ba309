import { type CatalogLookup } from '../catalog/lookup.js';
import { type CatalogObject } from '../catalog/model.js';
import { dropComment } from './comment.js';
import { changeDefaultPrivileges, changeGrants } from './privileges.js';

/** The statements that take an object away, where nothing needs it any more. */
export function drop(lookup: CatalogLookup, object: CatalogObject): string[] {
  const { kind, name, own } = object;
  const owner = lookup.get(object.parent);
  switch (object.kind) {
    case 'enum':
    case 'composite type':
    case 'range':
      return [`DROP TYPE ${name}`];
    case 'aggregate':
      // Its arguments as DROP AGGREGATE would have them are not part of its name.
      return [`DROP ROUTINE ${name}`];
    case 'sequence':
      return object.parts.identity ? [] : [`DROP SEQUENCE ${name}`];
    case 'column':
      return owner?.kind === 'table' ? [`ALTER TABLE ${owner.name} DROP COLUMN ${own}`] : [];
    case 'constraint':
      return [
        `ALTER ${owner?.kind === 'domain' ? 'DOMAIN' : 'TABLE'} ${owner?.name ?? ''} DROP CONSTRAINT ${own}`,
      ];
    case 'trigger':
      // A partition's copy goes with the one that it is of.
      if (object.parts.definition === undefined) return [];
      return [`DROP TRIGGER ${own} ON ${owner?.name ?? ''}`];
    case 'rule':
    case 'policy':
      return [`DROP ${kind.toUpperCase()} ${own} ON ${owner?.name ?? ''}`];
    case 'privileges':
      return changeGrants(lookup, object, object.parts, {});
    case 'default privileges':
      return changeDefaultPrivileges(object, object.parts, {});
    case 'comment':
      return dropComment(lookup, object);
    default:
      return [`DROP ${kind.toUpperCase()} ${name}`];
  }
}

/** Whether more goes with an object than a statement could make again. */
export function dropLosesData({ kind }: CatalogObject): boolean {
  return ['table', 'column', 'sequence', 'materialized view'].includes(kind);
}
