import { Client, type DatabaseError } from 'pg';
import { findFixes } from '../../../src/repair/fixes.js';
import { type Catalog } from '../../../src/schema/catalog/model.js';
import { readCatalog } from '../../../src/schema/catalog/read.js';
import { compareCatalogs, type Difference } from '../../../src/schema/compare.js';
import { renderSchemaFile } from '../../../src/schema/sql/render.js';
import { parseSnapshot, renderSnapshot } from '../../../src/snapshot/file.js';
import { splitStatements } from '../../../src/sql/split.js';
import { renderBody } from '../../../src/squash/body.js';
import { compareData } from '../../../src/squash/compare-data.js';
import { readData } from '../../../src/squash/data.js';
import { compareReplays } from '../../../src/squash/replayed-rows.js';
import { HISTORY } from '../../support/corner-cases.js';
import { type TestDatabase } from '../../support/database.js';
import { type Step, take } from './draw';
import { leaveOut } from './leave-out';
import { compareDumps, dumpSchema } from '../../support/pg-dump';
import { World } from './world';

export type Trip =
  'snapshot' | 'baseline' | 'fix script' | 'fix script back' | 'fix script from a file';

/** What is not as it was after a trip. */
export interface Finding {
  trip: Trip;
  /** Who says so. */
  judge: 'server' | 'catalog' | 'pg_dump';
  what: string;
}

export interface Outcome {
  findings: Finding[];
  statements: { both: string[]; before: string[]; after: string[] };
  /** Statements for which a fix script has a comment in their place. */
  cannot: number;
}

/** Makes a database: an empty one, or a copy. */
export type MakeDatabase = (copyOf?: string) => Promise<TestDatabase>;

/**
 * Makes two schemas of the steps, sends them on each trip, and tells what is lost.
 *
 * @param only the trip and the judge that are asked for: the others take time
 */
export async function travel(
  steps: readonly Step[],
  makeDatabase: MakeDatabase,
  only?: Pick<Finding, 'trip' | 'judge'>,
): Promise<Outcome> {
  const databases: TestDatabase[] = [];
  const clients: Client[] = [];
  const make: MakeDatabase = async (copyOf) => {
    const database = await makeDatabase(copyOf);
    databases.push(database);
    return database;
  };
  const open = async ({ config }: TestDatabase): Promise<Client> => {
    const client = new Client(config);
    client.on('error', () => undefined);
    await client.connect();
    clients.push(client);
    return client;
  };
  try {
    const world = new World();
    const before = await make();
    const base = await open(before);
    const both = await take(
      base,
      world,
      steps.filter((step) => step.in === 'both'),
    );
    await base.end();
    const after = await make(before.name);
    const [one, other] = [await open(before), await open(after)];
    const statements = {
      both,
      before: await take(
        one,
        world.copy(),
        steps.filter((step) => step.in === 'before'),
      ),
      after: await take(
        other,
        world.copy(),
        steps.filter((step) => step.in === 'after'),
      ),
    };
    for (const client of [one, other]) await leaveOut(client);
    const findings: Finding[] = [];
    const usesDump = only === undefined || only.judge === 'pg_dump';
    const original = {
      database: after,
      client: other,
      catalog: await read(other),
      dump: usesDump ? await dumpSchema(after.config) : null,
    };
    for (const [trip, go] of [
      ['snapshot', bySnapshot],
      ['baseline', byBaseline],
    ] as const) {
      if (only && only.trip !== trip) continue;
      const database = await make();
      findings.push(...(await go(original, database, await open(database))));
    }
    if (only && !only.trip.startsWith('fix')) return { findings, statements, cannot: 0 };
    const { findings: more, cannot } = await byFixScript(original, before, one);
    return { findings: [...findings, ...more], statements, cannot };
  } finally {
    await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
    await Promise.all(databases.map((database) => database.drop()));
  }
}

export interface Original {
  database: TestDatabase;
  client: Client;
  catalog: Catalog;
  /** `null` where pg_dump is not asked. */
  dump: string[] | null;
}

export const read = (client: Client, inTransaction = false): Promise<Catalog> =>
  readCatalog(client, { history: HISTORY, inTransaction });

export async function bySnapshot(
  original: Original,
  database: TestDatabase,
  client: Client,
): Promise<Finding[]> {
  const refused = await runAll(
    client,
    splitStatements(renderSchemaFile(original.catalog)).map(({ sql }) => sql),
  );
  return refused === null
    ? judge('snapshot', original, database, client)
    : [{ trip: 'snapshot', judge: 'server', what: refused }];
}

export async function byBaseline(
  original: Original,
  database: TestDatabase,
  client: Client,
): Promise<Finding[]> {
  const { catalog } = original;
  const data = await readData(original.client, catalog);
  const body = renderBody({
    ...{
      catalog,
      initial: await read(client),
      tables: compareReplays(data, data),
      searchPath: null,
    },
    ...{ sequences: data.sequences, leftToDefault: [] },
  });
  const statements = splitStatements(body).map(({ sql }) => sql);
  const refused = await runAll(client, ['begin', ...statements, 'commit']);
  if (refused !== null) return [{ trip: 'baseline', judge: 'server', what: refused }];
  const differences = compareData(data, await readData(client, catalog), new Set());
  return [
    ...differences.map((one): Finding => ({
      trip: 'baseline',
      judge: 'catalog',
      what: inShort(one),
    })),
    ...(await judge('baseline', original, database, client)),
  ];
}

export async function byFixScript(
  original: Original,
  before: TestDatabase,
  client: Client,
): Promise<{ findings: Finding[]; cannot: number }> {
  const { catalog } = original;
  const actual = await read(client);
  const file = parseSnapshot(renderSnapshot(catalog), 'schema.snapshot.json');
  const findings: Finding[] = [];
  findings.push(...(await within(client, 'fix script from a file', file, actual)));
  findings.push(...(await within(original.client, 'fix script back', actual, catalog)));
  const { script } = findFixes(catalog, actual, compareCatalogs(catalog, actual));
  const cannot = script.filter((statement) => statement.startsWith('--')).length;
  const refused = await runAll(client, script);
  if (isOfTheRows(refused) || (cannot > 0 && isConsequence(refused))) return { findings, cannot };
  if (refused !== null) findings.push({ trip: 'fix script', judge: 'server', what: refused });
  else if (cannot === 0) findings.push(...(await judge('fix script', original, before, client)));
  return { findings, cannot };
}

/** Carries a script out and takes it back. */
async function within(
  client: Client,
  trip: Trip,
  expected: Catalog,
  actual: Catalog,
): Promise<Finding[]> {
  const { script } = findFixes(expected, actual, compareCatalogs(expected, actual));
  const cannot = script.some((statement) => statement.startsWith('--'));
  await client.query('begin');
  const refused = await runAll(client, script);
  const left =
    refused === null && !cannot ? compareCatalogs(expected, await read(client, true)) : [];
  await client.query('rollback');
  // A new label can be used once it is committed.
  if (refused?.startsWith('55P04 ') || isOfTheRows(refused)) return [];
  if (cannot && isConsequence(refused)) return [];
  if (refused !== null) return [{ trip, judge: 'server', what: refused }];
  return left.map((one) => ({ trip, judge: 'catalog', what: inShort(one) }));
}

/**
 * Rows that came without an index or a check may have what it does not allow; nor can an index be
 * made over rows if its function has come to read the table itself.
 */
function isOfTheRows(refused: string | null): boolean {
  return /^(XX001|23505|23514 check constraint .* is violated by some row) /.test(refused ?? '');
}

/** A script says what it cannot do; what is made of that is refused, because it is not there. */
function isConsequence(refused: string | null): boolean {
  return /^(42703|42704|42846|42P01|42883) /.test(refused ?? '');
}

async function judge(
  trip: Trip,
  original: Original,
  database: TestDatabase,
  client: Client,
): Promise<Finding[]> {
  const differences = compareCatalogs(original.catalog, await read(client));
  const { dump } = original;
  const entries = dump ? compareDumps(dump, await dumpSchema(database.config)) : [];
  return [
    ...differences.map((one): Finding => ({ trip, judge: 'catalog', what: inShort(one) })),
    ...entries.map((what): Finding => ({ trip, judge: 'pg_dump', what })),
  ];
}

/** `null` where the server takes all of it, else what it says, and of which statement. */
async function runAll(client: Client, statements: readonly string[]): Promise<string | null> {
  for (const statement of statements) {
    try {
      await client.query(statement);
    } catch (error) {
      const { code, message, detail = '' } = error as DatabaseError;
      if (code === undefined) throw error;
      return `${code} ${message} ${detail}, in: ${statement}`;
    }
  }
  return null;
}

function inShort({ kind, object, expected, actual }: Difference): string {
  return `${kind} ${object}: ${JSON.stringify(expected)} → ${JSON.stringify(actual)}`;
}
