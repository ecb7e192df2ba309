import { isDeepStrictEqual } from 'node:util';
import {
  type Catalog,
  type CatalogObject,
  idOf,
  type NotDescribed,
  type ObjectId,
  type ObjectKind,
  type PartsOf,
} from './catalog/model.js';
import { schemaOf } from './catalog/names.js';

/** Some of an object's parts. */
export type SomeParts = Readonly<Record<string, unknown>>;

/** An object of which one database says otherwise than the other. */
export interface Difference {
  /** An object's kind, or what something is called that the catalog does not describe. */
  kind: string;
  /** Its name, as in the catalog. */
  object: string;
  /** What is expected: the parts that differ; `null` where the object should not be there. */
  expected: SomeParts | null;
  /** What is there; `null` where the object is missing. */
  actual: SomeParts | null;
}

/** What is not looked at. */
export interface CompareOptions {
  ignoreColumnOrder?: boolean;
}

/** What differs between servers that are alike otherwise. */
const IGNORED: Partial<Record<ObjectKind, readonly string[]>> = { extension: ['version'] };

/**
 * Compares two catalogs object by object. Pure.
 *
 * What follows from another difference is not named beside it: the columns of a missing table, the
 * sequence of a missing identity column, the parts of a missing partitioned index, the place of a
 * missing table in a publication.
 *
 * @returns one difference an object, in the order of the catalogs; none where both say the same
 */
export function compareCatalogs(
  expected: Catalog,
  actual: Catalog,
  options: CompareOptions = {},
): Difference[] {
  const sides = { expected: new Side(expected), actual: new Side(actual) };
  const ids = new Set([...sides.actual.ids(), ...sides.expected.ids()]);
  const described = [...ids].flatMap((id): Difference[] => {
    const wanted = sides.expected.get(id);
    const found = sides.actual.get(id);
    if (wanted && found) {
      const difference = compareParts(wanted, found, sides, options);
      return difference ? [difference] : [];
    }
    const [present, lacking] = wanted ? [wanted, sides.actual] : [found, sides.expected];
    if (
      present === undefined ||
      lacking.lacksSourceOf(present, wanted ? sides.expected : sides.actual)
    )
      return [];
    return [
      {
        ...{ kind: present.kind, object: present.name },
        expected: wanted ? { ...wanted.parts } : null,
        actual: found ? { ...found.parts } : null,
      },
    ];
  });
  return [...described, ...compareNotDescribed(expected.notDescribed, actual.notDescribed)];
}

/** Of what is not described it can be said only whether it is there. */
function compareNotDescribed(
  expected: readonly NotDescribed[],
  actual: readonly NotDescribed[],
): Difference[] {
  const without = (all: readonly NotDescribed[], others: readonly NotDescribed[]): NotDescribed[] =>
    all.filter(({ kind, name }) => !others.some((o) => o.kind === kind && o.name === name));
  return [
    ...without(expected, actual).map(({ kind, name }) => ({
      ...{ kind, object: name, expected: {}, actual: null },
    })),
    ...without(actual, expected).map(({ kind, name }) => ({
      ...{ kind, object: name, expected: null, actual: {} },
    })),
  ];
}

interface Sides {
  expected: Side;
  actual: Side;
}

function compareParts(
  wanted: CatalogObject,
  found: CatalogObject,
  sides: Sides,
  options: CompareOptions,
): Difference | undefined {
  const expected: Record<string, unknown> = { ...wanted.parts };
  const actual: Record<string, unknown> = { ...found.parts };
  if (wanted.kind === 'table' && found.kind === 'table') {
    expected['columnOrder'] = sides.expected.columnsOf(wanted, sides.actual.columnsOf(found));
    actual['columnOrder'] = sides.actual.columnsOf(found, sides.expected.columnsOf(wanted));
  }
  if (wanted.kind === 'publication' && found.kind === 'publication') {
    expected['tables'] = sides.actual.tablesHere(wanted);
    actual['tables'] = sides.expected.tablesHere(found);
  }
  const ignored = [
    ...(IGNORED[wanted.kind] ?? []),
    ...(options.ignoreColumnOrder ? ['columnOrder'] : []),
  ];
  const names = new Set([...Object.keys(expected), ...Object.keys(actual)]);
  const differing = [...names].filter(
    (name) => !ignored.includes(name) && !isDeepStrictEqual(expected[name], actual[name]),
  );
  if (differing.length === 0) return undefined;
  const some = (parts: Record<string, unknown>): SomeParts =>
    Object.fromEntries(differing.map((name) => [name, parts[name] ?? null]));
  return { kind: wanted.kind, object: wanted.name, expected: some(expected), actual: some(actual) };
}

/** One of the two catalogs. */
class Side {
  private readonly byId = new Map<ObjectId, CatalogObject>();
  private readonly columns = new Map<ObjectId, string[]>();
  /** Indexes, and constraints that have one, by the index's name within its schema. */
  private readonly byIndex = new Map<string, ObjectId>();

  constructor({ objects }: Catalog) {
    for (const object of objects) {
      const id = idOf(object);
      this.byId.set(id, object);
      if (object.kind === 'index') this.byIndex.set(object.name, id);
      if (object.kind === 'constraint') {
        const schema = schemaOf(this.byId.get(object.parent ?? '')?.name ?? '');
        this.byIndex.set(`${schema}.${object.own}`, id);
      }
      if (object.kind !== 'column' || object.parent === null) continue;
      const siblings = this.columns.get(object.parent);
      if (siblings) siblings.push(object.own);
      else this.columns.set(object.parent, [object.own]);
    }
  }

  ids(): Iterable<ObjectId> {
    return this.byId.keys();
  }

  get(id: ObjectId): CatalogObject | undefined {
    return this.byId.get(id);
  }

  /** A table's columns in their order; of those in `among` only, where that is given. */
  columnsOf(table: CatalogObject<'table'>, among?: readonly string[]): string[] {
    const columns = table.parts.columnOrder ?? this.columns.get(idOf(table)) ?? [];
    return columns.filter((name) => among?.includes(name) ?? true);
  }

  /** The tables of the other side's publication that are here: one that is not is told by itself. */
  tablesHere({ parts }: CatalogObject<'publication'>): PartsOf['publication']['tables'] {
    const here = Object.entries(parts.tables ?? {}).filter(([name]) =>
      this.byId.has(idOf({ kind: 'table', name })),
    );
    return here.length > 0 ? Object.fromEntries(here) : undefined;
  }

  /** Whether what an object of the other side follows from is not here, or here in another way. */
  lacksSourceOf(object: CatalogObject, other: Side): boolean {
    const { parent } = object;
    if (parent !== null && !this.byId.has(parent)) return true;
    if (object.kind === 'sequence') return this.lacksOwnerOf(object, other);
    if (object.kind !== 'index' && object.kind !== 'constraint') return false;
    const whole = other.byIndex.get(object.parts.partOf ?? '');
    return whole !== undefined && !this.byId.has(whole);
  }

  private lacksOwnerOf({ parts }: CatalogObject<'sequence'>, other: Side): boolean {
    const column = other.get(idOf({ kind: 'column', name: parts.ownedBy ?? '' }));
    if (column === undefined) return false;
    const here = this.byId.get(idOf(column));
    if (here === undefined) return true;
    return Boolean(parts.identity) && !isDeepStrictEqual(here.parts, column.parts);
  }
}
