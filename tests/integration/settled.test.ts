import { Client } from 'pg';
import { resolveConfig, type ResolvedConfig } from '../../src/config/resolve';
import { readHistory, readOrSettled } from '../../src/history/read';
import { createDatabase, type TestDatabase } from '../support/database';
import { createProject, KNEXFILE, type Project } from '../support/project';

const FIRST = '20260101000000_first.js';
const SECOND = '20260101000001_second.js';
const THIRD = '20260101000002_third.js';

describe('with nothing to do, no row of the history is sent', () => {
  let database: TestDatabase;
  let project: Project;
  let config: ResolvedConfig;
  let client: Client;

  const answerTo = async (...names: string[]) => {
    const { settled, history } = await readOrSettled(client, config, names);
    return settled ? null : history;
  };
  const insert = (...names: string[]) =>
    database.query(
      `insert into knex_migrations (name, batch, migration_time)
       select n, 1, now() from unnest($1::text[]) n`,
      [names],
    );

  beforeEach(async () => {
    database = await createDatabase();
    project = createProject({
      'knexfile.js': KNEXFILE,
      [`migrations/${FIRST}`]: 'exports.up = exports.down = async () => {};',
    });
    await project.knexward(['up'], { TEST_DATABASE_URL: database.url });
    process.env.TEST_DATABASE_URL = database.url;
    config = await resolveConfig({ cwd: project.root, env: 'development' });
    client = new Client(database.url);
    await client.connect();
  });
  afterEach(async () => {
    delete process.env.TEST_DATABASE_URL;
    await client.end();
    project.remove();
    await database.drop();
  });

  it('the same names, in whatever order they were applied: settled', async () => {
    await insert(THIRD, SECOND);
    expect(await answerTo(FIRST, SECOND, THIRD)).toBeNull();
    expect(await answerTo(THIRD, FIRST, SECOND)).toBeNull();
  });

  it.each([
    ['a pending file', [SECOND], [FIRST, SECOND, THIRD]],
    ['a row without a file', [SECOND, THIRD], [FIRST, SECOND]],
    [
      'two rows of one name, one of them in place of another',
      [SECOND, SECOND],
      [FIRST, SECOND, THIRD],
    ],
    ['two rows of one name, and a row for each', [SECOND, SECOND], [FIRST, SECOND]],
    ['one name that reads like two', [`${SECOND}\n${THIRD}`], [FIRST, SECOND, THIRD]],
    ['two names that read like others', [`x\ny`, 'z'], [FIRST, 'x', 'y\nz']],
    ['another extension', [SECOND.replace('.js', '.ts')], [FIRST, SECOND]],
    ['no file at all', [SECOND], []],
  ])('%s: the whole history', async (_, rows, files) => {
    await insert(...rows);
    const history = await answerTo(...files);
    expect(history?.rows.map(({ name }) => name)).toEqual([FIRST, ...rows]);
    expect(history).toEqual(await readHistory(client, config));
  });

  it('names in other scripts, beyond the sixteen bits of a character too', async () => {
    const names = ['20260101000003_größe.js', '20260101000004_表.js'];
    await insert(...names);
    expect(await answerTo(FIRST, ...names)).toBeNull();
    await insert('20260101000005_\u{1F600}.js', '20260101000005_\uFFFD.js');
    const all = [...names, '20260101000005_\u{1F600}.js', '20260101000005_\uFFFD.js'];
    // Sorted otherwise here than there: the rows are sent, and tell the same.
    expect((await answerTo(FIRST, ...all))?.rows).toHaveLength(5);
  });

  it.each([
    [
      'a lock that a killed run left behind is told',
      'update knex_migrations_lock set is_locked = 4711',
    ],
    [
      'an unfinished change is told',
      `insert into knexward_journal (run_id, event, migration, actor)
       values (gen_random_uuid(), 'started', '${FIRST}', 'somebody')`,
    ],
    ['a missing journal is told', 'drop table knexward_journal'],
    [
      "db-migrate's rows that are not copied are told",
      `
      create table migrations (id serial primary key, name varchar(255) not null, run_on timestamp not null);
      insert into migrations (name, run_on) values ('/20200101000000-old', now())`,
    ],
  ])('%s although every file is applied', async (_, sql) => {
    expect(await answerTo(FIRST)).toBeNull();
    await database.query(sql);
    const history = await answerTo(FIRST);
    expect(history).toEqual(await readHistory(client, config));
    expect(history?.rows).toHaveLength(1);
  });

  it('a failure that was overcome, a checksum that was accepted: settled', async () => {
    for (const event of ['failed', 'applied', 'started', 'resolved']) {
      await database.query(
        `insert into knexward_journal (run_id, event, migration, actor)
         values (gen_random_uuid(), '${event}', '${FIRST}', 'somebody')`,
      );
    }
    expect(await answerTo(FIRST)).toBeNull();
  });

  it('a word about a checksum does not end what is unfinished', async () => {
    await database.query(
      `insert into knexward_journal (run_id, event, migration, actor, details)
       values (gen_random_uuid(), 'started', '${FIRST}', 'somebody', '{}'),
              (gen_random_uuid(), 'resolved', '${FIRST}', 'somebody', '{"verdict": "checksum"}')`,
    );
    expect((await answerTo(FIRST))?.unfinished).toMatchObject([{ name: FIRST }]);
  });
});
