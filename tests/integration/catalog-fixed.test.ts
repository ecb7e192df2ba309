import { type Client } from 'pg';
import { type Catalog } from '../../src/schema/catalog/model.js';
import { compareCatalogs } from '../../src/schema/compare.js';
import { findFixes } from '../../src/repair/fixes.js';
import { catalogOf, clientOf, majorOf } from '../support/corner-cases.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { PLANTED, SCHEMA, SINCE } from '../support/planted-changes.js';
import { sampleOf } from '../support/sizes.js';

let database: TestDatabase;
let client: Client;
let major: number;
let before: Catalog;

/** What is there after a change, which is rolled back when `then` is through with it. */
async function after<T>(sql: string, then: () => Promise<T>): Promise<T> {
  await client.query('begin');
  try {
    if (sql !== '') await client.query(sql);
    return await then();
  } finally {
    await client.query('rollback');
  }
}

const read = (): Promise<Catalog> => catalogOf(client, { inTransaction: true });

/** Carries out the fix of each difference, under a search path that leads nowhere, and compares again. */
async function fixedTo(expected: Catalog, actual: Catalog): Promise<unknown> {
  const { differences } = findFixes(expected, actual, compareCatalogs(expected, actual));
  const statements = differences.flatMap((difference) => difference.fix);
  await client.query("set local search_path = ''");
  for (const statement of statements) {
    await client.query(statement).catch((error: Error) => {
      throw new Error(`${error.message}: ${statements.join(';\n')}`);
    });
  }
  return { statements, left: compareCatalogs(expected, await read()) };
}

beforeAll(async () => {
  database = await createDatabase();
  client = await clientOf(database);
  await client.query(SCHEMA);
  major = await majorOf(client);
  before = await catalogOf(client);
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

const planted = sampleOf('plantedChanges', [
  ...PLANTED.filter(([, expected]) => expected !== '').map((one) => [14, ...one] as const),
  ...SINCE,
]);

/** What no statement does: the fix says so, in a comment. */
const NO_STATEMENT = /drop note, add note|drop expression/;
const NO_STATEMENT_TO_MAKE =
  /drop note, add note|^update pg_index|disable trigger all|^create (operator|collation|foreign data wrapper|text search)/;

const SAYS_WHY = {
  statements: expect.arrayContaining([expect.stringMatching(/^-- /)]) as string[],
  left: [expect.anything()],
};

describe('the fix of a planted change, carried out, brings the database back in sync (FR-015)', () => {
  it.each(planted)('since %d: %s', async (since, sql) => {
    if (major < since) return;
    const result = await after(sql, async () => fixedTo(before, await read()));
    expect(result).toMatchObject(NO_STATEMENT.test(sql) ? SAYS_WHY : { left: [] });
  });
});

describe('the other way round: where the planted change is what is expected, the fix makes it (FR-015)', () => {
  it.each(planted)('since %d: %s', async (since, sql) => {
    if (major < since) return;
    const expected = await after(sql, read);
    const result = await after('', () => fixedTo(expected, before));
    expect(result).toMatchObject(NO_STATEMENT_TO_MAKE.test(sql) ? SAYS_WHY : { left: [] });
  });
});
