import { type SchemaTables, type ShownTable, type ForeignKey } from '../tables.js';

/** More boxes than that are no picture any more, and take too much of the page. */
export const MOST_BOXES = 120;

/** What of a schema is drawn, and what is only named. */
export interface Drawn {
  tables: ShownTable[];
  foreignKeys: ForeignKey[];
  /** Tables that no foreign key connects with another: a list of names shows as much as boxes would. */
  alone: ShownTable[];
  /** Connected, and left out because there are too many. */
  leftOut: ShownTable[];
}

/**
 * Chooses what is drawn: the tables that foreign keys connect. Of too many, first those that change
 * and what is beside them, then those with the most foreign keys. Pure.
 */
export function select({ tables, foreignKeys }: SchemaTables, most = MOST_BOXES): Drawn {
  const known = new Set(tables.map(({ id }) => id));
  const keys = foreignKeys.filter(({ from, to }) => known.has(from) && known.has(to));
  const beside = new Map<string, Set<string>>();
  for (const { from, to } of keys) {
    for (const [one, other] of [[from, to] as const, [to, from] as const]) {
      beside.set(one, (beside.get(one) ?? new Set()).add(other));
    }
  }
  const connected = tables.filter(({ id }) => beside.has(id));
  const changing = new Set(tables.filter(({ change }) => change !== null).map(({ id }) => id));
  const rankOf = ({ id }: ShownTable): number => {
    if (changing.has(id)) return 0;
    return [...(beside.get(id) ?? [])].some((other) => changing.has(other)) ? 1 : 2;
  };
  const degree = ({ id }: ShownTable): number => beside.get(id)?.size ?? 0;
  const ranked = [...connected].sort((a, b) => rankOf(a) - rankOf(b) || degree(b) - degree(a));
  const chosen = new Set(ranked.slice(0, most).map(({ id }) => id));
  return {
    tables: connected.filter(({ id }) => chosen.has(id)),
    foreignKeys: keys.filter(({ from, to }) => chosen.has(from) && chosen.has(to)),
    alone: tables.filter(({ id }) => !beside.has(id)),
    leftOut: connected.filter(({ id }) => !chosen.has(id)),
  };
}
