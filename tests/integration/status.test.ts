import { execFileSync } from 'node:child_process';
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createDatabase, type TestDatabase } from '../support/database';
import { createProject, KNEXFILE, type Outcome, type Project } from '../support/project';

const TABLE = (name: string) => `
exports.up = (knex) => knex.raw('create table ${name} (id int)');
exports.down = (knex) => knex.raw('drop table ${name}');
`;

interface StatusDocument {
  upToDate: boolean;
  applied: { name: string; appliedAt: string }[];
  pending: { name: string }[];
  problems: { code: string; migration: string | null; message: string; fix: string }[];
}

describe('status tells the whole truth (FR-003)', () => {
  let database: TestDatabase;
  let project: Project;
  const knexward = (...args: string[]): Promise<Outcome> =>
    project.knexward(args, { TEST_DATABASE_URL: database.url });
  const status = async (): Promise<StatusDocument> =>
    (await knexward('status', '--json')).json<StatusDocument>();
  const remove = (path: string): void => rmSync(join(project.root, path));

  beforeEach(async () => {
    database = await createDatabase();
    project = createProject({
      'knexfile.js': KNEXFILE,
      'migrations/20260101000000_a.js': TABLE('a'),
      'migrations/20260101000002_c.js': TABLE('c'),
    });
    expect((await knexward('up')).code).toBe(0);
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  it('a migration that comes before one that is applied: out of order, and up applies it', async () => {
    project.write({ 'migrations/20260101000001_b.js': TABLE('b') });
    expect(await status()).toMatchObject({
      upToDate: false,
      pending: [{ name: '20260101000001_b.js' }],
      problems: [
        {
          code: 'OUT_OF_ORDER',
          migration: '20260101000001_b.js',
          message: expect.stringContaining('20260101000002_c.js') as string,
        },
      ],
    });
    expect((await knexward('up')).stdout).toContain('Batch 2 run: 1 migrations');
    expect(await status()).toMatchObject({ upToDate: true, problems: [] });
  });

  it('a database that is ahead of these files, as under an old release: told, and no error for up or a check', async () => {
    remove('migrations/20260101000002_c.js');
    expect(await status()).toMatchObject({
      upToDate: true,
      problems: [
        {
          code: 'AHEAD',
          migration: null,
          message: expect.stringContaining('20260101000002_c.js') as string,
        },
      ],
    });
    expect(await knexward('up')).toMatchObject({ code: 0 });
    expect(await knexward('status', '--check')).toMatchObject({ code: 0 });
    expect(await knexward('wait', '--timeout', '10min')).toMatchObject({ code: 0 });
  });

  it('a file that is gone from the middle is missing, which is something else', async () => {
    remove('migrations/20260101000000_a.js');
    expect((await status()).problems).toMatchObject([
      { code: 'MISSING_FILE', migration: '20260101000000_a.js' },
    ]);
    expect(await knexward('status', '--check')).toMatchObject({ code: 6 });
  });

  it('a file edited after it was applied; edited back, it is as it was (US8, EC-10)', async () => {
    const path = 'migrations/20260101000000_a.js';
    const before = project.read(path);
    project.write({ [path]: `${before}// edited\n` });
    expect(await status()).toMatchObject({
      upToDate: true,
      problems: [{ code: 'CHANGED_FILE', migration: '20260101000000_a.js' }],
    });
    project.write({ [path]: before });
    expect((await status()).problems).toEqual([]);
  });

  it('line ends are no change, whichever way version control turned them', async () => {
    const path = 'migrations/20260101000000_a.js';
    const before = project.read(path);
    project.write({ [path]: before.replaceAll('\n', '\r\n') });
    expect((await status()).problems).toEqual([]);
    await knexward('resolve', '20260101000000', '--accept-checksum');
    project.write({ [path]: before });
    expect((await status()).problems).toEqual([]);
  });

  it('what changed, where git has the file as it was', async () => {
    const path = 'migrations/20260101000000_a.js';
    const git = (...args: string[]): string =>
      execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], {
        ...{ cwd: project.root, encoding: 'utf8' },
      });
    git('init', '--quiet');
    git('add', 'migrations');
    git('commit', '--quiet', '--message', 'as applied');
    const applied = git('rev-parse', '--short', 'HEAD').trim();
    const before = project.read(path);
    project.write({ [path]: `${before}// one\n// two\n` });
    git('commit', '--quiet', '--all', '--message', 'edited');
    project.write({
      [path]: `${before}// one\n// three\n`.replace('create table', 'CREATE TABLE'),
    });
    expect((await status()).problems).toMatchObject([
      {
        code: 'CHANGED_FILE',
        message: `its file was edited after it was applied: since commit ${applied}, lines added: 3, removed: 1 (git diff ${applied})`,
      },
    ]);
  });

  it.each(['Asia/Kolkata', 'America/St_Johns', 'Pacific/Kiritimati'])(
    'times are in UTC, whatever zone the database is in: %s',
    async (zone) => {
      project.write({
        'migrations/20260101000003_d.js': "exports.up = (knex) => knex.raw('select broken');",
      });
      expect((await knexward('up')).code).toBe(1);
      await database.query(`alter database ${database.name} set timezone = '${zone}'`);
      const { applied, problems } = await status();
      const moments = await database.query<{ name: string; at: string }>(
        `select name, trunc(extract(epoch from migration_time) * 1000)::text as at
           from knex_migrations order by id`,
      );
      expect(
        applied.map(({ name, appliedAt }) => ({ name, at: `${Date.parse(appliedAt)}` })),
      ).toEqual(moments);
      const [failed] = await database.query<{ at: string }>(
        `select trunc(extract(epoch from at) * 1000)::text as at
           from knexward_journal where event = 'failed'`,
      );
      const [, told = ''] = /failed at (\S+):/.exec(problems[0]?.message ?? '') ?? [];
      expect(`${Date.parse(told)}`).toBe(failed?.at);
    },
  );

  it('an edited file: the command that is told of accepts it', async () => {
    const path = 'migrations/20260101000000_a.js';
    project.write({ [path]: `${project.read(path)}// edited\n` });
    const [problem] = (await status()).problems;
    const [, told = ''] = /: knexward (.+)$/.exec(problem?.fix ?? '') ?? [];
    expect(await knexward(...told.split(' '))).toMatchObject({ code: 0 });
    expect((await status()).problems).toEqual([]);
  });

  describe('where the knexfile says to stop at an edited file', () => {
    const path = 'migrations/20260101000000_a.js';
    beforeEach(() => {
      project.write({
        'knexfile.js': KNEXFILE.replace(
          "client: 'pg',",
          "client: 'pg', knexward: { checksums: 'stop' },",
        ),
        [path]: `${project.read(path)}// edited\n`,
        'migrations/20260101000003_d.js': TABLE('d'),
      });
    });

    it('up stops before anything runs, also with nothing pending, and says how to go on', async () => {
      const stopped = await knexward('up', '--json');
      expect(stopped).toMatchObject({ code: 5 });
      expect(stopped.json()).toMatchObject({
        error: {
          code: 'CHANGED_FILE',
          message: expect.stringContaining('20260101000000_a.js') as string,
          fix: expect.stringContaining('--accept-checksum') as string,
        },
      });
      expect((await status()).pending).toEqual([{ name: '20260101000003_d.js', origin: 'knex' }]);
      remove('migrations/20260101000003_d.js');
      expect(await knexward('up')).toMatchObject({ code: 5 });
    });

    it('down and redo do not, and up does not once the file is accepted', async () => {
      await knexward('resolve', '20260101000000', '--accept-checksum');
      expect(await knexward('up')).toMatchObject({ code: 0 });
      project.write({ [path]: `${project.read(path)}// again\n` });
      expect(await knexward('redo')).toMatchObject({ code: 0 });
      expect(await knexward('down')).toMatchObject({ code: 0 });
    });
  });

  it('an edited file that a person accepts counts as it is from then on', async () => {
    const path = 'migrations/20260101000000_a.js';
    const before = project.read(path);
    project.write({ [path]: `${before}// edited\n` });
    const accepted = await knexward('resolve', '20260101000000', '--accept-checksum', '--json');
    expect(accepted.json()).toMatchObject({
      resolved: { name: '20260101000000_a.js', verdict: 'checksum' },
    });
    expect((await status()).problems).toEqual([]);
    project.write({ [path]: before });
    expect((await status()).problems).toMatchObject([{ code: 'CHANGED_FILE' }]);
    const unknown = await knexward('resolve', 'nope', '--accept-checksum', '--json');
    expect(unknown.json()).toMatchObject({ error: { code: 'UNKNOWN_MIGRATION' } });
    const both = await knexward('resolve', 'nope', '--accept-checksum', '--applied');
    expect(both.code).toBe(2);
  });

  it('a migration that was reverted, edited and applied again is no changed file', async () => {
    await knexward('down', '--all');
    const path = 'migrations/20260101000000_a.js';
    project.write({ [path]: `${project.read(path)}// edited\n` });
    await knexward('up');
    expect((await status()).problems).toEqual([]);
  });

  it('a file renamed from .js to .ts is the same migration: not run again, and reverted with what there is (FR-009, EC-10)', async () => {
    const path = join(project.root, 'migrations/20260101000002_c.js');
    const typed = project
      .read('migrations/20260101000002_c.js')
      .replaceAll('(knex)', '(knex: any)');
    rmSync(path);
    project.write({ 'migrations/20260101000002_c.ts': typed });
    expect(await status()).toMatchObject({ upToDate: true, pending: [], problems: [] });
    expect((await knexward('up')).stdout).toContain('Already up to date');
    expect((await knexward('down', '--json', '20260101000002_c')).json()).toMatchObject({
      done: [{ name: '20260101000002_c.js' }],
      failed: null,
    });
    expect((await knexward('up', '--json')).json()).toMatchObject({
      done: [{ name: '20260101000002_c.ts' }],
    });
    expect(await status()).toMatchObject({ upToDate: true, problems: [] });
  });

  it('a failure is told with the time and the reason, until the migration is applied or given up', async () => {
    const path = 'migrations/20260101000003_d.js';
    project.write({ [path]: "exports.up = (knex) => knex.raw('select broken');" });
    expect((await knexward('up')).code).toBe(1);
    const [failed] = (await status()).problems;
    expect(failed).toMatchObject({ code: 'FAILED', migration: '20260101000003_d.js' });
    expect(failed?.message).toMatch(
      /failed at \d{4}-\d\d-\d\dT[\d:.]+Z: .*"broken" does not exist/,
    );
    renameSync(join(project.root, path), join(project.root, 'given-up.js'));
    expect((await status()).problems).toEqual([]);
    project.write({ [path]: TABLE('d') });
    await knexward('up');
    expect((await status()).problems).toEqual([]);
  });

  it('every problem comes with its fix, in the text too', async () => {
    remove('migrations/20260101000000_a.js');
    project.write({ 'migrations/20260101000001_b.js': TABLE('b') });
    const { problems } = await status();
    const { stdout } = await knexward('status');
    expect(problems).toHaveLength(2);
    for (const { code, fix } of problems) {
      expect(stdout).toContain(code);
      expect(stdout).toContain(fix);
    }
  });
});
