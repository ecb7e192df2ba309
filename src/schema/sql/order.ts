import { type Entry } from './entries.js';

/**
 * Puts entries into an order in which each comes after its dependencies, and otherwise by priority.
 *
 * It is Tarjan's algorithm for strongly connected components, which gives them in that very order.
 *
 * @returns groups of entries; more than one in a group depend on each other in a cycle
 */
export function inDependencyOrder(entries: readonly Entry[]): Entry[][] {
  const walk = new Walk(entries);
  // The sort is stable: within a priority, the catalog's order stays.
  for (const entry of [...entries].sort((a, b) => a.priority - b.priority)) walk.visit(entry);
  return walk.groups;
}

/**
 * Makes entries and puts them into order. What depends on each other in a cycle is split; a
 * second time, should that not suffice.
 */
export function breakCycles(entriesWith: (split: ReadonlySet<string>) => Entry[]): Entry[] {
  const split = new Set<string>();
  for (;;) {
    const groups = inDependencyOrder(entriesWith(split));
    const circular = groups
      .filter((group) => group.length > 1)
      .flat()
      .filter(({ id }) => !split.has(id));
    if (circular.length === 0) return groups.flat();
    for (const { id } of circular) split.add(id);
  }
}

class Walk {
  readonly groups: Entry[][] = [];
  private readonly byId: Map<string, Entry>;
  private readonly places: Map<string, number>;
  private readonly seenAt = new Map<Entry, number>();
  private readonly reaches = new Map<Entry, number>();
  private readonly open: Entry[] = [];
  private readonly isOpen = new Set<Entry>();

  constructor(entries: readonly Entry[]) {
    this.byId = new Map(entries.map((entry) => [entry.id, entry]));
    this.places = new Map(entries.map(({ id }, place) => [id, place]));
  }

  visit(entry: Entry): void {
    if (this.seenAt.has(entry)) return;
    const at = this.seenAt.size;
    this.seenAt.set(entry, at);
    this.reaches.set(entry, at);
    this.open.push(entry);
    this.isOpen.add(entry);
    for (const needed of this.neededBy(entry)) {
      this.visit(needed);
      if (this.isOpen.has(needed)) this.note(entry, this.reaches.get(needed) ?? at);
    }
    if (this.reaches.get(entry) === at) this.groups.push(this.close(entry));
  }

  private neededBy({ dependencies }: Entry): Entry[] {
    return [...dependencies]
      .flatMap((id) => this.byId.get(id) ?? [])
      .sort((a, b) => a.priority - b.priority || this.placeOf(a) - this.placeOf(b));
  }

  private placeOf({ id }: Entry): number {
    return this.places.get(id) ?? 0;
  }

  private note(entry: Entry, reached: number): void {
    this.reaches.set(entry, Math.min(this.reaches.get(entry) ?? reached, reached));
  }

  private close(first: Entry): Entry[] {
    const group = this.open.splice(this.open.indexOf(first));
    for (const entry of group) this.isOpen.delete(entry);
    return group;
  }
}
