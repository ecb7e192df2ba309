import { createDatabase, type TestDatabase } from '../support/database';
import { createLegacyProject, dbMigrate, legacyTable } from '../support/db-migrate';
import { blocksOf, textOf } from '../support/documents';
import { type Outcome, type Project } from '../support/project';

const PAGE = 'docs/data-model.md';

/** The rows of the tables below a heading, without their heads. */
function rowsBelow(heading: string): string[][] {
  const [, section = ''] = textOf(PAGE).split(`\n## ${heading}\n`);
  const [text = ''] = section.split('\n## ');
  return [...text.matchAll(/^\| `.*$/gm)].map(([line]) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const unquoted = (cell = ''): string[] =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
const TABLES = ['knex_migrations', 'knex_migrations_lock', 'knexward_journal', 'migrations'];

describe('docs/data-model.md (FR-005)', () => {
  let database: TestDatabase;
  let project: Project;
  const knexward = (...args: string[]): Promise<Outcome> =>
    project.knexward(args, { DATABASE_URL: database.url });

  beforeAll(async () => {
    database = await createDatabase();
    project = createLegacyProject({
      'migrations/20150312091530-create-rooms.js': legacyTable('rooms'),
    });
    await dbMigrate(project, ['up'], { DATABASE_URL: database.url });
    await knexward('adopt', '--yes');
    project.write({
      'migrations/20261122000000_topic.up.sql': 'alter table rooms add column topic text;',
      'migrations/20261122000000_topic.down.sql': 'alter table rooms drop column topic;',
      'migrations/20261122000001_index.up.sql':
        '-- knexward: no-transaction\ncreate index concurrently rooms_topic on rooms (topic);',
      'migrations/20261122000001_index.down.sql': 'drop index rooms_topic;',
      'migrations/20261122000002_wrong.up.sql': 'alter table romos add column topic text;',
    });
    await knexward('up');
    await knexward('down', '-c', '1');
    project.write({
      'migrations/20261122000000_topic.up.sql':
        '-- What it is about.\nalter table rooms add column topic text;',
    });
    await knexward('resolve', '20261122000000_topic', '--accept-checksum');
    for (const way of ['up', 'down']) {
      const content = project.read(`migrations/20261122000000_topic.${way}.sql`);
      project.delete(`migrations/20261122000000_topic.${way}.sql`);
      project.write({ [`migrations/20261122000000_room_topic.${way}.sql`]: content });
    }
    await knexward('resolve', '20261122000000_topic', '--renamed-to', '20261122000000_room_topic');
    await database.query('update knex_migrations_lock set is_locked = 1');
    await knexward('unlock', '--yes');
  });
  afterAll(async () => {
    project.remove();
    await database.drop();
  });

  it.each(TABLES)(
    '%s has the columns that it says, of these types and in this order',
    async (table) => {
      const columns = await database.query<{ name: string; type: string }>(
        `select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
        where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attnum`,
        [table],
      );
      const said = rowsBelow(table).filter(([, type]) => unquoted(type).length === 1);
      expect(
        said.slice(0, columns.length).map(([name, type]) => [unquoted(name)[0], unquoted(type)[0]]),
      ).toEqual(columns.map(({ name, type }) => [name, type]));
    },
  );

  it('the journal has the events that it says, and no other', async () => {
    const [{ check = '' } = {}] = await database.query<{ check: string }>(
      `select pg_get_constraintdef(oid) as check from pg_constraint
        where conrelid = 'knexward_journal'::regclass and contype = 'c'`,
    );
    const allowed = [...check.matchAll(/'(\w+)'::text/g)].map(([, event]) => event);
    const said = rowsBelow('knexward_journal').filter((row) => row.length === 4);
    expect(said.map(([event]) => unquoted(event)[0]).sort()).toEqual(allowed.sort());
  });

  it('each event has the details that it says', async () => {
    const rows = await database.query<{ event: string; keys: string[] }>(
      `select event, array_agg(distinct key) as keys
         from knexward_journal left join lateral jsonb_object_keys(details) key on true group by event`,
    );
    const events = rowsBelow('knexward_journal').filter((row) => row.length === 4);
    expect(rows.map(({ event }) => event).sort()).toEqual([
      'adopted',
      'applied',
      'failed',
      'resolved',
      'reverted',
      'started',
      'unlocked',
    ]);
    for (const { event, keys } of rows) {
      const said = events.find(([name]) => unquoted(name)[0] === event)?.[3];
      // These are there only after a lost connection, db-migrate's own down, and a migration that does nothing.
      const expected = unquoted(said).filter((key) => !['endUnknown', 'by', 'empty'].includes(key));
      expect({ [event]: keys.filter((key) => key !== null).sort() }).toEqual({
        [event]: expected.sort(),
      });
    }
  });

  it('so have those of a takeover that is finished, and taken back', async () => {
    const other = await createDatabase();
    const legacy = createLegacyProject({
      'migrations/20150312091530-create-rooms.js': legacyTable('rooms'),
    });
    const env = { DATABASE_URL: other.url };
    await dbMigrate(legacy, ['up'], env);
    for (const step of [[], ['--finish'], ['--undo']]) {
      expect(await legacy.knexward(['adopt', '--yes', ...step], env)).toMatchObject({ code: 0 });
    }
    const rows = await other.query<{ event: string; keys: string[] }>(
      `select event, array(select jsonb_object_keys(details)) as keys
         from knexward_journal where event in ('finished', 'undone')`,
    );
    const events = rowsBelow('knexward_journal').filter((row) => row.length === 4);
    for (const event of ['finished', 'undone']) {
      const said = events.find(([name]) => unquoted(name)[0] === event)?.[3];
      const { keys = [] } = rows.find((row) => row.event === event) ?? {};
      expect({ [event]: keys.sort() }).toEqual({ [event]: unquoted(said).sort() });
    }
    legacy.remove();
    await other.drop();
  });

  it.each(blocksOf(PAGE).filter(({ language }) => language === 'sql'))(
    'the query runs: $place',
    async ({ text }) => {
      const rows = await database.query(text);
      // Nobody runs migrations at this moment.
      expect(rows.length > 0).toBe(!text.includes('pg_stat_activity'));
    },
  );

  it('the query about a takeover misses nothing', async () => {
    const takeover = blocksOf(PAGE).find(({ text }) => text.includes('became'));
    expect(await database.query(takeover?.text ?? '')).toMatchObject([
      { was: '/20150312091530-create-rooms', became: '20150312091530-create-rooms.js' },
    ]);
  });
});
