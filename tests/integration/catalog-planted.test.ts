import { type Client } from 'pg';
import { type Catalog } from '../../src/schema/catalog/model.js';
import { compareCatalogs } from '../../src/schema/compare.js';
import { catalogOf, clientOf, majorOf } from '../support/corner-cases.js';
import { differenceInShort, PLANTED, SCHEMA, SINCE } from '../support/planted-changes.js';
import { createDatabase, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
let client: Client;
let major: number;
let before: Catalog;

/** Reads the catalog after a change that is then rolled back. */
async function differencesAfter(sql: string): Promise<string[]> {
  await client.query('begin');
  try {
    await client.query(sql);
    return compareCatalogs(before, await catalogOf(client, { inTransaction: true })).map(
      differenceInShort,
    );
  } finally {
    await client.query('rollback');
  }
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

describe('one change in the database is one difference in the catalog (FR-015)', () => {
  it.each(PLANTED)('%s', async (sql, expected) => {
    expect(await differencesAfter(sql)).toEqual(expected === '' ? [] : [expected]);
  });

  it.each(SINCE)('since PostgreSQL %d: %s', async (version, sql, expected) => {
    if (major < version) return expect(differencesAfter(sql)).rejects.toThrow();
    expect(await differencesAfter(sql)).toEqual([expected]);
  });

  it('none where the order of columns does not matter', async () => {
    await client.query('begin');
    await client.query('alter table app.rooms drop note, add note varchar(80)');
    const after = await catalogOf(client, { inTransaction: true });
    await client.query('rollback');
    expect(compareCatalogs(before, after, { ignoreColumnOrder: true })).toEqual([]);
    expect(compareCatalogs(before, after)).toMatchObject([
      {
        expected: {
          columnOrder: ['id', 'code', 'title', 'state', 'title_length', 'note', 'extra'],
        },
        actual: { columnOrder: ['id', 'code', 'title', 'state', 'title_length', 'extra', 'note'] },
      },
    ]);
  });

  it('says what was expected and what is there', async () => {
    await client.query('begin');
    await client.query(
      "alter table app.rooms alter note type varchar(90), alter note set default 'x'",
    );
    const after = await catalogOf(client, { inTransaction: true });
    await client.query('rollback');
    expect(compareCatalogs(before, after)).toEqual([
      {
        kind: 'column',
        object: 'app.rooms.note',
        expected: { type: 'character varying(80)', default: null },
        actual: { type: 'character varying(90)', default: "'x'::character varying" },
      },
    ]);
  });

  it('and none again once every change has been rolled back', async () => {
    expect(compareCatalogs(before, await catalogOf(client))).toEqual([]);
  });
});
