import { type ObjectKind } from '../model.js';

/**
 * The system catalogs that objects are found in. Their OIDs are the same in every version
 * (src/include/catalog/pg_*.h in PostgreSQL's source).
 */
export const CLASS = {
  type: 1247,
  routine: 1255,
  relation: 1259,
  default: 2604,
  constraint: 2606,
  schema: 2615,
  language: 2612,
  rule: 2618,
  trigger: 2620,
  extension: 3079,
  policy: 3256,
  statistics: 3381,
  eventTrigger: 3466,
  publication: 6104,
} as const;

/** Objects with a smaller OID are the server's own (FirstNormalObjectId). */
export const FIRST_USER_OID = 16384;

/** Where an object, or a column of one, stands in the system catalogs. */
export interface Address {
  class: number;
  oid: number;
  sub: number;
}

/** One described object, as a query gives it. */
export interface ObjectRow {
  kind: ObjectKind;
  class: number;
  oid: number;
  sub?: number;
  /** What it belongs to; of several, the first that is there. */
  parent_class?: number;
  parent_oid?: number;
  own: string;
  parts: Record<string, unknown>;
  /** Of a column: it comes from a parent table alone. */
  inherited?: boolean;
}

/** Holds for the schemas that are not the server's own, in a query that calls `pg_namespace` n. */
export const USER_SCHEMA = `n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`;

/** A qualified name, written as SQL, in a query that calls `pg_namespace` n. */
export function qualified(name: string): string {
  return `quote_ident(n.nspname) || '.' || quote_ident(${name})`;
}

/** An array of `name=value` as JSON, sorted; null where there is none. */
export function sortedOptions(options: string): string {
  return `case when ${options} is not null
    then (select json_agg(o order by o collate "C") from unnest(${options}) o) end`;
}

/** A collation's name, where it is not the one that the type has anyway. */
export function collationUnless(collation: string, usual: string): string {
  return `case when ${collation} <> ${usual} then ${collation}::regcollation::text end`;
}

/** When a trigger or rule fires, where that is not as usual. */
export function enabledUnlessOrigin(column: string): string {
  return `case ${column} when 'A' then 'always' when 'R' then 'replica' when 'D' then 'disabled' end`;
}

/** `parts` of which those that are null are left out. */
export function partsOf(parts: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(parts).map(([name, value]) => `'${name}', ${value}`);
  return `json_strip_nulls(json_build_object(${pairs.join(',\n      ')}))`;
}
