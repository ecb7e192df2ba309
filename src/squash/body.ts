import { CatalogLookup } from '../schema/catalog/lookup.js';
import { type Catalog, type CatalogObject, idOf } from '../schema/catalog/model.js';
import { RENDERING_SETTINGS } from '../schema/catalog/settings.js';
import { isDeepStrictEqual } from 'node:util';
import { searchPathText } from '../database/search-path.js';
import { breakCycles } from '../schema/sql/order.js';
import { entriesOf, type Entry } from '../schema/sql/entries.js';
import { priorityOf, statementsAbout } from '../schema/sql/priority.js';
import { endStatement, literal } from '../schema/sql/text.js';
import { type Data } from './data.js';
import { type Verdicts } from './defaults.js';
import { differs, type ReplayedTable } from './replayed-rows.js';

/** What a baseline is rendered from. */
export interface Content {
  /** Of the replay. */
  catalog: Catalog;
  /** Of an empty database, before anything: what is there already is not made. */
  initial: Catalog;
  tables: readonly ReplayedTable[];
  sequences: Data['sequences'];
  leftToDefault: Verdicts['leftToDefault'];
  /** In which the migrations have worked: routines that are called meanwhile look there too. */
  searchPath: readonly string[] | null;
}

/**
 * What the constants are read by, as far as they do not say it themselves; and no more than that:
 * the time zone, for one, is what defaults are computed in, and the session's own is a replay's too.
 */
const SETTINGS = {
  IntervalStyle: RENDERING_SETTINGS['IntervalStyle'] ?? '',
  lc_monetary: RENDERING_SETTINGS['lc_monetary'] ?? '',
  standard_conforming_strings: 'on',
  check_function_bodies: 'off',
  client_min_messages: 'warning',
};

/** A baseline's SQL: all that is in the database after the replay and was not before it. */
export function renderBody(content: Content): string {
  const { catalog, searchPath } = content;
  const made = { ...catalog, objects: madeObjects(content) };
  const lookup = new CatalogLookup(made);
  const options = {
    existing: new Set(['public', ...schemasOf(content.initial)]),
    ifNotExists: true,
  };
  // Elsewhere a table has it all at once, so that those that inherit from it have it from the start.
  const filled = new Set(
    content.tables
      .filter(({ rows }) => rows.length > 0)
      .map(({ table: { name } }) => idOf({ kind: 'table', name })),
  );
  const data = content.tables.flatMap((table) => dataEntry(table, content));
  const entries = breakCycles((split) => [
    ...entriesOf(lookup, split, options).flatMap((entry) =>
      filled.has(entry.id) ? bySection(entry) : [entry],
    ),
    ...data,
    ...sequenceEntry(content),
  ]);
  const path = searchPath === null ? undefined : searchPathText(searchPath);
  const settings = Object.entries(SETTINGS).map(
    ([name, value]) => `SET LOCAL ${name} = ${literal(value)};`,
  );
  const blocks = [
    [...settings, ...(path === undefined ? [] : [`SET LOCAL search_path = ${path};`])].join('\n'),
    ...publicSchema(content),
    ...entries.map(({ statements }) => statements.map(({ sql }) => endStatement(sql)).join('\n')),
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

/** What is as it was in the empty database is left alone, as a replay leaves it. */
function madeObjects({ catalog, initial }: Content): CatalogObject[] {
  const before = new Map(initial.objects.map((object) => [idOf(object), object]));
  const revoked = revokesFromPublic({ catalog, initial });
  return catalog.objects.filter((object) => {
    const old = before.get(idOf(object));
    if (object.kind === 'privileges' && object.parent === 'schema public' && revoked) return true;
    // What is said of a schema that was there is said where the schema is known.
    if (object.kind === 'schema') return true;
    return !old || !isDeepStrictEqual(old.parts, object.parts);
  });
}

/** Whether the migrations have changed who may do what in the schema that is there from the start. */
function revokesFromPublic({ catalog, initial }: Pick<Content, 'catalog' | 'initial'>): boolean {
  const rights = ({ objects }: Catalog): unknown[] =>
    objects
      .filter(({ kind, parent }) => kind === 'privileges' && parent === 'schema public')
      .map(({ own, parts }) => [own, parts]);
  return !isDeepStrictEqual(rights(catalog), rights(initial));
}

function publicSchema({ catalog, initial }: Content): string[] {
  const has = ({ objects }: Catalog): boolean =>
    objects.some((each) => idOf(each) === 'schema public');
  if (has(initial) && !has(catalog)) return ['DROP SCHEMA public;'];
  return revokesFromPublic({ catalog, initial })
    ? ['REVOKE ALL ON SCHEMA public FROM PUBLIC;']
    : [];
}

function schemasOf({ objects }: Catalog): string[] {
  return objects.flatMap(({ kind, name }) => (kind === 'schema' ? [name] : []));
}

/** What has to wait for the rows, though the rest of its entry need not, by itself. */
function bySection(entry: Entry): Entry[] {
  const late = entry.statements.filter(({ section }) => section === 'post-data');
  if (late.length === 0 || late.length === entry.statements.length) return [entry];
  return [
    { ...entry, statements: entry.statements.filter((one) => !late.includes(one)) },
    {
      id: `post-data of ${entry.id}`,
      priority: priorityOf('check of new rows'),
      dependencies: new Set([entry.id]),
      statements: late,
    },
  ];
}

/** So many rows in one statement: each statement is parsed as a whole. */
const ROWS = 500;

function dataEntry(replayed: ReplayedTable, { leftToDefault }: Content): Entry[] {
  const { table, rows } = replayed;
  if (rows.length === 0) return [];
  const { name, columns } = table;
  const anew = columns.map((column) => leftToDefault.includes(`${name}.${column.name}`));
  const value = (given: string, at: number): string =>
    anew[at] && differs(replayed, at, given) ? 'DEFAULT' : withoutReturns(given);
  const overriding = columns.some(({ identity }) => identity) ? ' OVERRIDING SYSTEM VALUE' : '';
  const head = `INSERT INTO ${name} (${columns.map((column) => column.name).join(', ')})${overriding} VALUES`;
  const statements: string[] = [];
  if (columns.length === 0) {
    statements.push(...rows.map(() => `INSERT INTO ${name} DEFAULT VALUES`));
  }
  for (let from = 0; columns.length > 0 && from < rows.length; from += ROWS) {
    const part = rows.slice(from, from + ROWS);
    statements.push(
      `${head}\n${part.map((row) => `  (${row.map(value).join(', ')})`).join(',\n')}`,
    );
  }
  const id = idOf({ kind: 'table', name });
  const priority = priorityOf('table data');
  return [
    {
      ...{ id: `data of ${id}`, priority, dependencies: new Set([id]) },
      statements: statementsAbout(id, priority, statements),
    },
  ];
}

/** A line end of Windows' would not outlive version control. */
function withoutReturns(constant: string): string {
  if (!constant.includes('\r')) return constant;
  const escaped = constant.startsWith('E') ? constant : `E${constant}`;
  return escaped.replaceAll('\r', '\\r');
}

function sequenceEntry({ sequences, catalog }: Content): Entry[] {
  const starts = new Map(
    catalog.objects.flatMap((object) =>
      object.kind === 'sequence' ? [[object.name, object.parts]] : [],
    ),
  );
  const moved = sequences.filter(
    ({ name, value, called }) => called || value !== startOf(starts.get(name)),
  );
  if (moved.length === 0) return [];
  const priority = priorityOf('sequence value');
  const statements = moved.flatMap(({ name, value, called }) =>
    statementsAbout(idOf({ kind: 'sequence', name }), priority, [
      `SELECT pg_catalog.setval(${literal(name)}, ${value}, ${called})`,
    ]),
  );
  const dependencies = new Set(
    moved.flatMap(({ name }) => {
      const owner = starts.get(name)?.ownedBy;
      const table = owner === undefined ? [] : tableOf(catalog, owner);
      return [idOf({ kind: 'sequence', name }), ...table];
    }),
  );
  return [{ id: 'sequences', priority, dependencies, statements }];
}

/** The sequence of an identity column is made with its table. */
function tableOf({ objects }: Catalog, column: string): string[] {
  const owner = objects.find(({ kind, name }) => kind === 'column' && name === column);
  return owner?.parent == null ? [] : [owner.parent];
}

function startOf(parts: CatalogObject<'sequence'>['parts'] | undefined): string | undefined {
  const { start, increment, min, max } = parts ?? {};
  return start ?? (Number(increment ?? '1') > 0 ? (min ?? '1') : (max ?? '-1'));
}
