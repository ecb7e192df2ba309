import { type Unit } from './units.js';

/**
 * Puts units into an order in which each comes after what it needs, and otherwise by stage.
 *
 * It is Tarjan's algorithm for strongly connected components, which gives them in that very order.
 *
 * @returns groups of units; more than one in a group need each other in a circle
 */
export function inDependencyOrder(units: readonly Unit[]): Unit[][] {
  const walk = new Walk(units);
  // The sort is stable: within a stage, the catalog's order stays.
  for (const unit of [...units].sort((a, b) => a.stage - b.stage)) walk.visit(unit);
  return walk.groups;
}

/**
 * Cuts units and puts them into order. What depends on each other in a circle is taken apart; a
 * second time, should that not suffice.
 */
export function breakCycles(cut: (taken: ReadonlySet<string>) => Unit[]): Unit[] {
  const taken = new Set<string>();
  for (;;) {
    const groups = inDependencyOrder(cut(taken));
    const circular = groups
      .filter((group) => group.length > 1)
      .flat()
      .filter(({ id }) => !taken.has(id));
    if (circular.length === 0) return groups.flat();
    for (const { id } of circular) taken.add(id);
  }
}

class Walk {
  readonly groups: Unit[][] = [];
  private readonly byId: Map<string, Unit>;
  private readonly places: Map<string, number>;
  private readonly seenAt = new Map<Unit, number>();
  private readonly reaches = new Map<Unit, number>();
  private readonly open: Unit[] = [];
  private readonly isOpen = new Set<Unit>();

  constructor(units: readonly Unit[]) {
    this.byId = new Map(units.map((unit) => [unit.id, unit]));
    this.places = new Map(units.map(({ id }, place) => [id, place]));
  }

  visit(unit: Unit): void {
    if (this.seenAt.has(unit)) return;
    const at = this.seenAt.size;
    this.seenAt.set(unit, at);
    this.reaches.set(unit, at);
    this.open.push(unit);
    this.isOpen.add(unit);
    for (const needed of this.neededBy(unit)) {
      this.visit(needed);
      if (this.isOpen.has(needed)) this.note(unit, this.reaches.get(needed) ?? at);
    }
    if (this.reaches.get(unit) === at) this.groups.push(this.close(unit));
  }

  private neededBy({ needs }: Unit): Unit[] {
    return [...needs]
      .flatMap((id) => this.byId.get(id) ?? [])
      .sort((a, b) => a.stage - b.stage || this.placeOf(a) - this.placeOf(b));
  }

  private placeOf({ id }: Unit): number {
    return this.places.get(id) ?? 0;
  }

  private note(unit: Unit, reached: number): void {
    this.reaches.set(unit, Math.min(this.reaches.get(unit) ?? reached, reached));
  }

  private close(first: Unit): Unit[] {
    const group = this.open.splice(this.open.indexOf(first));
    for (const unit of group) this.isOpen.delete(unit);
    return group;
  }
}
