import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compareCatalogs, readCatalog } from '../support/catalog';
import { createDatabase, type TestDatabase } from '../support/database';
import { type Block, blocksOf, directive, textOf } from '../support/documents';
import { createProject, type Project } from '../support/project';
import { waitFor } from '../support/wait-for';

const PAGE = 'docs/writing-migrations.md';
const NAMED = /^(?:--|\/\/) (\d{14}_\w+(?:\.up\.sql|\.down\.sql|\.ts))\n/m;

/** An example: the block, and the sentence about its lock below it. */
interface Example {
  block: Block;
  /** The files that the block shows, by their names. */
  files: Record<string, string>;
  /** The migration that they are. */
  name: string;
  /** The strongest lock on each table, as the document says: `users: ACCESS EXCLUSIVE`. */
  locks: string[];
  rewrites: boolean;
}

const LOCK = /`([A-Z ]+)` on `(\w+)`/g;

function examplesOf(page: string): Example[] {
  const text = textOf(page);
  return blocksOf(page).map((block) => {
    const after = text.slice(text.indexOf(block.text) + block.text.length).split('```')[1] ?? '';
    const sentence = /^Lock: [\s\S]*?(?=\n\n|$)/m.exec(after)?.[0] ?? '';
    const [, ...pieces] = block.text.split(NAMED);
    const files = Object.fromEntries(
      pieces.flatMap((name, at) => (at % 2 === 0 ? [[name, pieces[at + 1] ?? '']] : [])),
    );
    const [first = ''] = Object.keys(files);
    return {
      ...{ block, files, name: first.replace('.down.', '.up.') },
      locks: [...sentence.matchAll(LOCK)].map(([, lock, table]) => `${table}: ${lock}`),
      rewrites: sentence.includes('written anew'),
    };
  });
}

const EXAMPLES = examplesOf(PAGE);
const START = EXAMPLES.find(({ block }) => directive(block, 'start') !== undefined);
const GOOD = EXAMPLES.filter(({ files }) => Object.keys(files).length > 0);
const BAD = EXAMPLES.filter(({ block }) => directive(block, 'bad') !== undefined);

/** What the transaction holds of each table: the strongest that is more than reading it. */
const HELD = `
  select c.relname || ': ' || (array_agg(m.label order by m.rank desc))[1] as lock
    from pg_locks l
    join pg_class c on c.oid = l.relation and c.relkind = 'r'
    join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
    join (values ('RowShareLock', 'ROW SHARE', 2), ('RowExclusiveLock', 'ROW EXCLUSIVE', 3),
      ('ShareUpdateExclusiveLock', 'SHARE UPDATE EXCLUSIVE', 4), ('ShareLock', 'SHARE', 5),
      ('ShareRowExclusiveLock', 'SHARE ROW EXCLUSIVE', 6), ('ExclusiveLock', 'EXCLUSIVE', 7),
      ('AccessExclusiveLock', 'ACCESS EXCLUSIVE', 8)) m (mode, label, rank) on m.mode = l.mode
   where l.granted and c.relname !~ '^knex' and l.pid = `;
/** That of another session in this database, which is the only one that holds anything. */
const ITS_OWN = `(select distinct l.pid from pg_locks l join pg_class c on c.oid = l.relation
  join pg_database d on d.oid = l.database and d.datname = current_database()
  where l.pid <> pg_backend_pid() and c.relname = 'orders')`;
const FILES_OF_TABLES = `
  select c.relname, pg_relation_filenode(c.oid) as file from pg_class c
   where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and c.relname !~ '^knex'`;

/** Its hooks run inside of each change's transaction: they see what it holds. */
const KNEXFILE = `
const { appendFileSync } = require('node:fs');
const tell = (line) => appendFileSync('told.jsonl', JSON.stringify(line) + '\\n');
const filesOf = async (knex) => (await knex.raw(${JSON.stringify(FILES_OF_TABLES)})).rows;
let before;
module.exports = {
  client: 'pg',
  connection: process.env.TEST_DATABASE_URL,
  migrations: {
    directory: './migrations',
    beforeEach: async (knex) => { before = await filesOf(knex); },
    afterEach: async (knex, [{ file: name }]) => {
      const { rows } = await knex.raw(${JSON.stringify(`${HELD} pg_backend_pid() group by c.relname`)});
      const files = before.map(({ file }) => file);
      const rewritten = (await filesOf(knex)).filter(({ file }) => !files.includes(file));
      tell({ name, locks: rows.map(({ lock }) => lock), rewritten: rewritten.length > 0 });
    },
  },
};`;

interface Told {
  name: string;
  locks: string[];
  rewritten: boolean;
}

/** Their locks are not those of one transaction. */
const isOutside = ({ block }: Example): boolean =>
  /no-transaction|transaction: false/.test(block.text);

describe('docs/writing-migrations.md', () => {
  let database: TestDatabase;
  let project: Project;
  const knexward = (...args: string[]) =>
    project.knexward(args, { TEST_DATABASE_URL: database.url });
  const catalog = (): Promise<string[]> =>
    readCatalog(async (sql, params) => ({ rows: await database.query(sql, params) }), {
      exclude: ['knex_migrations', 'knex_migrations_lock', 'knexward_journal'].map(
        (table) => `public.${table}`,
      ),
    });

  beforeAll(async () => {
    database = await createDatabase();
    await database.query(START?.block.text ?? '');
    await database.query(
      `insert into users (email, name, plan)
         select 'u' || i || '@example.org', 'User ' || i, 'free' from generate_series(1, 2500) i;
       insert into orders (user_id, total) select i, i from generate_series(1, 2500) i;`,
    );
    const files = GOOD.flatMap((example) => Object.entries(example.files));
    project = createProject({
      'knexfile.js': KNEXFILE,
      'package.json': '{}',
      ...Object.fromEntries(files.map(([name, text]) => [`migrations/${name}`, text])),
    });
  });
  afterAll(async () => {
    project.remove();
    await database.drop();
  });

  it.each(BAD)('a bad example does what is said of it: $block.place', async (example) => {
    const { block, locks, rewrites } = example;
    const sqlstate = directive(block, 'bad');
    await database.query('begin');
    try {
      const before = await database.query<{ file: number }>(FILES_OF_TABLES);
      if (sqlstate) {
        await expect(database.query(block.text)).rejects.toMatchObject({ code: sqlstate });
        return;
      }
      await database.query(block.text);
      const held = await database.query<{ lock: string }>(
        `${HELD} pg_backend_pid() group by c.relname`,
      );
      expect(held.map(({ lock }) => lock).sort()).toEqual([...locks].sort());
      const after = await database.query<{ file: number }>(FILES_OF_TABLES);
      const files = before.map(({ file }) => file);
      expect(after.some(({ file }) => !files.includes(file))).toBe(rewrites);
    } finally {
      await database.query('rollback');
    }
  });

  describe('the good examples', () => {
    let start: string[];
    let told: Told[];

    beforeAll(async () => {
      start = await catalog();
    });

    it('all of them run, and a batch that fails goes on where it stopped', async () => {
      const expand = '20261206090000_full_name';
      expect(await knexward('up', expand)).toMatchObject({ code: 0 });
      // A row of the second batch cannot be written: the first is committed all the same.
      await database.query('alter table users add check (id <> 1500 or full_name is null)');
      expect(await knexward('up', '-c', '1')).toMatchObject({ code: 1 });
      const filled = 'select count(*)::int as n from users where full_name is not null';
      expect(await database.query(filled)).toEqual([{ n: 1000 }]);
      await database.query('alter table users drop constraint users_check');
      expect(await knexward('up', '-c', '1')).toMatchObject({ code: 0 });
      expect(await database.query(filled)).toEqual([{ n: 2500 }]);
    });

    it('expand and contract: whichever release writes, both names have it', async () => {
      const names = `returning name, full_name`;
      const [old] = await database.query(
        `insert into users (email, name) values ('old', 'Old') ${names}`,
      );
      const [fresh] = await database.query(
        `insert into users (email, full_name) values ('new', 'New') ${names}`,
      );
      expect([old, fresh]).toEqual([
        { name: 'Old', full_name: 'Old' },
        { name: 'New', full_name: 'New' },
      ]);
      for (const column of ['name', 'full_name']) {
        const [row] = await database.query(
          `update users set ${column} = 'By ${column}' where email = 'old' ${names}`,
        );
        expect(row).toEqual({ name: `By ${column}`, full_name: `By ${column}` });
      }
    });

    it('a renamed table can be written to under its old name', async () => {
      expect(await knexward('up', '-c', '1')).toMatchObject({ code: 0 });
      await database.query('insert into orders (user_id, total) values (1, 99)');
      const [row] = await database.query(
        'select state, total from purchases order by id desc limit 1',
      );
      expect(row).toEqual({ state: 'open', total: 99 });
    });

    it('the rest runs, no example rewrites a table, and each takes the locks that are said', async () => {
      expect(await knexward('up')).toMatchObject({ code: 0 });
      told = readFileSync(join(project.root, 'told.jsonl'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Told);
      expect(told.map(({ name }) => name).sort()).toEqual(GOOD.map(({ name }) => name).sort());
      expect(told.filter(({ rewritten }) => rewritten)).toEqual([]);
      for (const example of GOOD.filter((each) => !isOutside(each))) {
        const { locks } = told.find(({ name }) => name === example.name) ?? { locks: [] };
        expect({ [example.name]: [...locks].sort() }).toEqual({
          [example.name]: [...example.locks].sort(),
        });
      }
    });

    it('down takes all of it back, but for the place of a dropped column and the value of the enum', async () => {
      expect(await knexward('down', '--all')).toMatchObject({ code: 0 });
      expect(compareCatalogs(start, await catalog())).toEqual([
        '- column order of public.users: id, email, name, plan',
        '+ column order of public.users: id, email, plan, name',
        "- enum type public.order_state: 'open', 'paid'",
        "+ enum type public.order_state: 'open', 'paid', 'refunded'",
      ]);
    });
  });

  it('an index that is built concurrently takes the lock that is said', async () => {
    const index = GOOD.find(({ name }) => name.includes('index_orders_user'));
    const other = await createDatabase();
    await other.query(START?.block.text ?? '');
    const upTo = (name = '') => project.knexward(['up', name], { TEST_DATABASE_URL: other.url });
    const before = GOOD[GOOD.findIndex((each) => each === index) - 1];
    expect(await upTo(before?.name)).toMatchObject({ code: 0 });
    await other.query("insert into users (email) values ('ann@example.org')");
    // It has to wait for a transaction that has written to the table, so it can be looked at.
    await other.query('begin; insert into orders (user_id, total) values (1, 1)');
    const run = upTo(index?.name);
    let held: { lock: string }[] = [];
    await waitFor(async () => {
      held = await other.query(`${HELD} ${ITS_OWN} group by c.relname`);
      return held.length > 0;
    });
    await other.query('rollback');
    expect(await run).toMatchObject({ code: 0 });
    await other.drop();
    expect(held.map(({ lock }) => lock)).toEqual(index?.locks);
    expect(index?.locks).toEqual(['orders: SHARE UPDATE EXCLUSIVE']);
  });
});
