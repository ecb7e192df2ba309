import { type ObjectId } from '../schema/catalog/model.js';
import { type Unit } from '../schema/sql/units.js';

/**
 * A catalog from a file does not say what needs what. What the database knows of the same objects
 * goes for them; of others, those are taken for needed whose qualified name a statement mentions.
 */
export function needsByMention(
  units: readonly Unit[],
  known: ReadonlyMap<ObjectId, ReadonlySet<ObjectId>>,
): void {
  const byId = new Map(units.map((unit) => [unit.id, unit]));
  const named = units.flatMap((unit) => {
    const name =
      /^(?:table|view|materialized view|enum|composite type|domain|range|sequence|function|procedure|aggregate) ([^(]+)/.exec(
        unit.id,
      )?.[1];
    return name === undefined ? [] : [{ unit, name }];
  });
  for (const unit of units) {
    const needs = known.get(unit.id);
    for (const other of needs ?? []) if (byId.has(other)) unit.needs.add(other);
    if (needs !== undefined || unit.stage < 0) continue;
    const text = unit.statements.join('\n');
    for (const { unit: other, name } of named) {
      if (other !== unit && !other.needs.has(unit.id) && mentions(text, name))
        unit.needs.add(other.id);
    }
  }
}

function mentions(text: string, name: string): boolean {
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    const [before = '', after = ''] = [text[at - 1], text[at + name.length]];
    if (!/[\w$".]/.test(before) && !/[\w$"]/.test(after)) return true;
  }
  return false;
}
