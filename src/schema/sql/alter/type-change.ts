/** Types that PostgreSQL turns into each other by itself when they are assigned. */
const FAMILIES: readonly (readonly string[])[] = [
  ['smallint', 'integer', 'bigint', 'numeric', 'real', 'double precision'],
  ['date', 'timestamp without time zone', 'timestamp with time zone'],
  ['json', 'jsonb'],
];

/** From the narrowest to the widest: nothing is lost in that direction. */
const WIDENING: readonly (readonly string[])[] = [
  ['smallint', 'integer', 'bigint', 'numeric'],
  ['smallint', 'integer', 'double precision'],
  ['real', 'double precision'],
];

const TEXTS = ['text', 'character varying'];

interface TypeName {
  base: string;
  modifiers: number[];
}

/** A type's name without its length or precision, and those. */
function partsOf(type: string): TypeName {
  const found = /^(.*?) ?\(([\d,-]+)\)(.*)$/.exec(type);
  if (!found) return { base: type, modifiers: [] };
  const [, head = '', modifiers = '', tail = ''] = found;
  return { base: head + tail, modifiers: modifiers.split(',').map(Number) };
}

/** From which to which there is a cast that says more than the text would. */
const EXPLICIT: Readonly<Record<string, readonly string[]>> = {
  integer: ['boolean'],
  boolean: ['integer'],
  'timestamp without time zone': ['time without time zone'],
  'timestamp with time zone': ['time without time zone', 'time with time zone'],
};

/**
 * How ALTER COLUMN TYPE gets the new value (USING): it takes casts on assignment only. Where
 * PostgreSQL may know no cast at all, it goes by way of text.
 */
export function conversionOf(own: string, from: string, to: string): string | undefined {
  const [a, b] = [partsOf(from).base, partsOf(to).base];
  const isFamily = FAMILIES.some((family) => family.includes(a) && family.includes(b));
  if (a === b || TEXTS.includes(b) || b === 'character' || isFamily) return undefined;
  const isCast = TEXTS.includes(a) || a === 'character' || EXPLICIT[a]?.includes(b);
  if (isCast) return `${own}::${to}`;
  return /^jsonb?$/.test(b) ? `pg_catalog.to_${b}(${own})` : `${own}::text::${to}`;
}

/** Whether a change of type may lose something of what is stored, or fail because of it. */
export function narrows(from: string, to: string): boolean {
  const [a, b] = [partsOf(from), partsOf(to)];
  if (b.modifiers.length === 0 && TEXTS.includes(b.base)) return false;
  if (a.base === b.base) return b.modifiers.length > 0 && !fits(a, b);
  if (TEXTS.includes(a.base) && TEXTS.includes(b.base)) return !fits(a, b);
  if (b.modifiers.length > 0) return true;
  return !WIDENING.some((order) => {
    const at = order.indexOf(a.base);
    return at >= 0 && order.indexOf(b.base) > at;
  });
}

function fits(a: TypeName, b: TypeName): boolean {
  if (a.modifiers.length === 0) return false;
  const [size = 0, scale = 0] = a.modifiers;
  const [newSize = 0, newScale = 0] = b.modifiers;
  return newScale >= scale && newSize - newScale >= size - scale;
}
