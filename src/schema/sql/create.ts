import { type CatalogLookup } from '../catalog/lookup.js';
import { type CatalogObject, idOf, type PartsOf } from '../catalog/model.js';
import { createConstraint, createIndex, indexName, ownerName } from './constraint.js';
import { commentOn } from './comment.js';
import { alterDefaultPrivileges, grant } from './privileges.js';
import { createPublication } from './publication.js';
import { columnSettings } from './table.js';
import { FIRING, inBrackets, literal, sequenceOptions, words } from './text.js';

/** An object of a kind that is made by statements of its own. */
type Own = Exclude<CatalogObject, { kind: 'table' | 'column' }>;

/** What a database may have already. */
export interface CreateOptions {
  /** The schemas that are there for certain. */
  existing: ReadonlySet<string>;
  /** Other schemas and extensions may be there too: from a template, by an administrator. */
  ifNotExists: boolean;
}

const ALL: CreateOptions = { existing: new Set(['public']), ifNotExists: false };

/** A bracket within quotes is no start of the arguments. */
const NAME_BEFORE_ARGUMENTS = /^(?:"(?:[^"]|"")+"|[^"(])+/;

/**
 * The statements that make one object, where all that it needs is there. Tables and their columns
 * have a room of their own (`createTable`), and what has to wait for others is in `createLater`.
 */
export function create(
  lookup: CatalogLookup,
  object: Own,
  { existing, ifNotExists }: CreateOptions = ALL,
): string[] {
  const exists = ifNotExists ? 'IF NOT EXISTS ' : '';
  switch (object.kind) {
    case 'schema':
      return existing.has(object.name) ? [] : [`CREATE SCHEMA ${exists}${object.name}`];
    case 'extension':
      return [`CREATE EXTENSION ${exists}${object.name} SCHEMA ${object.parts.schema}`];
    case 'enum':
      return [`CREATE TYPE ${object.name} AS ENUM (${listed(object.parts.labels.map(literal))})`];
    case 'composite type':
      return [`CREATE TYPE ${object.name} AS (${listed(object.parts.attributes.map(attribute))})`];
    case 'domain':
      return [createDomain(object, [])];
    case 'range':
      return [createRange(object)];
    case 'sequence':
      return createSequence(lookup, object);
    case 'view':
    case 'materialized view':
      return createView(lookup, object);
    case 'function':
    case 'procedure':
      return [object.parts.definition];
    case 'aggregate':
      return [createAggregate(object)];
    case 'constraint':
      return createConstraint(lookup, object);
    case 'index':
      return createIndex(lookup, object);
    case 'statistics': {
      const { definition, target } = object.parts;
      const set = `ALTER STATISTICS ${object.name} SET STATISTICS ${target}`;
      return [definition, ...(target === undefined ? [] : [set])];
    }
    case 'trigger':
    case 'rule':
      return createTrigger(lookup, object);
    case 'policy':
      return [createPolicy(object, ownerName(lookup, object))];
    case 'event trigger':
      return createEventTrigger(object);
    case 'publication':
      return [createPublication(object)];
    case 'privileges':
      return grant(lookup, object);
    case 'default privileges':
      return alterDefaultPrivileges(object);
    case 'comment':
      return commentOn(lookup, object);
  }
}

/** What is said of an object when others, which it does not need to be made, are there too. */
export function createLater(lookup: CatalogLookup, object: CatalogObject): string[] {
  switch (object.kind) {
    case 'sequence': {
      const { ownedBy, identity } = object.parts;
      return ownedBy && !identity ? [`ALTER SEQUENCE ${object.name} OWNED BY ${ownedBy}`] : [];
    }
    case 'table': {
      const index = /^index (.*)$/s.exec(object.parts.replicaIdentity ?? '')?.[1];
      return index ? [`ALTER TABLE ONLY ${object.name} REPLICA IDENTITY USING INDEX ${index}`] : [];
    }
    case 'constraint':
    case 'index': {
      const { partOf } = object.parts;
      return partOf ? [`ALTER INDEX ${partOf} ATTACH PARTITION ${indexName(lookup, object)}`] : [];
    }
    case 'materialized view':
      return object.parts.unpopulated ? [] : [`REFRESH MATERIALIZED VIEW ${object.name}`];
    default:
      return [];
  }
}

/** A view of the same shape that needs nothing, to stand in where the true one comes later. */
export function createDummyView({ name, parts }: CatalogObject<'view'>, replaces = false): string {
  const columns = parts.columns.map((column) => {
    const [, own = '', type = '', collation] =
      /^("(?:[^"]|"")+"|\S+) (.*?)( collate .*)?$/s.exec(column) ?? [];
    return `NULL::${type}${collation ?? ''} AS ${own}`;
  });
  return `CREATE ${replaces ? 'OR REPLACE ' : ''}VIEW ${name} AS\n SELECT ${columns.join(',\n    ')}`;
}

/** With those of its checks that are made together with it. */
export function createDomain(
  { name, parts }: CatalogObject<'domain'>,
  checks: readonly CatalogObject<'constraint'>[],
): string {
  return words(
    `CREATE DOMAIN ${name} AS ${parts.type}`,
    parts.collation && `COLLATE ${parts.collation}`,
    parts.default && `DEFAULT ${parts.default}`,
    parts.notNull && parts.notNullConstraint && `CONSTRAINT ${parts.notNullConstraint}`,
    parts.notNull && 'NOT NULL',
    ...checks.map((check) => `CONSTRAINT ${check.own} ${check.parts.definition}`),
  );
}

function createRange({ name, parts }: CatalogObject<'range'>): string {
  const options = [
    `SUBTYPE = ${parts.subtype}`,
    parts.operatorClass && `SUBTYPE_OPCLASS = ${parts.operatorClass}`,
    parts.collation && `COLLATION = ${parts.collation}`,
    parts.difference && `SUBTYPE_DIFF = ${parts.difference}`,
    `MULTIRANGE_TYPE_NAME = ${parts.multirange}`,
  ].filter((option) => option !== undefined);
  return `CREATE TYPE ${name} AS RANGE (${listed(options)})`;
}

/** The one behind an identity column is made with it. */
function createSequence(
  lookup: CatalogLookup,
  { name, parts }: CatalogObject<'sequence'>,
): string[] {
  if (parts.identity) return [];
  return [
    words(
      'CREATE',
      isUnlogged(lookup, parts) && 'UNLOGGED',
      `SEQUENCE ${name}`,
      sequenceOptions(parts, true),
    ),
  ];
}

/** Whether a sequence is unlogged: since PostgreSQL 15, it usually is as its table is. */
export function isUnlogged(lookup: CatalogLookup, parts: PartsOf['sequence']): boolean {
  const owner = lookup.get(idOf({ kind: 'column', name: parts.ownedBy ?? '' }));
  const table = lookup.get(owner?.parent ?? null);
  const isInUnlogged = table?.kind === 'table' && table.parts.unlogged === true;
  return parts.unlogged ?? (isInUnlogged && lookup.catalog.postgres >= 15);
}

export function createView(
  lookup: CatalogLookup,
  view: CatalogObject<'view' | 'materialized view'>,
): string[] {
  const { kind, name, parts } = view;
  const alter = `ALTER ${kind.toUpperCase()} ${name}`;
  const { accessMethod, toastOptions = [] } = parts as PartsOf['materialized view'];
  const options = [...(parts.options ?? []), ...toastOptions];
  const head = words(
    kind === 'view' ? `CREATE OR REPLACE VIEW ${name}` : `CREATE MATERIALIZED VIEW ${name}`,
    accessMethod && `USING ${accessMethod}`,
    options.length > 0 && `WITH ${inBrackets(options)}`,
  );
  const tail = kind === 'view' ? '' : '\nWITH NO DATA';
  const columns = lookup.membersOf(view, 'column');
  return [
    `${head} AS\n${parts.definition}${tail}`,
    ...columns.flatMap((column) => [
      ...(column.parts.default
        ? [`${alter} ALTER COLUMN ${column.own} SET DEFAULT ${column.parts.default}`]
        : []),
      ...columnSettings(column, alter),
    ]),
  ];
}

export function createAggregate(
  { name, parts }: CatalogObject<'aggregate'>,
  replaces = false,
): string {
  const options = Object.entries(parts.options).map(([option, value]) =>
    value === '' ? option.toUpperCase() : `${option.toUpperCase()} = ${value}`,
  );
  const [own = name] = NAME_BEFORE_ARGUMENTS.exec(name) ?? [];
  return `CREATE ${replaces ? 'OR REPLACE ' : ''}AGGREGATE ${own}(${parts.arguments || '*'}) (\n  ${options.join(',\n  ')}\n)`;
}

function createTrigger(lookup: CatalogLookup, object: CatalogObject<'trigger' | 'rule'>): string[] {
  const { kind, own, parts } = object;
  const alter = `ALTER TABLE ${ownerName(lookup, object)}`;
  return [
    ...(parts.definition === undefined ? [] : [parts.definition]),
    ...(parts.enabled ? [`${alter} ${FIRING[parts.enabled]} ${kind.toUpperCase()} ${own}`] : []),
  ];
}

function createPolicy({ own, parts }: CatalogObject<'policy'>, table: string): string {
  return words(
    `CREATE POLICY ${own} ON ${table}`,
    parts.restrictive && 'AS RESTRICTIVE',
    `FOR ${parts.command} TO ${parts.roles.join(', ')}`,
    parts.using && `USING (${parts.using})`,
    parts.check && `WITH CHECK (${parts.check})`,
  );
}

function createEventTrigger({ name, parts }: CatalogObject<'event trigger'>): string[] {
  const { event, tags, function: called, enabled } = parts;
  return [
    words(
      `CREATE EVENT TRIGGER ${name} ON ${event}`,
      tags && `WHEN TAG IN (${listed(tags.map(literal))})`,
      `EXECUTE FUNCTION ${called}()`,
    ),
    ...(enabled ? [`ALTER EVENT TRIGGER ${name} ${FIRING[enabled]}`] : []),
  ];
}

export function attribute({
  name,
  type,
  collation,
}: PartsOf['composite type']['attributes'][number]): string {
  return words(name, type, collation && `COLLATE ${collation}`);
}

/** One after the other: a long list one to a line. */
function listed(items: readonly string[]): string {
  const line = items.join(', ');
  return line.length < 60 ? line : `\n  ${items.join(',\n  ')}\n`;
}
