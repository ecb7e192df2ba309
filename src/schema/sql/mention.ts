import { type CatalogLookup } from '../catalog/lookup.js';
import { type CatalogObject, idOf, type ObjectId, type ObjectKind } from '../catalog/model.js';
import { type Entry } from './entries.js';
import { withoutTextInSql } from './routine.js';
import { type Statement } from './statement.js';

const ROUTINES: ReadonlySet<ObjectKind> = new Set(['function', 'procedure', 'aggregate']);

/** The kinds of which statements about others say the name. */
const MENTIONED: ReadonlySet<ObjectKind> = new Set([
  ...(['table', 'view', 'materialized view', 'sequence'] as const),
  ...(['enum', 'composite type', 'domain', 'range', ...ROUTINES] as const),
]);

/** The kinds that are made in two steps where they are part of a cycle. */
const SPLIT: ReadonlySet<ObjectKind> = new Set([
  ...(['table', 'domain', 'view', 'function', 'procedure'] as const),
]);

/**
 * A catalog from a file has no dependencies. Those of the same objects in the database go for
 * them. Besides, what a statement mentions by its qualified name is taken for a dependency: in a
 * cycle, as long as the object that mentions it can still be split.
 */
export function inferDependencies(
  entries: readonly Entry[],
  lookup: CatalogLookup,
  known: ReadonlyMap<ObjectId, ReadonlySet<ObjectId>>,
  split: ReadonlySet<string>,
): void {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const named = entries.flatMap((entry) => {
    const isMentioned = mentionOf(lookup, lookup.get(entry.id));
    return isMentioned ? [{ entry, isMentioned }] : [];
  });
  for (const entry of entries) {
    for (const id of known.get(entry.id) ?? []) {
      const other = byId.get(id);
      if (other && other !== entry && !leadsTo(other, entry.id, byId)) entry.dependencies.add(id);
    }
  }
  for (const entry of entries) {
    if (entry.priority < 0) continue;
    const text = entry.statements.map((one) => textThatCounts(lookup, one)).join('\n');
    for (const { entry: other, isMentioned } of named) {
      if (other === entry || !isMentioned(text)) continue;
      if (canBeSplit(entry, lookup, split) || !leadsTo(other, entry.id, byId))
        entry.dependencies.add(other.id);
    }
  }
}

/** Whether an entry is made of fewer statements, and mentions less, once it is split. */
function canBeSplit({ id }: Entry, lookup: CatalogLookup, split: ReadonlySet<string>): boolean {
  return SPLIT.has(lookup.get(id)?.kind ?? 'comment') && !split.has(id);
}

/** Whether a text needs an object. */
export function names(text: string, { kind, name }: CatalogObject): boolean {
  if (!ROUTINES.has(kind)) return mentions(text, name);
  // The name of a routine stands before its arguments. A bracket within quotes is no start of them.
  const [called = name] = /^(?:"(?:[^"]|"")+"|[^"(])+/.exec(name) ?? [];
  return calls(text, called);
}

/** How a text tells that it needs an object; `undefined` where no text does. */
function mentionOf(
  lookup: CatalogLookup,
  object: CatalogObject | undefined,
): ((text: string) => boolean) | undefined {
  if (object === undefined) return undefined;
  const { kind, own, parent } = object;
  const owner = lookup.get(parent);
  if (kind === 'column' && owner) {
    return (text) => mentions(text, owner.name) && mentions(text, own, true);
  }
  if (kind === 'constraint' && owner && object.parts.type === 'primary key') {
    // What is grouped by a key may read all columns of the table.
    return (text) => mentions(text, owner.name) && text.includes('GROUP BY');
  }
  return MENTIONED.has(kind) ? (text) => names(text, object) : undefined;
}

/** Nothing of the text of a function in SQL has to be there when the function is made. */
function textThatCounts(lookup: CatalogLookup, { sql, object }: Statement): string {
  const of = lookup.get(object);
  const isRoutine = of !== undefined && ROUTINES.has(of.kind) && object === idOf(of);
  return isRoutine ? withoutTextInSql(sql) : sql;
}

/** Whether an entry comes after another already, directly or not. */
export function leadsTo(
  from: Entry,
  id: string,
  byId: ReadonlyMap<string, Entry>,
  seen = new Set<Entry>(),
): boolean {
  if (seen.has(from)) return false;
  seen.add(from);
  return [...from.dependencies].some((next) => {
    const entry = byId.get(next);
    return next === id || (entry !== undefined && leadsTo(entry, id, byId, seen));
  });
}

/** In what the server puts the body of a function. */
const QUOTE = '$function$';

/**
 * Whether a text names something: the name stands in it, and not as a part of another.
 *
 * @param mayBeQualified It may stand behind the name of what it is in.
 */
export function mentions(text: string, name: string, mayBeQualified = false): boolean {
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    const before = text[at - 1] ?? '';
    const after = text.slice(at + name.length, at + name.length + QUOTE.length);
    const isPart = before !== '.' ? /[\w$"]/.test(before) : !mayBeQualified;
    if (!isPart && (after === QUOTE || !/^[\w$"]/.test(after))) return true;
  }
  return false;
}

/** Whether a text names a routine: a type may have the same name. */
function calls(text: string, name: string): boolean {
  const escaped = name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  return new RegExp(`(?<![\\w$".])${escaped}\\(|= ${escaped}(?![\\w$"])`).test(text);
}
