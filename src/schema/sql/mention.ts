import { type ObjectId } from '../catalog/model.js';
import { type Entry } from './entries.js';

/**
 * A catalog from a file does not say what needs what. What the database knows of the same objects
 * goes for them. Besides, what a statement mentions by its qualified name is split for needed, as
 * long as that does not make a circle.
 */
export function inferDependencies(
  entries: readonly Entry[],
  known: ReadonlyMap<ObjectId, ReadonlySet<ObjectId>>,
): void {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const named = entries.flatMap((entry) => {
    const [, kind = '', name] =
      /^(table|view|materialized view|enum|composite type|domain|range|sequence|function|procedure|aggregate) ((?:"(?:[^"]|"")+"|[^"(])+)/.exec(
        entry.id,
      ) ?? [];
    const isRoutine = /^(function|procedure|aggregate)$/.test(kind);
    return name === undefined ? [] : [{ entry, name, isRoutine }];
  });
  for (const entry of entries) {
    for (const id of known.get(entry.id) ?? []) {
      const other = byId.get(id);
      if (other && other !== entry && !leadsTo(other, entry.id, byId)) entry.dependencies.add(id);
    }
  }
  for (const entry of entries) {
    if (entry.priority < 0) continue;
    const text = entry.statements.map(withoutBody).join('\n');
    for (const { entry: other, name, isRoutine } of named) {
      const isNamed = isRoutine ? calls(text, name) : mentions(text, name);
      if (other !== entry && isNamed && !leadsTo(other, entry.id, byId))
        entry.dependencies.add(other.id);
    }
  }
}

/** Without the text of a function in SQL: nothing of it has to be there when the function is made. */
function withoutBody(statement: string): string {
  return statement.replace(
    /^(CREATE (?:OR REPLACE )?(?:FUNCTION|PROCEDURE)[\s\S]*?\n LANGUAGE sql\b[\s\S]*?)\nAS [\s\S]*$/,
    '$1',
  );
}

/** Whether a entry comes after another already, directly or not. */
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

/** Whether a text names something: the name stands in it, and not as a part of another. */
export function mentions(text: string, name: string): boolean {
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    const [before = '', after = ''] = [text[at - 1], text[at + name.length]];
    if (!/[\w$".]/.test(before) && !/[\w$"]/.test(after)) return true;
  }
  return false;
}

/** Whether a text names a routine: a type may have the same name. */
function calls(text: string, name: string): boolean {
  const escaped = name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  return new RegExp(`(?<![\\w$".])${escaped}\\(|= ${escaped}(?![\\w$"])`).test(text);
}
