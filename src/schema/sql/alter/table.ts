import { type CatalogLookup } from '../../catalog/lookup.js';
import { type CatalogObject, type PartsOf } from '../../catalog/model.js';
import { changeOptions } from '../text.js';
import { type Alteration, RECREATE, note } from './alteration.js';

type Table = CatalogObject<'table'>;
type Parts = PartsOf['table'];

/** The statements that make of a table another. Its columns and its parents are apart. */
export function alterTable(
  lookup: CatalogLookup,
  { parts: a }: Table,
  table: Table,
  orderDiffers: boolean,
): Alteration | typeof RECREATE {
  const { name, parts: e } = table;
  if (a.partitionBy !== e.partitionBy) return RECREATE;
  const alter = `ALTER TABLE ${name}`;
  const only = `ALTER TABLE ONLY ${name}`;
  return {
    statements: [
      ...(orderDiffers
        ? [
            note(
              `PostgreSQL has no statement that moves a column: ${name} would have to be made anew.`,
            ),
          ]
        : []),
      ...(a.ofType === e.ofType ? [] : [`${alter} ${e.ofType ? `OF ${e.ofType}` : 'NOT OF'}`]),
      ...(a.unlogged === e.unlogged ? [] : [`${alter} SET ${e.unlogged ? 'UNLOGGED' : 'LOGGED'}`]),
      ...alterAccessMethod(alter, a, e, lookup.catalog.postgres),
      ...changeOptions(only, options(a), options(e)),
      ...alterRowSecurity(only, a.rowSecurity, e.rowSecurity),
    ],
    last: a.replicaIdentity === e.replicaIdentity ? [] : [replicaIdentity(only, e)],
  };
}

/** What rows an update or a delete is told by to subscribers. */
export function replicaIdentity(only: string, { replicaIdentity: by }: Parts): string {
  const index = /^index (.*)$/s.exec(by ?? '')?.[1];
  const way = index ? `USING INDEX ${index}` : (by ?? 'default').toUpperCase();
  return `${only} REPLICA IDENTITY ${way}`;
}

function options({ options: own = [], toastOptions = [] }: Parts): string[] {
  return [...own, ...toastOptions];
}

function alterAccessMethod(alter: string, a: Parts, e: Parts, postgres: number): string[] {
  if (a.accessMethod === e.accessMethod) return [];
  if (postgres < 15) return [note('PostgreSQL 14 cannot change the access method of a table.')];
  return [`${alter} SET ACCESS METHOD ${e.accessMethod ?? 'heap'}`];
}

function alterRowSecurity(
  only: string,
  a: Parts['rowSecurity'],
  e: Parts['rowSecurity'],
): string[] {
  const enabled = (of: Parts['rowSecurity']): boolean => of === 'enabled' || of === 'forced';
  const forced = (of: Parts['rowSecurity']): boolean => Boolean(of?.startsWith('forced'));
  return [
    ...(enabled(a) === enabled(e)
      ? []
      : [`${only} ${enabled(e) ? 'ENABLE' : 'DISABLE'} ROW LEVEL SECURITY`]),
    ...(forced(a) === forced(e)
      ? []
      : [`${only} ${forced(e) ? 'FORCE' : 'NO FORCE'} ROW LEVEL SECURITY`]),
  ];
}
