import { type ObjectId } from '../catalog/model.js';
import { type Unit } from './units.js';

/**
 * A catalog from a file does not say what needs what. What the database knows of the same objects
 * goes for them. Besides, what a statement mentions by its qualified name is taken for needed, as
 * long as that does not make a circle.
 */
export function inferDependencies(
  units: readonly Unit[],
  known: ReadonlyMap<ObjectId, ReadonlySet<ObjectId>>,
): void {
  const byId = new Map(units.map((unit) => [unit.id, unit]));
  const named = units.flatMap((unit) => {
    const [, kind = '', name] =
      /^(table|view|materialized view|enum|composite type|domain|range|sequence|function|procedure|aggregate) ((?:"(?:[^"]|"")+"|[^"(])+)/.exec(
        unit.id,
      ) ?? [];
    const isRoutine = /^(function|procedure|aggregate)$/.test(kind);
    return name === undefined ? [] : [{ unit, name, isRoutine }];
  });
  for (const unit of units) {
    for (const id of known.get(unit.id) ?? []) {
      const other = byId.get(id);
      if (other && other !== unit && !leadsTo(other, unit.id, byId)) unit.needs.add(id);
    }
  }
  for (const unit of units) {
    if (unit.stage < 0) continue;
    const text = unit.statements.map(withoutBody).join('\n');
    for (const { unit: other, name, isRoutine } of named) {
      const isNamed = isRoutine ? calls(text, name) : mentions(text, name);
      if (other !== unit && isNamed && !leadsTo(other, unit.id, byId)) unit.needs.add(other.id);
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

/** Whether a unit comes after another already, directly or not. */
export function leadsTo(
  from: Unit,
  id: string,
  byId: ReadonlyMap<string, Unit>,
  seen = new Set<Unit>(),
): boolean {
  if (seen.has(from)) return false;
  seen.add(from);
  return [...from.needs].some((next) => {
    const unit = byId.get(next);
    return next === id || (unit !== undefined && leadsTo(unit, id, byId, seen));
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
