import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { createDatabase, type TestDatabase } from '../support/database';
import { createProject, KNEXFILE, type Project, REPOSITORY } from '../support/project';

const GOOD = `exports.up = (knex) => knex.raw('create table a (id int)');
exports.down = (knex) => knex.raw('drop table a');
`;
const BROKEN = "exports.up = (knex) => knex.raw('select broken');\nexports.down = exports.up;\n";

interface Action {
  inputs: Record<string, { default?: string; required?: boolean }>;
  outputs: Record<string, { value: string }>;
  runs: { steps: { id: string; env: Record<string, string>; run: string }[] };
}

describe('the reusable action, its script run as a runner does', () => {
  const action = parse(readFileSync(join(REPOSITORY, 'action.yml'), 'utf8')) as Action;
  const [step] = action.runs.steps;
  let database: TestDatabase;
  let project: Project;

  beforeEach(async () => {
    database = await createDatabase();
    const knexfile = `${KNEXFILE}module.exports.ci = module.exports.development;\n`;
    project = createProject({ 'knexfile.js': knexfile, 'migrations/20260101000000_a.js': GOOD });
    mkdirSync(join(project.root, 'node_modules/.bin'));
    const program = join(REPOSITORY, 'bin/knexward.js');
    symlinkSync(program, join(project.root, 'node_modules/.bin/knexward'));
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  /** What GitHub does with a step of a composite action: fills in the inputs, and runs the script. */
  async function run(
    inputs: Record<string, string>,
  ): Promise<{ code: number; stdout: string; stderr: string }> {
    const filled = Object.entries(step?.env ?? {}).map(([name, value]) => {
      const [, input = ''] = /^\$\{\{ inputs\.([\w-]+) \}\}$/.exec(value) ?? [];
      return [name, inputs[input] ?? action.inputs[input]?.default ?? ''];
    });
    writeFileSync(join(project.root, 'output'), '');
    const env = {
      ...{ PATH: process.env['PATH'], HOME: process.env['HOME'] },
      ...(Object.fromEntries(filled) as Record<string, string>),
      TEST_DATABASE_URL: database.url,
      GITHUB_ACTIONS: 'true',
      GITHUB_WORKSPACE: project.root,
      GITHUB_OUTPUT: join(project.root, 'output'),
      GITHUB_STEP_SUMMARY: join(project.root, 'summary.md'),
    };
    const args = ['--noprofile', '--norc', '-e', '-o', 'pipefail', '-c', step?.run ?? ''];
    return new Promise((resolve) => {
      const child = execFile('bash', args, { cwd: project.root, env }, (_, stdout, stderr) =>
        resolve({ code: child.exitCode ?? -1, stdout, stderr }),
      );
    });
  }

  it('runs the command of the project, and says the exit code', async () => {
    expect((await run({ command: 'status --check' })).code).toBe(6);
    expect(project.read('output')).toBe('exit-code=6\n');
    expect((await run({ command: 'up' })).code).toBe(0);
    expect(project.read('output')).toBe('exit-code=0\n');
    expect(action.outputs['exit-code']?.value).toBe(`\${{ steps.${step?.id}.outputs.exit-code }}`);
  });

  it('a failed migration: an annotation at its file, the summary, and its code', async () => {
    project.write({ 'migrations/20260102000000_b.js': BROKEN });
    const { code, stderr } = await run({ command: 'up' });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^::error file=migrations\/20260102000000_b\.js,/m);
    expect(project.read('summary.md')).toMatch(/column .*broken.* does not exist/);
    expect(project.read('output')).toBe('exit-code=1\n');
  });

  it('passes the environment on', async () => {
    const { code, stdout } = await run({ command: 'up --dry-run', environment: 'ci' });
    expect(code).toBe(0);
    expect(stdout).toContain('Using environment: ci\n');
    expect((await run({ command: 'up', environment: 'nowhere' })).code).toBe(2);
  });

  it('what an input holds never becomes a part of the script', async () => {
    const { code } = await run({
      command: 'status; touch written $(touch written) `touch written`',
    });
    expect(code).toBe(2);
    expect(existsSync(join(project.root, 'written'))).toBe(false);
  });
});
