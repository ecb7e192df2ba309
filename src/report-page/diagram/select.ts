import { type ForeignKey, type SchemaTables, type ShownTable } from '../tables.js';

/** With more boxes, the diagram is unreadable and the page too large. */
export const MOST_BOXES = 120;

/** The tables of a schema that the diagram shows, and those that are only listed. */
export interface Drawn {
  tables: ShownTable[];
  foreignKeys: ForeignKey[];
  /** Tables without foreign keys. */
  alone: ShownTable[];
  /** Tables with foreign keys that exceed the limit. */
  leftOut: ShownTable[];
}

/**
 * Selects the tables that the diagram shows: those with foreign keys. If there are too many, tables that change
 * come first, then their neighbors, then those with the most foreign keys. Pure.
 */
export function select({ tables, foreignKeys }: SchemaTables, most = MOST_BOXES): Drawn {
  const known = new Set(tables.map(({ id }) => id));
  const keys = foreignKeys.filter(({ from, to }) => known.has(from) && known.has(to));
  const neighbors = new Map<string, Set<string>>();
  for (const { from, to } of keys) {
    for (const [one, other] of [[from, to] as const, [to, from] as const]) {
      neighbors.set(one, (neighbors.get(one) ?? new Set()).add(other));
    }
  }
  const connected = tables.filter(({ id }) => neighbors.has(id));
  const changing = new Set(tables.filter(({ change }) => change !== null).map(({ id }) => id));
  const rankOf = ({ id }: ShownTable): number => {
    if (changing.has(id)) return 0;
    return [...(neighbors.get(id) ?? [])].some((other) => changing.has(other)) ? 1 : 2;
  };
  const degree = ({ id }: ShownTable): number => neighbors.get(id)?.size ?? 0;
  const ranked = [...connected].sort((a, b) => rankOf(a) - rankOf(b) || degree(b) - degree(a));
  const chosen = new Set(ranked.slice(0, most).map(({ id }) => id));
  return {
    tables: connected.filter(({ id }) => chosen.has(id)),
    foreignKeys: keys.filter(({ from, to }) => chosen.has(from) && chosen.has(to)),
    alone: tables.filter(({ id }) => !neighbors.has(id)),
    leftOut: connected.filter(({ id }) => !chosen.has(id)),
  };
}
