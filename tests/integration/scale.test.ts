import { chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { createDatabase, type TestDatabase } from '../support/database';
import { createProject, KNEXFILE, type Outcome, type Project } from '../support/project';

const FILES = 4000;
const ROWS = 20_000;
const FEW = 20;

const FIRST = 20200101000000;
const nameOf = (number: number): string => `${FIRST + number}_change.up.sql`;

function sqlFiles(count: number): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`migrations/${nameOf(index + 1)}`, 'select 1;\n']),
  );
}

/** As if so many had been applied, one a run, with the checksum of the files as they are. */
const historySql = (rows: number): string => `
  insert into knex_migrations (name, batch, migration_time)
    select (${FIRST} + n) || '_change.up.sql', n, now() from generate_series(1, ${rows}) n;
  insert into knexward_journal (run_id, event, migration, batch, checksum, actor)
    select gen_random_uuid(), 'applied', name, batch, encode(sha256('select 1;\\n'), 'hex'), 'test'
      from knex_migrations order by id`;

describe('a project of thousands', () => {
  let database: TestDatabase;
  let project: Project;
  let env: Record<string, string>;

  /** A command's outcome and the most memory that its process had, in MiB. */
  const peak = async (...args: string[]): Promise<Outcome & { peakMiB: number }> => {
    const outcome = await project.knexward(args, {
      ...env,
      NODE_OPTIONS: `--require ${join(project.root, 'tell-peak.js')}`,
    });
    return { ...outcome, peakMiB: Number(project.read('peak.txt')) };
  };
  const fill = async (files: number, rows: number): Promise<void> => {
    database = await createDatabase();
    env = { TEST_DATABASE_URL: database.url };
    project = createProject({
      'knexfile.js': KNEXFILE,
      'tell-peak.js': `process.on('exit', () => require('fs').writeFileSync('peak.txt', String(process.resourceUsage().maxRSS / 1024)));`,
      'migrations/20190101000000_first.up.sql': 'select 1;\n',
    });
    // Makes the tables, as the first run does.
    await project.knexward(['up'], env);
    project.write(sqlFiles(files));
    await database.query(historySql(rows).replaceAll('\\n', '\n'));
  };
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  it('looks, and finds nothing to do, in memory that hardly grows', async () => {
    const commands = [['up'], ['up', '--dry-run'], ['status'], ['create', 'one more'], ['doctor']];
    const measure = async (): Promise<(number | null)[][]> => {
      const figures: (number | null)[][] = [];
      for (const args of commands) {
        const { code, peakMiB } = await peak(...args);
        figures.push([code, peakMiB]);
      }
      return figures;
    };
    await fill(FEW, FEW);
    const few = await measure();
    project.remove();
    await database.drop();
    await fill(FILES, FILES);
    const many = await measure();
    expect(many.map(([code]) => code)).toEqual(few.map(([code]) => code));
    for (const [index, [, peakMiB]] of many.entries()) {
      expect(peakMiB).toBeLessThan((few[index]?.[1] ?? 0) + 60);
    }
    const { pending } = (await peak('status', '--json')).json<{ pending: { name: string }[] }>();
    expect(pending).toMatchObject([{ name: expect.stringMatching(/_one_more\./) as string }]);
  });

  it('a history that is far ahead of the files: each row is told once, and the message is short', async () => {
    await fill(FEW, ROWS);
    const { code, json, peakMiB } = await peak('status', '--json');
    const { applied, problems } = json<{
      applied: unknown[];
      problems: { code: string; message: string }[];
    }>();
    expect({ code, applied: applied.length }).toEqual({ code: 0, applied: ROWS + 1 });
    expect(problems).toMatchObject([{ code: 'AHEAD' }]);
    expect(problems[0]?.message).toContain(`ahead of these files by ${ROWS - FEW} migrations`);
    expect(problems[0]?.message.length).toBeLessThan(10_000);
    expect(peakMiB).toBeLessThan(250);
    const [up, down] = [await peak('up'), await peak('down', '--all', '--dry-run')];
    expect([up.code, down.code]).toEqual([0, 5]);
    expect(up.stdout).toContain('Already up to date');
    expect(down.stderr).toContain('MISSING_FILE');
  });

  it('a formatter that has gone over all files: all are told, and git is not asked for each', async () => {
    await fill(300, 300);
    const changed = Object.keys(sqlFiles(300)).map((path) => [path, 'SELECT 1;\n']);
    project.write({
      ...(Object.fromEntries(changed) as Record<string, string>),
      'bin/git': '#!/bin/sh\necho asked >> "$ASKED"\nexit 1\n',
    });
    chmodSync(join(project.root, 'bin/git'), 0o755);
    const asked = join(project.root, 'asked.txt');
    const path = `${join(project.root, 'bin')}:${process.env['PATH'] ?? ''}`;
    const { json } = await project.knexward(['status', '--json'], {
      ...env,
      ASKED: asked,
      PATH: path,
    });
    const { problems } = json<{ problems: { code: string }[] }>();
    expect(problems.filter(({ code }) => code === 'CHANGED_FILE')).toHaveLength(300);
    expect(existsSync(asked)).toBe(true);
    expect(project.read('asked.txt').trim().split('\n').length).toBeLessThanOrEqual(20);
  });
});
