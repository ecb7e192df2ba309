import { escapeIdentifier } from 'pg';
import { type CatalogObject, idOf, type ObjectId } from '../schema/catalog/model.js';
import { schemaOf, unquoted, withoutSchema } from '../schema/catalog/names.js';
import { hasIndex } from '../schema/sql/constraint.js';
import { type Change } from './change.js';
import { type SchemaGraph } from './schema-graph.js';
import { type Carriers } from './waits.js';

/** What goes away gives its name to what comes, before it goes. */
export interface Renaming {
  /** As it is called from then on. */
  renamed: CatalogObject;
  id: ObjectId;
  statement: string;
  /** What is to have the name. */
  takers: ObjectId[];
}

/** A name for what is there only until something else has taken its place. */
export function nameBefore(own: string): string {
  const inFull = Buffer.from(unquoted(own))
    .subarray(0, 50)
    .toString()
    .replace(/\uFFFD$/, '');
  return escapeIdentifier(`${inFull}_before`);
}

/** All that a change needs. */
export function renamings(change: Change, carriers: Carriers): Renaming[] {
  const { actual, expected, gone } = change;
  return actual.inOrder(gone).flatMap((object) => {
    if (object.kind !== 'column') return renamingOf(change, carriers, object) ?? [];
    return expected.catalog.postgres < 18 ? [] : (renamingOfNotNull(change, object) ?? []);
  });
}

/** The sequence of an identity, or an index, that cannot go before another takes its name. */
export function renamingOf(
  { actual, expected, made }: Change,
  carriers: Carriers,
  object: CatalogObject,
): Renaming | undefined {
  const taker = expected.occupantOf(object, actual.lookup);
  if (taker === undefined || !made.has(taker) || !carriers.isSplit(idOf(object))) return undefined;
  const own = nameBefore(withoutSchema(object.own));
  const rename = (kind: 'INDEX' | 'SEQUENCE', name: string): Renaming => ({
    renamed: { ...object, own, name: `${schemaOf(name)}.${own}` },
    ...{ id: idOf(object), takers: [taker], statement: `ALTER ${kind} ${name} RENAME TO ${own}` },
  });
  if (object.kind === 'sequence' && object.parts.identity) return rename('SEQUENCE', object.name);
  if (object.kind === 'index') return rename('INDEX', object.name);
  if (object.kind !== 'constraint' || !hasIndex(object.parts)) return undefined;
  return rename('INDEX', `${schemaOf(actual.get(object.parent)?.name ?? '')}.${object.own}`);
}

/** Since PostgreSQL 18, not null is a constraint with a name. */
function renamingOfNotNull(
  { actual, expected, gone, made }: Change,
  column: CatalogObject<'column'>,
): Renaming | undefined {
  if (!column.parts.notNull || gone.has(column.parent ?? '')) return undefined;
  const nameIn = (graph: SchemaGraph, { own, parent }: CatalogObject): string =>
    unquoted(graph.notNullName(graph.get(parent)?.name ?? '', own));
  const name = nameIn(actual, column);
  const takers = expected
    .inOrder(made)
    .filter(({ kind, parent }) => kind === 'column' && parent === column.parent)
    .filter((one) => nameIn(expected, one) === name);
  if (takers.length === 0) return undefined;
  const table = actual.get(column.parent)?.name ?? '';
  return {
    ...{ renamed: column, id: idOf(column), takers: takers.map(idOf) },
    statement: `ALTER TABLE ${table} RENAME CONSTRAINT ${escapeIdentifier(name)} TO ${nameBefore(name)}`,
  };
}
