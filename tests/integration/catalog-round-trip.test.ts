import { type Client } from 'pg';
import { type Catalog, idOf, OBJECT_KINDS } from '../../src/schema/catalog/model.js';
import { compareCatalogs } from '../../src/schema/compare.js';
import { renderSchemaFile } from '../../src/schema/sql/render.js';
import { parseSnapshot, renderSnapshot } from '../../src/snapshot/file.js';
import * as judge from '../support/catalog.js';
import {
  catalogOf,
  clientOf,
  inPlainWords,
  majorOf,
  makeCornerCases,
} from '../support/corner-cases.js';
import { createDatabase, type TestDatabase } from '../support/database.js';

const judged = async (client: Client): Promise<string[]> =>
  (await judge.readCatalog((sql, params) => client.query(sql, params))).map(inPlainWords).sort();

/** What the schema file sets for itself, among others. */
const SETTINGS = `select current_setting('search_path'), current_setting('TimeZone'),
  current_setting('DateStyle'), current_setting('check_function_bodies')`;
const settingsOf = async (client: Client): Promise<unknown[]> =>
  (await client.query<Record<string, unknown>>(SETTINGS)).rows;

describe('corner cases of PostgreSQL: snapshot → SQL file → empty database → snapshot (US8)', () => {
  let original: TestDatabase;
  let copy: TestDatabase;
  let client: Client;
  let second: Client;
  let catalog: Catalog;
  let sql: string;
  let settings: unknown[];

  beforeAll(async () => {
    [original, copy] = [await createDatabase(), await createDatabase()];
    [client, second] = [await clientOf(original), await clientOf(copy)];
    await makeCornerCases(client);
    catalog = await catalogOf(client);
    sql = renderSchemaFile(catalog);
    settings = await settingsOf(second);
    // One text, sent as it is: the server alone makes of it what it says.
    await second.query(sql);
  });
  afterAll(async () => {
    await Promise.all([client.end(), second.end()]);
    await Promise.all([original.drop(), copy.drop()]);
  });

  it('holds every kind of object, and nothing that is not described', () => {
    expect(new Set(catalog.objects.map(({ kind }) => kind))).toEqual(new Set(OBJECT_KINDS));
    expect(catalog.notDescribed).toEqual([]);
  });

  it('the copy gives the same snapshot and the same SQL file, to the byte', async () => {
    const again = await catalogOf(second);
    expect(compareCatalogs(catalog, again)).toEqual([]);
    expect(renderSnapshot(again)).toBe(renderSnapshot(catalog));
    expect(renderSchemaFile(again)).toBe(sql);
  });

  it('a judge that shares no code with it finds both databases alike', async () => {
    const differences = judge.compareCatalogs(await judged(client), await judged(second));
    expect(differences.filter((line) => !isNotToBeMadeAgain(line))).toEqual([]);
  });

  it('leaves the settings of the session as they were', async () => {
    expect(await settingsOf(second)).toEqual(settings);
  });

  it('says the same whatever the session that reads is set to', async () => {
    await client.query(`set search_path = app, public; set TimeZone = 'Asia/Tokyo';
      set DateStyle = 'German'; set IntervalStyle = 'iso_8601'; set extra_float_digits = -5;
      set bytea_output = 'escape'; set quote_all_identifiers = on`);
    const again = await catalogOf(client);
    await client.query('reset all');
    expect(renderSnapshot(again)).toBe(renderSnapshot(catalog));
  });

  it('leaves the session that reads as it was, and its transaction closed', async () => {
    await client.query("set search_path = app; set TimeZone = 'Asia/Tokyo'");
    await catalogOf(client);
    const { rows } = await client.query(
      `select current_setting('search_path') as path, current_setting('TimeZone') as zone,
         current_setting('transaction_read_only') as read_only`,
    );
    await client.query('reset all');
    expect(rows).toEqual([{ path: 'app', zone: 'Asia/Tokyo', read_only: 'off' }]);
  });

  it('a snapshot read from its file is the catalog it was made of', () => {
    const read = parseSnapshot(renderSnapshot(catalog), 'a.json');
    expect(compareCatalogs(catalog, read)).toEqual([]);
    expect(renderSnapshot(read)).toBe(renderSnapshot(catalog));
  });

  it('an object is listed after what it belongs to', () => {
    const seen = new Set<string | null>([null]);
    for (const object of catalog.objects) {
      expect(seen.has(object.parent)).toBe(true);
      seen.add(idOf(object));
    }
  });

  it('does not come down to what the server says of objects of its own', async () => {
    const empty = await createDatabase();
    const third = await clientOf(empty);
    const { objects } = await catalogOf(third);
    const major = await majorOf(third);
    await third.end();
    await empty.drop();
    expect(objects.map(idOf)).toEqual(['schema public', 'privileges PUBLIC on schema public']);
    expect(objects[1]?.parts).toEqual({ granted: major < 15 ? ['CREATE', 'USAGE'] : ['USAGE'] });
  });
});

/**
 * What no statement makes again: the place of columns that a parent got later, which stand after
 * a child's own; and that a partition had been told not null before its parent was.
 */
function isNotToBeMadeAgain(line: string): boolean {
  return (
    /^[-+] column order of app\.(child|mixed|grandchild|late_child):/.test(line) ||
    /^[-+] constraint events_region_not_null on app\.events_2024_eu:/.test(line)
  );
}
