import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createDatabase, type TestDatabase } from '../support/database';
import { createProject, KNEXFILE, type Outcome, type Project } from '../support/project';

const TABLE = `exports.up = (knex) => knex.raw('create table a (id int)');
exports.down = (knex) => knex.raw('drop table a');
`;
const BROKEN = `exports.up = async (knex) => {
  await knex.raw('select 100 % broken, more');
};
`;

/** What the runner makes of a line, by the documented syntax: `::level a=b,c=d::message`. */
function annotationsIn(text: string): Record<string, string>[] {
  const unescape = (value: string): string =>
    value
      .replaceAll('%0A', '\n')
      .replaceAll('%3A', ':')
      .replaceAll('%2C', ',')
      .replaceAll('%25', '%');
  return [...text.matchAll(/^::(error|warning) (.*?)::(.*)$/gm)].map(
    ([, level = '', properties = '', message = '']) => ({
      level,
      message: unescape(message),
      ...Object.fromEntries(
        properties.split(',').map((each): [string, string] => {
          const [name = '', value = ''] = each.split('=');
          return [name, unescape(value)];
        }),
      ),
    }),
  );
}

describe('in a GitHub workflow: annotations and a summary of the job', () => {
  let database: TestDatabase;
  let project: Project;
  const inWorkflow = (...args: string[]): Promise<Outcome> =>
    project.knexward(args, {
      TEST_DATABASE_URL: database.url,
      GITHUB_ACTIONS: 'true',
      GITHUB_WORKSPACE: project.root,
      GITHUB_STEP_SUMMARY: join(project.root, 'summary.md'),
    });

  beforeEach(async () => {
    database = await createDatabase();
    project = createProject({ 'knexfile.js': KNEXFILE, 'migrations/20260101000000_a.js': TABLE });
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  it('what is well leaves no annotation, and the summary says what was done', async () => {
    const up = await inWorkflow('up');
    expect(annotationsIn(up.stdout + up.stderr)).toEqual([]);
    const summary = project.read('summary.md');
    expect(summary).toContain('### knexward up');
    expect(summary).toContain('Batch 1 run: 1 migrations');
  });

  it('a failed migration is pointed at, at its line; stdout is the JSON document alone', async () => {
    project.write({ 'migrations/20260101000001_b.js': BROKEN });
    const up = await inWorkflow('up', '--json');
    expect(up.json()).toMatchObject({ failed: { name: '20260101000001_b.js' } });
    expect(annotationsIn(up.stderr)).toMatchObject([
      {
        level: 'error',
        file: 'migrations/20260101000001_b.js',
        line: '2',
        title: 'knexward: MIGRATION_FAILED 20260101000001_b.js',
        message: expect.stringContaining('broken') as string,
      },
    ]);
    expect(project.read('summary.md')).toContain('migrations/20260101000001\\_b.js:2');
  });

  it('an error before any work is pointed at too', async () => {
    const up = await inWorkflow('up', '--env', 'nowhere');
    expect(annotationsIn(up.stderr)).toMatchObject([{ title: 'knexward: UNKNOWN_ENVIRONMENT' }]);
    expect(project.read('summary.md')).toContain('UNKNOWN\\_ENVIRONMENT');
  });

  it('drift: each object; beyond the ten that GitHub shows, the summary has them all', async () => {
    await inWorkflow('up');
    await database.query('create table by_hand (id int)');
    const one = await inWorkflow('verify');
    expect(annotationsIn(one.stderr)).toEqual([
      {
        level: 'error',
        title: 'knexward: Drift',
        message: 'table public.by_hand is unexpected',
      },
    ]);
    for (let i = 0; i < 12; i += 1) await database.query(`create table by_hand_${i} (id int)`);
    const many = annotationsIn((await inWorkflow('verify')).stderr);
    expect(many).toHaveLength(10);
    expect(many.at(-1)?.['message']).toBe('And 4 more: see the summary of the job.');
    expect(project.read('summary.md')).toContain('by\\_hand\\_11');
  });

  it('what status and doctor find is a warning', async () => {
    await inWorkflow('up');
    project.write({ 'migrations/20260101000000_a.js': `${TABLE}// edited` });
    const status = await inWorkflow('status', '--check');
    expect(annotationsIn(status.stderr)).toMatchObject([
      { level: 'warning', title: 'knexward: CHANGED_FILE 20260101000000_a.js' },
    ]);
    const doctor = annotationsIn((await inWorkflow('doctor')).stderr);
    expect(doctor.map(({ title }) => title)).toContain('knexward: CHANGED_FILE');
  });

  it('where the log is JSON, every line of it stays JSON', async () => {
    const up = await inWorkflow('up', '--env', 'nowhere', '--log-format', 'json');
    for (const line of up.stderr.trim().split('\n'))
      expect(() => JSON.parse(line) as unknown).not.toThrow();
  });

  it('elsewhere there is nothing of it', async () => {
    const up = await project.knexward(['up', '--env', 'nowhere'], {
      TEST_DATABASE_URL: database.url,
      GITHUB_STEP_SUMMARY: join(project.root, 'summary.md'),
    });
    expect(up.stderr).not.toContain('::');
    expect(existsSync(join(project.root, 'summary.md'))).toBe(false);
  });

  it('a summary that cannot be written fails nothing', async () => {
    const up = await project.knexward(['up'], {
      TEST_DATABASE_URL: database.url,
      GITHUB_ACTIONS: 'true',
      GITHUB_STEP_SUMMARY: join(project.root, 'no', 'such', 'folder.md'),
    });
    expect(up.code).toBe(0);
  });
});
