import { type CatalogLookup } from '../catalog/lookup.js';
import { type CatalogObject, idOf, type ObjectId, type ObjectKind } from '../catalog/model.js';
import { type Entry } from './entries.js';
import { leadsTo, names } from './mention.js';
import { hasTextInSql } from './routine.js';

/** What may call a routine while it is made, or filled with rows. */
const CALLERS: ReadonlySet<ObjectKind> = new Set([
  ...(['table', 'column', 'constraint', 'index', 'domain'] as const),
]);

/** By way of what it may do so. */
const WAYS: ReadonlySet<ObjectKind> = new Set([
  ...(['function', 'domain', 'composite type', 'range'] as const),
]);

const RELATIONS: ReadonlySet<ObjectKind> = new Set([
  ...(['table', 'view', 'materialized view', 'sequence'] as const),
]);

/**
 * Lets what calls a routine wait for what its body names, where that is a text in SQL: no catalog
 * says what such a body reads. Not in a circle.
 */
export function waitForBodies(entries: readonly Entry[], lookup: CatalogLookup): void {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const bodies = new Bodies(lookup);
  for (const entry of entries) {
    if (!CALLERS.has(lookup.get(entry.id)?.kind ?? 'comment')) continue;
    for (const id of bodies.readFrom(entry)) {
      const other = byId.get(id);
      if (other && other !== entry && !leadsTo(other, entry.id, byId)) entry.dependencies.add(id);
    }
  }
}

class Bodies {
  private readonly named = new Map<ObjectId, CatalogObject[]>();
  private readonly nameable: CatalogObject[];

  constructor(private readonly lookup: CatalogLookup) {
    this.nameable = lookup.catalog.objects.filter(
      ({ kind }) => RELATIONS.has(kind) || kind === 'function',
    );
  }

  /** The relations that the bodies name of all routines that are called, by others and by types too. */
  readFrom({ id, dependencies }: Entry): ObjectId[] {
    const seen = new Set([...this.calledBy(id), ...[...dependencies].filter(this.isWay)]);
    const relations = new Set<ObjectId>();
    // A set goes on with what is added to it meanwhile.
    for (const way of seen) {
      for (const one of this.calledBy(way)) seen.add(one);
      for (const one of this.namedIn(way))
        (this.isWay(idOf(one)) ? seen : relations).add(idOf(one));
    }
    return [...relations];
  }

  private readonly isWay = (id: ObjectId): boolean =>
    WAYS.has(this.lookup.get(id)?.kind ?? 'comment');

  private calledBy(id: ObjectId): ObjectId[] {
    const all = [id, ...this.lookup.allMembersOf(id).map(idOf)];
    const needed = all.flatMap((one) => [...(this.lookup.catalog.dependencies.get(one) ?? [])]);
    return needed.filter(this.isWay);
  }

  private namedIn(id: ObjectId): CatalogObject[] {
    const known = this.named.get(id);
    if (known) return known;
    const routine = this.lookup.get(id);
    const isText = routine?.kind === 'function' && hasTextInSql(routine.parts.definition);
    const named = isText
      ? this.nameable.filter((other) => names(routine.parts.definition, other))
      : [];
    this.named.set(id, named);
    return named;
  }
}
