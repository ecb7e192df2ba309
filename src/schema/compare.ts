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
import { CatalogLookup } from './catalog/lookup.js';
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
  const both = { expected: new ComparedCatalog(expected), actual: new ComparedCatalog(actual) };
  const ids = new Set([...actual.objects, ...expected.objects].map(idOf));
  const described = [...ids].flatMap((id): Difference[] => {
    const wanted = both.expected.get(id);
    const found = both.actual.get(id);
    if (wanted && found) {
      const difference = compareParts(wanted, found, both, options);
      return difference ? [difference] : [];
    }
    const [present, lacking] = wanted ? [wanted, both.actual] : [found, both.expected];
    if (
      present === undefined ||
      lacking.lacksSourceOf(present, wanted ? both.expected : both.actual)
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

interface Compared {
  expected: ComparedCatalog;
  actual: ComparedCatalog;
}

function compareParts(
  wanted: CatalogObject,
  found: CatalogObject,
  both: Compared,
  options: CompareOptions,
): Difference | undefined {
  const expected: Record<string, unknown> = { ...wanted.parts };
  const actual: Record<string, unknown> = { ...found.parts };
  if (wanted.kind === 'table' && found.kind === 'table') {
    expected['columnOrder'] = both.expected.columnsOf(wanted, both.actual.columnsOf(found));
    actual['columnOrder'] = both.actual.columnsOf(found, both.expected.columnsOf(wanted));
  }
  if (wanted.kind === 'publication' && found.kind === 'publication') {
    expected['tables'] = both.actual.tablesHere(wanted);
    actual['tables'] = both.expected.tablesHere(found);
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

/** One of the two catalogs, with what is asked of it when the other is held against it. */
class ComparedCatalog extends CatalogLookup {
  /** Indexes, and constraints that have one, by the index's name within its schema. */
  private readonly byIndex = new Map<string, ObjectId>();

  constructor(catalog: Catalog) {
    super(catalog);
    for (const object of catalog.objects) {
      if (object.kind === 'index') this.byIndex.set(object.name, idOf(object));
      if (object.kind !== 'constraint') continue;
      const schema = schemaOf(this.get(object.parent)?.name ?? '');
      this.byIndex.set(`${schema}.${object.own}`, idOf(object));
    }
  }

  /** A table's columns in their order; of those in `among` only, where that is given. */
  columnsOf(table: CatalogObject<'table'>, among?: readonly string[]): string[] {
    const columns =
      table.parts.columnOrder ?? this.membersOf(table, 'column').map(({ own }) => own);
    return columns.filter((name) => among?.includes(name) ?? true);
  }

  /** The tables of the other's publication that are here: one that is not is told by itself. */
  tablesHere({ parts }: CatalogObject<'publication'>): PartsOf['publication']['tables'] {
    const here = Object.entries(parts.tables ?? {}).filter(([name]) => this.table(name));
    return here.length > 0 ? Object.fromEntries(here) : undefined;
  }

  /** Whether what an object of the other follows from is not here, or here in another way. */
  lacksSourceOf(object: CatalogObject, other: ComparedCatalog): boolean {
    const { parent } = object;
    if (parent !== null && !this.get(parent)) return true;
    if (object.kind === 'sequence') return this.lacksOwnerOf(object, other);
    if (object.kind !== 'index' && object.kind !== 'constraint') return false;
    const whole = other.byIndex.get(object.parts.partOf ?? '');
    return whole !== undefined && !this.get(whole);
  }

  private lacksOwnerOf({ parts }: CatalogObject<'sequence'>, other: ComparedCatalog): boolean {
    const column = other.get(idOf({ kind: 'column', name: parts.ownedBy ?? '' }));
    if (column === undefined) return false;
    const here = this.get(idOf(column));
    if (here === undefined) return true;
    return Boolean(parts.identity) && !isDeepStrictEqual(here.parts, column.parts);
  }
}
