import { KnexwardError } from '../../errors.js';
import { quoteName } from './escape.js';

/** What happens to a row when the row it refers to goes or changes. */
export interface ForeignKeyRules {
  onDelete?: string;
  onUpdate?: string;
}

/** A foreign key as a column carries it. */
export interface ForeignKeySpec {
  /** The constraint's name. */
  name: string;
  /** The table it refers to. */
  table: string;
  /** The column it refers to, or a mapping of own columns to columns of that table. */
  mapping: string | Record<string, string>;
  rules?: ForeignKeyRules;
}

/** The statement that adds a foreign key. `mapping` goes from own columns to those referred to. */
export function foreignKeySql(
  tableName: string,
  referencedTableName: string,
  keyName: string,
  mapping: Record<string, string>,
  rules?: ForeignKeyRules | null,
): string {
  const columns = Object.keys(mapping).map(quoteName).join(', ');
  const referenced = Object.values(mapping).map(quoteName).join(', ');
  return (
    `ALTER TABLE "${tableName}" ADD CONSTRAINT "${keyName}" FOREIGN KEY (${columns})` +
    ` REFERENCES "${referencedTableName}" (${referenced})` +
    ` ON DELETE ${rules?.onDelete || 'NO ACTION'} ON UPDATE ${rules?.onUpdate || 'NO ACTION'}`
  );
}

/**
 * A column's foreign key as own columns and columns referred to.
 *
 * @throws KnexwardError `INVALID_MIGRATION` where it names none.
 */
export function mappingOf(columnName: string, spec: ForeignKeySpec): Record<string, string> {
  const { mapping } = spec;
  if (typeof mapping === 'string') return { [columnName]: mapping };
  if (typeof mapping === 'object' && mapping !== null) return mapping;
  throw new KnexwardError('INVALID_MIGRATION', {
    message: `The foreign key of the column "${columnName}" does not say which column it refers to.`,
    fix: `Add it: foreignKey: { name: "…", table: "${spec.table}", mapping: "id" }.`,
  });
}

/** The statement that adds the foreign key which a column carries. */
export function inlineForeignKeySql(
  tableName: string,
  columnName: string,
  spec: ForeignKeySpec,
): string {
  return foreignKeySql(tableName, spec.table, spec.name, mappingOf(columnName, spec), spec.rules);
}
