import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createDatabase, type TestDatabase } from '../support/database';
import { createProject, KNEXFILE, type Project, REPOSITORY } from '../support/project';

// `script` (util-linux) gives the command a terminal. Where it is missing, these are left out.
const hasTerminal = spawnSync('script', ['-qec', 'true', '/dev/null']).status === 0;
const describeOnTerminal = hasTerminal ? describe : describe.skip;

describeOnTerminal('the question before a revert in production, on a terminal', () => {
  let database: TestDatabase;
  let project: Project;

  beforeEach(async () => {
    database = await createDatabase();
    project = createProject({
      'knexfile.js': KNEXFILE.replace('development:', 'production:'),
      'migrations/20260101000000_a.js':
        'exports.up = async () => {}; exports.down = async () => {};',
    });
    await project.knexward(['up', '-e', 'production'], { TEST_DATABASE_URL: database.url });
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  const answer = async (keys: string, redirected = ''): Promise<{ code: number; said: string }> => {
    const command = `${process.execPath} ${join(REPOSITORY, 'bin/knexward.js')} down -e production ${redirected}`;
    const child = spawn('script', ['-qfec', command, '/dev/null'], {
      cwd: project.root,
      env: { PATH: process.env['PATH'], TEST_DATABASE_URL: database.url, TERM: 'dumb' },
      stdio: 'pipe',
    });
    let said = '';
    let answered = false;
    child.stdout.on('data', (text: Buffer) => {
      said += text.toString();
      if (answered || !/\[y\/N\]|schema public/.test(said)) return;
      answered = true;
      // Once the question is there; on a redirected stderr it is not seen.
      setTimeout(() => child.stdin.write(keys), 500);
    });
    const [code] = (await once(child, 'close')) as [number];
    return { code, said };
  };
  const rows = () => database.query('select name from knex_migrations');

  it.each([
    ['y', 'y\r', '', 0, 'Batch 1 rolled back: 1 migrations', 0],
    ['n', 'n\r', '', 2, 'You answered no', 1],
    ['the end of the input (Ctrl-D)', '\x04', '', 2, 'You answered no', 1],
    ['Ctrl-C', '\x03', '', 130, 'Stopped before an answer. Nothing was changed', 1],
    ['Ctrl-C, with stderr in a file', '\x03', '2>said.txt', 130, '', 1],
  ])('%s (FR-009)', async (_, keys, redirected, code, says, left) => {
    const outcome = await answer(keys, redirected);
    expect(outcome.said).toContain(says);
    expect(outcome.code).toBe(code);
    expect(await rows()).toHaveLength(left);
  });
});
