import { escapeLiteral } from 'pg';
import { type CatalogLookup } from '../catalog/lookup.js';
import { type CatalogObject, type PartsOf } from '../catalog/model.js';
import { schemaOf, unquoted, withoutSchema } from '../catalog/names.js';
import { FIRING, inBrackets } from './text.js';

/** The name of an index: its own, or that of the constraint that it stands behind. */
export function indexName(
  lookup: CatalogLookup,
  object: CatalogObject<'constraint' | 'index'>,
): string {
  if (object.kind === 'index') return object.name;
  return `${schemaOf(ownerName(lookup, object))}.${object.own}`;
}

export function createConstraint(
  lookup: CatalogLookup,
  constraint: CatalogObject<'constraint'>,
): string[] {
  const { own, parts } = constraint;
  const owner = lookup.get(constraint.parent);
  if (owner?.kind === 'domain') {
    return [`ALTER DOMAIN ${owner.name} ADD CONSTRAINT ${own} ${parts.definition}`];
  }
  const table = owner?.name ?? '';
  const isKey = hasIndex(parts);
  const index = indexName(lookup, constraint);
  // A partitioned index takes no options any more once it is there.
  const isPartitioned = owner?.kind === 'table' && owner.parts.partitionBy !== undefined;
  const definition =
    parts.options && isPartitioned
      ? parts.definition.replace(
          /(?: DEFERRABLE(?: INITIALLY DEFERRED)?)?$/,
          (tail) => ` WITH ${inBrackets(parts.options ?? [])}${tail}`,
        )
      : parts.definition;
  return [
    `ALTER TABLE ${isKey ? 'ONLY ' : ''}${table} ADD CONSTRAINT ${own} ${definition}`,
    ...(parts.options && !isPartitioned
      ? [`ALTER INDEX ${index} SET ${inBrackets(parts.options)}`]
      : []),
    ...(parts.clustered ? [`ALTER TABLE ${table} CLUSTER ON ${own}`] : []),
    ...(parts.triggers ? enforcement(table, own, parts.triggers) : []),
  ];
}

/** Whether an index stands behind a constraint. */
export function hasIndex({ type }: PartsOf['constraint']): boolean {
  return type === 'primary key' || type === 'unique' || type === 'exclude';
}

/** The triggers that enforce a foreign key have names that the server makes up. */
export function enforcement(
  table: string,
  own: string,
  state: PartsOf['constraint']['triggers'] | 'origin',
): string[] {
  if (state === undefined || state === 'mixed') return [];
  const body = `
DECLARE enforcer record;
BEGIN
  FOR enforcer IN SELECT tgrelid::regclass AS place, tgname FROM pg_trigger WHERE tgconstraint = (
    SELECT oid FROM pg_constraint WHERE conrelid = ${escapeLiteral(table)}::regclass
      AND conname = ${escapeLiteral(unquoted(own))}) LOOP
    EXECUTE format('ALTER TABLE %s ${FIRING[state]} TRIGGER %I', enforcer.place, enforcer.tgname);
  END LOOP;
END`;
  return [`DO ${escapeLiteral(body).trimStart()}`];
}

export function createIndex(lookup: CatalogLookup, index: CatalogObject<'index'>): string[] {
  const { name, parts } = index;
  const table = ownerName(lookup, index);
  const targets = Object.entries(parts.statistics ?? {});
  return [
    parts.definition,
    ...targets.map(
      ([column, target]) => `ALTER INDEX ${name} ALTER COLUMN ${column} SET STATISTICS ${target}`,
    ),
    ...(parts.clustered ? [`ALTER TABLE ${table} CLUSTER ON ${withoutSchema(name)}`] : []),
  ];
}

export function ownerName(lookup: CatalogLookup, object: CatalogObject): string {
  return lookup.get(object.parent)?.name ?? '';
}
