import { type CatalogLookup } from '../catalog/lookup.js';
import { type CatalogObject, idOf, type ObjectId } from '../catalog/model.js';
import { withoutSchema } from '../catalog/names.js';
import { mentions } from './mention.js';

/** The kinds through which a materialized view may read another. */
type Reader = CatalogObject<'materialized view' | 'view' | 'function'>;

/**
 * The materialized views that have to hold their data before another can be filled: those that its
 * query reads, by way of views and functions too. What the body of a function reads that is a text
 * no catalog says, so it is taken to read whatever it names.
 */
export class Refreshes {
  private readonly reached = new Map<ObjectId, Set<ObjectId>>();
  private readonly readers: Reader[];

  constructor(private readonly lookup: CatalogLookup) {
    this.readers = lookup.catalog.objects.filter(isReader);
  }

  /** Those that come before one, itself left out. */
  before(view: CatalogObject<'materialized view'>): ObjectId[] {
    const found = new Set<ObjectId>();
    this.follow(idOf(view), found);
    found.delete(idOf(view));
    return [...found].filter((id) => this.lookup.get(id)?.kind === 'materialized view');
  }

  private follow(id: ObjectId, found: Set<ObjectId>): void {
    for (const next of this.readBy(id)) {
      if (found.has(next)) continue;
      found.add(next);
      this.follow(next, found);
    }
  }

  private readBy(id: ObjectId): Set<ObjectId> {
    const known = this.reached.get(id);
    if (known) return known;
    const { catalog } = this.lookup;
    const read = new Set<ObjectId>();
    this.reached.set(id, read);
    const object = this.lookup.get(id);
    for (const needed of catalog.dependencies.get(id) ?? []) {
      // A column of a view that says something of its own stands for the view.
      const of = this.lookup.get(needed);
      const whole = of?.kind === 'column' ? this.lookup.get(of.parent) : of;
      if (whole && isReader(whole)) read.add(idOf(whole));
    }
    const isText = object?.kind === 'function' || !catalog.dependencies.has(id);
    if (object && isReader(object) && isText) {
      for (const other of this.readers) {
        if (other !== object && names(object.parts.definition, other)) read.add(idOf(other));
      }
    }
    return read;
  }
}

function isReader(object: CatalogObject): object is Reader {
  const { kind } = object;
  return kind === 'materialized view' || kind === 'view' || kind === 'function';
}

/** With or without its schema: that goes by a search path. */
function names(text: string, { kind, name }: Reader): boolean {
  const called = kind === 'function' ? name.slice(0, name.lastIndexOf('(')) : name;
  return mentions(text, called) || mentions(text, withoutSchema(called));
}
