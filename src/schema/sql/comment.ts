import { escapeLiteral } from 'pg';
import { type CatalogLookup } from '../catalog/lookup.js';
import { type CatalogObject } from '../catalog/model.js';
import { schemaOf } from '../catalog/names.js';
import { notNullName } from './text.js';

/** The statement that puts a comment where it belongs. */
export function commentOn(lookup: CatalogLookup, comment: CatalogObject<'comment'>): string[] {
  return say(lookup, comment, escapeLiteral(comment.parts.text).trimStart());
}

/** The statement that takes a comment away. */
export function dropComment(lookup: CatalogLookup, comment: CatalogObject<'comment'>): string[] {
  return say(lookup, comment, 'NULL');
}

function say(
  lookup: CatalogLookup,
  { own, parent }: CatalogObject<'comment'>,
  text: string,
): string[] {
  const object = lookup.get(parent);
  if (object === undefined) return [];
  const target = own === '' ? targetOf(lookup, object) : pieceOf(lookup, own, object);
  return [`COMMENT ON ${target} IS ${text}`];
}

function targetOf(lookup: CatalogLookup, object: CatalogObject): string {
  const { kind, name, own } = object;
  switch (kind) {
    case 'enum':
    case 'composite type':
    case 'range':
      return `TYPE ${name}`;
    case 'aggregate':
      return `AGGREGATE ${name.replace(/\(\)$/, '(*)')}`;
    case 'constraint': {
      const owner = lookup.get(object.parent);
      return `CONSTRAINT ${own} ON ${owner?.kind === 'domain' ? 'DOMAIN ' : ''}${owner?.name ?? ''}`;
    }
    case 'trigger':
    case 'rule':
    case 'policy':
      return `${kind.toUpperCase()} ${own} ON ${lookup.get(object.parent)?.name ?? ''}`;
    default:
      return `${kind.toUpperCase()} ${name}`;
  }
}

/** The index behind a constraint, or a not-null constraint. */
function pieceOf(lookup: CatalogLookup, piece: string, object: CatalogObject): string {
  const owner = lookup.get(object.parent);
  if (piece === 'index') return `INDEX ${schemaOf(owner?.name ?? '')}.${object.own}`;
  const { notNullConstraint } = object.parts as { notNullConstraint?: string };
  if (object.kind === 'domain') {
    return `CONSTRAINT ${notNullConstraint ?? notNullName(object.name)} ON DOMAIN ${object.name}`;
  }
  const table = owner?.name ?? '';
  return `CONSTRAINT ${notNullConstraint ?? notNullName(table, object.own)} ON ${table}`;
}
