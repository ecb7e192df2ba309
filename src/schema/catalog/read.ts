import { type ClientBase, type QueryResult } from 'pg';
import { rememberName } from '../../printable.js';
import { assembleCatalog, type CatalogRows } from './assemble.js';
import { type Catalog } from './model.js';
import { CONSTRAINTS, INDEXES, STATISTICS } from './queries/constraints.js';
import { ALIASES, DEPENDENCIES } from './queries/dependencies.js';
import { hidden, type HistoryTableNames, knowingHidden } from './queries/hidden.js';
import { NOT_DESCRIBED } from './queries/not-described.js';
import {
  COMMENTS,
  DEFAULT_PRIVILEGES,
  GIVEN_PRIVILEGES,
  PRIVILEGES,
} from './queries/privileges.js';
import { publications } from './queries/publications.js';
import { COLUMNS, SEQUENCES, TABLES, VIEWS } from './queries/relations.js';
import { type ObjectRow } from './queries/row.js';
import { AGGREGATES, ROUTINES } from './queries/routines.js';
import { RENDERING_SETTINGS } from './settings.js';
import { EVENT_TRIGGERS, POLICIES, RULES, TRIGGERS } from './queries/triggers.js';
import { COMPOSITE_TYPES, DOMAINS, ENUMS, EXTENSIONS, RANGES, SCHEMAS } from './queries/types.js';

/** What reading a catalog may be told. */
export interface CatalogOptions {
  /** The tables of the migrations' own history, which are left out. */
  history: HistoryTableNames;
  /** A transaction is open: read what it sees, and leave it and its settings as they are. */
  inTransaction?: boolean;
}

/**
 * Reads everything that the connected database holds besides its data and the history of its
 * migrations. Two databases that were built alike give the same catalog, whatever their OIDs,
 * their dropped columns and the settings of the session.
 *
 * Only the system catalogs are read, which every role may do, in one read-only transaction and one
 * round trip (and one before it, for the server's version).
 */
export async function readCatalog(client: ClientBase, options: CatalogOptions): Promise<Catalog> {
  const { rows } = await client.query<{ version: number }>(
    "select current_setting('server_version_num')::int / 10000 as version",
  );
  const postgres = rows[0]?.version ?? 0;
  const queries = queriesFor(postgres, options.history);
  const found = await readRows(client, queries, options.inTransaction ?? false);
  const catalog = assembleCatalog(postgres, found);
  for (const { name } of [...catalog.objects, ...catalog.notDescribed]) {
    // Each identifier also stands alone, as a column does in its table's statements.
    for (const [identifier] of name.matchAll(/"(?:[^"]|"")*"/g)) rememberName(identifier);
    rememberName(name);
  }
  return catalog;
}

type Queries = Record<Exclude<keyof CatalogRows, 'objects'>, string> & { objects: string[] };

/** Objects that belong to others come after those. */
function queriesFor(postgres: number, history: HistoryTableNames): Queries {
  const knowing = (query: string): string => knowingHidden(history, query);
  return {
    objects: [
      ...[SCHEMAS, EXTENSIONS, ENUMS, COMPOSITE_TYPES, DOMAINS, RANGES, SEQUENCES, TABLES, VIEWS],
      ...[ROUTINES, AGGREGATES, knowing(publications(postgres)), EVENT_TRIGGERS],
      ...[COLUMNS, CONSTRAINTS, INDEXES, STATISTICS, TRIGGERS, RULES, POLICIES],
    ],
    hidden: hidden(history),
    privileges: PRIVILEGES,
    givenPrivileges: GIVEN_PRIVILEGES,
    defaultPrivileges: knowing(DEFAULT_PRIVILEGES),
    comments: COMMENTS,
    aliases: ALIASES,
    dependencies: DEPENDENCIES,
    notDescribed: NOT_DESCRIBED,
  };
}

/** How the reading begins, and ends without a trace in the session. */
const BRACKETS = {
  transaction: ['begin isolation level repeatable read, read only', 'commit', 'rollback'],
  savepoint: [
    'savepoint knexward_catalog',
    'rollback to savepoint knexward_catalog; release savepoint knexward_catalog',
    'rollback to savepoint knexward_catalog',
  ],
} as const;

async function readRows(
  client: ClientBase,
  { objects, ...rest }: Queries,
  inTransaction: boolean,
): Promise<CatalogRows> {
  const [begin, end, undo] = BRACKETS[inTransaction ? 'savepoint' : 'transaction'];
  const settings = Object.entries({ ...RENDERING_SETTINGS, jit: 'off' }).map(
    ([name, value]) => `set local ${name} = '${value}'`,
  );
  const statements = [begin, ...settings, ...objects, ...Object.values(rest), end];
  let results: QueryResult[];
  try {
    results = (await client.query(statements.join(';\n'))) as unknown as QueryResult[];
  } catch (error) {
    await client.query(undo).catch(() => undefined);
    throw error;
  }
  const selected = results.filter(({ command }) => command === 'SELECT');
  const rows = (index: number): never[] => (selected[index]?.rows ?? []) as never[];
  return {
    objects: objects.flatMap((_, index) => rows(index) as ObjectRow[]),
    ...(Object.fromEntries(
      Object.keys(rest).map((name, index) => [name, rows(objects.length + index)]),
    ) as unknown as Omit<CatalogRows, 'objects'>),
  };
}
