import { type Client } from 'pg';
import { findFixes } from '../../src/repair/fixes.js';
import { compareCatalogs } from '../../src/schema/compare.js';
import { catalogOf, clientOf } from '../support/corner-cases.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { differenceInShort } from '../support/planted-changes.js';

const PARENT = 'create table p (a int not null default 3, b text, constraint k check (a > 0));';
const CHILD = `${PARENT} create table c (d int) inherits (p);`;
const TWO = `create table p (a int); create table q (a int, b int); create table c () inherits (p, q);`;
const PARTITION = `create table p (a int not null, constraint k check (a < 5)) partition by range (a);
  create table c partition of p for values from (1) to (2);`;

describe('a fix script for a table whose parents differ (FR-015)', () => {
  let databases: TestDatabase[];
  let wanted: Client;
  let client: Client;

  beforeEach(async () => {
    databases = [await createDatabase(), await createDatabase()];
    [wanted, client] = (await Promise.all(databases.map(clientOf))) as [Client, Client];
  });
  afterEach(async () => {
    await Promise.all([wanted.end(), client.end()]);
    await Promise.all(databases.map((database) => database.drop()));
  });

  /** Carries the script out, and tells what it says that it cannot do, and what differs then. */
  async function fix(expectedSql: string, actualSql: string): Promise<Record<string, string[]>> {
    await wanted.query(expectedSql);
    await client.query(actualSql);
    const expected = await catalogOf(wanted);
    const actual = await catalogOf(client);
    const { script } = findFixes(expected, actual, compareCatalogs(expected, actual));
    for (const statement of script) {
      await client.query(statement).catch((error: Error) => {
        throw new Error(`${error.message}, in: ${statement}\n\n${script.join(';\n')}`);
      });
    }
    return {
      notes: script.filter((statement) => statement.startsWith('--')),
      left: compareCatalogs(expected, await catalogOf(client)).map(differenceInShort),
    };
  }

  it.each([
    ['a partition is attached again', PARTITION, `${PARTITION} alter table p detach partition c`],
    ['a partition is detached', `${PARTITION} alter table p detach partition c`, PARTITION],
    ['a table is detached', `${CHILD} alter table c no inherit p`, CHILD],
    [
      'what is inherited only comes to be defined in the table, too',
      `${CHILD} alter table c no inherit p; alter table c inherit p`,
      CHILD,
    ],
    [
      'a table that defines all that it inherits is attached again, where the type differs meanwhile',
      `${PARENT} create table c (a bigint not null default 3, b text, constraint k check (a > 0));
       alter table p alter a type bigint; alter table c inherit p`,
      `${PARENT} create table c (a int not null default 3, b text, constraint k check (a > 0))`,
    ],
    [
      'parents change places where the table defines all that it inherits',
      'create table p (a int); create table q (a int); create table c (a int) inherits (p, q)',
      'create table p (a int); create table q (a int); create table c (a int) inherits (q, p)',
    ],
  ])('%s', async (_, expected, actual) => {
    expect(await fix(expected, actual)).toEqual({ notes: [], left: [] });
  });

  it.each([
    [
      'a table that was detached is attached, and keeps what it has come to define',
      CHILD,
      `${CHILD} alter table c no inherit p`,
      'public.c has a definition of its own of a, b, constraint k: no statement takes it away. They stay where a parent drops them.',
      ['+ column public.c.a', '+ column public.c.b', '+ constraint k on public.c'],
    ],
    [
      'a table that was detached and attached keeps what it has come to define',
      CHILD,
      `${CHILD} alter table c no inherit p; alter table c inherit p`,
      'public.c has a definition of its own of a, b, constraint k: no statement takes it away. They stay where a parent drops them.',
      ['+ column public.c.a', '+ column public.c.b', '+ constraint k on public.c'],
    ],
    [
      'a table that lacks what its parent has gets it',
      `${PARENT} create table c () inherits (p);`,
      `${PARENT} create table c ()`,
      'public.c has a definition of its own of a, b, constraint k: no statement takes it away. They stay where a parent drops them.',
      ['+ column public.c.a', '+ column public.c.b', '+ constraint k on public.c'],
    ],
    [
      'a table is not detached from one parent for the sake of their order',
      TWO,
      `${TWO} alter table c no inherit p`,
      'PostgreSQL puts the parent of public.c last that is added last.',
      ['~ table public.c (inherits)'],
    ],
    [
      'a table is not detached for the sake of one of its columns',
      `${PARENT} create table c (b text) inherits (p);`,
      `${PARENT} create table c () inherits (p);`,
      'public.c gets no definition of its own of b: PostgreSQL gives one only to all that is inherited from a parent.',
      ['- column public.c.b'],
    ],
  ])('%s, and the script says what no statement does', async (_, expected, actual, note, left) => {
    expect(await fix(expected, actual)).toEqual({ notes: [`-- ${note}`], left });
  });
});
