import { type CatalogObject, type PartsOf } from '../catalog/model.js';
import { literal, words } from './text.js';

type Publication = CatalogObject<'publication'>;
type Tables = NonNullable<PartsOf['publication']['tables']>;

/** The statement that makes a publication. */
export function createPublication({ name, parts }: Publication): string {
  const { allTables, publish, viaRoot, generatedColumns, tables = {}, schemas = [] } = parts;
  const objects = chosen(tables, schemas);
  const options = [
    `publish = ${literal(publish.join(', '))}`,
    ...(viaRoot ? ['publish_via_partition_root = true'] : []),
    ...(generatedColumns ? [`publish_generated_columns = ${generatedColumns}`] : []),
  ];
  return words(
    `CREATE PUBLICATION ${name}`,
    allTables && 'FOR ALL TABLES',
    objects.length > 0 && `FOR ${objects.join(', ')}`,
    `WITH (${options.join(', ')})`,
  );
}

/** The statements that make of a publication another; `null` where it has to be made anew. */
export function alterPublication(
  { name, parts: from }: Publication,
  { parts: to }: Publication,
): string[] | null {
  if (from.allTables !== to.allTables) return null;
  const alter = `ALTER PUBLICATION ${name}`;
  const options = [
    ...(from.publish.join() === to.publish.join()
      ? []
      : [`publish = ${literal(to.publish.join(', '))}`]),
    ...(from.viaRoot === to.viaRoot
      ? []
      : [`publish_via_partition_root = ${Boolean(to.viaRoot).toString()}`]),
    ...(from.generatedColumns === to.generatedColumns
      ? []
      : [`publish_generated_columns = ${to.generatedColumns ?? 'none'}`]),
  ];
  return [
    ...(options.length > 0 ? [`${alter} SET (${options.join(', ')})`] : []),
    ...alterChosen(alter, from, to),
  ];
}

function alterChosen(
  alter: string,
  from: PartsOf['publication'],
  to: PartsOf['publication'],
): string[] {
  const [before, after] = [from, to].map(({ tables = {}, schemas = [] }) =>
    chosen(tables, schemas).join(', '),
  );
  if (before === after) return [];
  if (after) return [`${alter} SET ${after}`];
  const { tables = {}, schemas = [] } = from;
  const names = Object.keys(tables);
  return [
    ...(names.length > 0 ? [`${alter} DROP TABLE ONLY ${names.join(', ONLY ')}`] : []),
    ...(schemas.length > 0 ? [`${alter} DROP TABLES IN SCHEMA ${schemas.join(', ')}`] : []),
  ];
}

function chosen(tables: Tables, schemas: readonly string[]): string[] {
  const named = Object.entries(tables).map(([table, { columns, where }]) =>
    words(`ONLY ${table}`, columns && `(${columns.join(', ')})`, where && `WHERE (${where})`),
  );
  return [
    ...(named.length > 0 ? [`TABLE ${named.join(', ')}`] : []),
    ...schemas.map((schema) => `TABLES IN SCHEMA ${schema}`),
  ];
}
