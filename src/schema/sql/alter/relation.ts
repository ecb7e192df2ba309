import { isDeepStrictEqual } from 'node:util';
import { type CatalogLookup } from '../../catalog/lookup.js';
import { type CatalogObject, type PartsOf } from '../../catalog/model.js';
import { withoutSchema } from '../../catalog/names.js';
import { createLater, createView, isUnlogged } from '../create.js';
import { enforcement, indexName } from '../constraint.js';
import { changeOptions, words } from '../text.js';
import { type Alteration, RECREATE, cannot, note } from './alteration.js';

interface Clusters {
  clustered?: true;
}

/** The statements that make of a sequence another. */
export function alterSequence(
  lookup: CatalogLookup,
  { parts: a }: CatalogObject<'sequence'>,
  { name, parts: e }: CatalogObject<'sequence'>,
): Alteration | typeof RECREATE {
  if (Boolean(a.identity) !== Boolean(e.identity)) return RECREATE;
  const alter = `ALTER SEQUENCE ${name}`;
  const options = sequenceChanges(a, e);
  const changesOwner = a.ownedBy !== e.ownedBy && !e.identity;
  return {
    statements: [
      ...(options === '' ? [] : [`${alter} ${options}`]),
      ...(changesOwner && !e.ownedBy ? [`${alter} OWNED BY NONE`] : []),
      ...(a.unlogged === e.unlogged
        ? []
        : lookup.catalog.postgres < 15
          ? [note('PostgreSQL 14 has no unlogged sequences.')]
          : [`${alter} SET ${isUnlogged(lookup, e) ? 'UNLOGGED' : 'LOGGED'}`]),
    ],
    last: changesOwner && e.ownedBy ? [`${alter} OWNED BY ${e.ownedBy}`] : [],
  };
}

function sequenceChanges(a: PartsOf['sequence'], e: PartsOf['sequence']): string {
  // A new type, direction or limit brings others of its own, so all are said.
  const limits =
    a.type !== e.type || a.increment !== e.increment || a.min !== e.min || a.max !== e.max;
  const down = e.increment?.startsWith('-');
  const start = e.start ?? (down ? (e.max ?? '-1') : (e.min ?? '1'));
  return words(
    a.type !== e.type && `AS ${e.type ?? 'bigint'}`,
    limits && `INCREMENT BY ${e.increment ?? '1'}`,
    limits && (e.min ? `MINVALUE ${e.min}` : 'NO MINVALUE'),
    limits && (e.max ? `MAXVALUE ${e.max}` : 'NO MAXVALUE'),
    (limits || a.start !== e.start) && `START WITH ${start}`,
    a.cache !== e.cache && `CACHE ${e.cache ?? '1'}`,
    a.cycle !== e.cycle && (e.cycle ? 'CYCLE' : 'NO CYCLE'),
  );
}

/** A view takes columns at its end; any other change of them makes it a new one. */
export function alterView(
  lookup: CatalogLookup,
  { parts: a }: CatalogObject<'view'>,
  to: CatalogObject<'view'>,
): Alteration | typeof RECREATE {
  const { name, parts: e } = to;
  if (a.columns.some((column, index) => column !== e.columns[index])) return RECREATE;
  const isNew = a.definition !== e.definition || a.columns.length !== e.columns.length;
  if (isNew) return { statements: createView(lookup, to).slice(0, 1) };
  return { statements: changeOptions(`ALTER VIEW ${name}`, a.options, e.options) };
}

export function alterMaterializedView(
  { parts: a }: CatalogObject<'materialized view'>,
  { name, parts: e }: CatalogObject<'materialized view'>,
): Alteration | typeof RECREATE {
  if (a.definition !== e.definition || a.columns.join() !== e.columns.join()) return RECREATE;
  if (a.accessMethod !== e.accessMethod) return RECREATE;
  const all = ({ options = [], toastOptions = [] }: typeof a): string[] => [
    ...options,
    ...toastOptions,
  ];
  const refresh = words(`REFRESH MATERIALIZED VIEW ${name}`, e.unpopulated && 'WITH NO DATA');
  return {
    statements: [
      ...changeOptions(`ALTER MATERIALIZED VIEW ${name}`, all(a), all(e)),
      ...(a.unpopulated === e.unpopulated ? [] : [refresh]),
    ],
  };
}

export function alterConstraint(
  lookup: CatalogLookup,
  { parts: a }: CatalogObject<'constraint'>,
  to: CatalogObject<'constraint'>,
): Alteration | typeof RECREATE {
  const { own, parts: e } = to;
  const owner = lookup.get(to.parent);
  const isPartitioned = owner?.kind === 'table' && owner.parts.partitionBy !== undefined;
  if (isPartitioned && !isDeepStrictEqual(a.options, e.options)) return RECREATE;
  const table = owner?.name ?? '';
  const alter = `ALTER ${owner?.kind === 'domain' ? 'DOMAIN' : 'TABLE'} ${table}`;
  const validates = a.definition === `${e.definition} NOT VALID`;
  if (a.definition !== e.definition && !validates) return RECREATE;
  if (a.partOf && a.partOf !== e.partOf) return RECREATE;
  const firing = e.triggers ?? 'origin';
  return {
    first: withoutCluster(table, a, e),
    statements: [
      ...(validates ? [`${alter} VALIDATE CONSTRAINT ${own}`] : []),
      ...changeOptions(`ALTER INDEX ${indexName(lookup, to)}`, a.options, e.options),
      ...clusterOn(table, own, a, e),
      ...(a.partOf === e.partOf ? [] : createLater(lookup, to)),
      ...(a.triggers === e.triggers
        ? []
        : firing === 'mixed'
          ? [note(`The triggers behind ${own} are set one by one: that is not described.`)]
          : enforcement(table, own, firing)),
    ],
  };
}

export function alterIndex(
  lookup: CatalogLookup,
  { parts: a }: CatalogObject<'index'>,
  to: CatalogObject<'index'>,
): Alteration | typeof RECREATE {
  const { name, parts: e } = to;
  if (a.definition !== e.definition || (a.partOf && a.partOf !== e.partOf)) return RECREATE;
  const table = lookup.get(to.parent)?.name ?? '';
  if (e.invalid && !a.invalid)
    return cannot(`${name} is valid; an invalid index is not to be wished for.`);
  const numbers = [
    ...new Set([...Object.keys(a.statistics ?? {}), ...Object.keys(e.statistics ?? {})]),
  ];
  return {
    first: withoutCluster(table, a, e),
    statements: [
      ...(a.invalid && !e.invalid ? [`REINDEX INDEX ${name}`] : []),
      ...numbers
        .filter((number) => a.statistics?.[number] !== e.statistics?.[number])
        .map((number) => {
          const target = e.statistics?.[number] ?? -1;
          return `ALTER INDEX ${name} ALTER COLUMN ${number} SET STATISTICS ${target}`;
        }),
      ...clusterOn(table, withoutSchema(name), a, e),
      ...(a.partOf === e.partOf ? [] : createLater(lookup, to)),
    ],
  };
}

function clusterOn(table: string, index: string, a: Clusters, e: Clusters): string[] {
  return e.clustered && !a.clustered ? [`ALTER TABLE ${table} CLUSTER ON ${index}`] : [];
}

/** First: it takes the mark from whatever index of the table has it by then. */
function withoutCluster(table: string, a: Clusters, e: Clusters): string[] {
  return a.clustered && !e.clustered ? [`ALTER TABLE ${table} SET WITHOUT CLUSTER`] : [];
}
