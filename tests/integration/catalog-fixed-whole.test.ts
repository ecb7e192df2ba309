import { type Client } from 'pg';
import { type Catalog } from '../../src/schema/catalog/model.js';
import { compareCatalogs } from '../../src/schema/compare.js';
import { findFixes } from '../../src/repair/fixes.js';
import { parseSnapshot, renderSnapshot } from '../../src/snapshot/file.js';
import { catalogOf, clientOf, makeCornerCases } from '../support/corner-cases.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { differenceInShort, SCHEMA } from '../support/planted-changes.js';

/** Of the schema that the tables of the history, which are not described, are in. */
const WITHOUT_HISTORY = 'drop table app.knex_migrations, app.migrations;';

/** Some of everything, with what depends on it, changed in one go. */
const MANY = `
  create type app.mood as enum ('a', 'b');
  create table app.people (id serial primary key, mood app.mood default 'a', moods app.mood[], name varchar(40),
    born text, code app.code, constraint calm check (mood <> 'b'));
  create index people_mood on app.people (name) where mood = 'a';
  create view app.named as select id, name, mood from app.people;
  create view app.of_named as select name from app.named where mood = 'a';
  create function app.moods(m app.mood) returns int language sql as 'select 1';
  create trigger on_name before update on app.people for each row when (new.name = 'x') execute function app.touch();
  create policy on_name on app.people using (name = current_user);
  grant select on app.named to pg_monitor;
  comment on view app.named is 'named';`;

describe('the whole script, carried out, brings a database in sync (FR-015)', () => {
  let database: TestDatabase;
  let client: Client;

  beforeEach(async () => {
    database = await createDatabase();
    client = await clientOf(database);
  });
  afterEach(async () => {
    await client.end();
    await database.drop();
  });

  /** Makes of the database what is expected, and tells what is left. */
  async function bring(expected: Catalog): Promise<string[]> {
    const actual = await catalogOf(client);
    const { script } = findFixes(expected, actual, compareCatalogs(expected, actual));
    for (const statement of script) {
      await client.query(statement).catch((error: Error) => {
        throw new Error(`${error.message}, in: ${statement}\n\n${script.join(';\n')}`);
      });
    }
    return compareCatalogs(expected, await catalogOf(client)).map(differenceInShort);
  }

  it('from nothing to a schema with something of every kind, and back to nothing', async () => {
    const empty = await catalogOf(client);
    await client.query(SCHEMA + WITHOUT_HISTORY);
    const full = await catalogOf(client);
    expect(await bring(empty)).toEqual([]);
    expect(await bring(full)).toEqual([]);
  });

  it('the same where what is expected comes from a file, which does not say what needs what', async () => {
    const empty = await catalogOf(client);
    await client.query(SCHEMA + WITHOUT_HISTORY + MANY);
    const file = renderSnapshot(await catalogOf(client));
    expect(await bring(parseSnapshot(renderSnapshot(empty), 'empty.json'))).toEqual([]);
    expect(await bring(parseSnapshot(file, 'full.json'))).toEqual([]);
  });

  it('the corner cases of PostgreSQL, to nothing and back', async () => {
    const empty = await catalogOf(client);
    await makeCornerCases(client);
    const full = await catalogOf(client);
    expect(await bring(empty)).toEqual([]);
    expect(await bring(full)).toEqual([]);
  });

  it.each([
    [
      'the type of a column that views, a trigger and a policy read',
      'alter table app.people alter name type text',
    ],
    [
      'a label that an enum is not to have, in a column, an array, a default, a check, an index',
      "alter type app.mood add value 'c'",
    ],
    ["a domain's type", 'DOMAIN'],
    [
      'a view that another needs',
      'create or replace view app.named as select id, name, mood, born from app.people',
    ],
    [
      'a column that was made a number by hand',
      'alter table app.people alter born type int using born::int',
    ],
  ])('%s', async (_, sql) => {
    await client.query(SCHEMA + MANY);
    const expected = await catalogOf(client);
    const readers = `drop view app.of_named, app.named; drop trigger on_name on app.people; drop policy on_name on app.people;`;
    const again = MANY.slice(MANY.indexOf('create view app.named'));
    if (sql.includes('name type')) {
      const parts = again.split(';').filter((one) => !one.includes('create function'));
      await client.query(readers + sql + ';' + parts.join(';'));
    } else if (sql === 'DOMAIN') {
      await client.query(`alter table app.rooms alter code type text; alter table app.people alter code type text;
        drop domain app.code; create domain app.code as varchar(20) constraint code_shape check (value ~ '^[A-Z]+$');
        alter table app.rooms alter code type app.code; alter table app.people alter code type app.code`);
    } else await client.query(sql);
    await client.query(
      "insert into app.people (name, mood, moods, born) values ('ann', 'a', '{a,b}', '7')",
    );
    expect(compareCatalogs(expected, await catalogOf(client))).not.toEqual([]);
    expect(await bring(expected)).toEqual([]);
    const { rows } = await client.query('select name, mood, moods::text, born from app.people');
    expect(rows).toEqual([{ name: 'ann', mood: 'a', moods: '{a,b}', born: '7' }]);
  });
});
