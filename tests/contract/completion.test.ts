import { execFileSync } from 'node:child_process';
import { createProject } from '../support/project';

describe('knexward completion', () => {
  const project = createProject({});
  afterAll(() => project.remove());

  it.each([
    [['knexward', 'sta'], ['status']],
    [['knexward', 'status', '--ch'], ['--check']],
    [['knexward', 'latest', '--dry'], ['--dry-run']],
    [['knexward', 'up', '--log-format', 'j'], ['json']],
    [['knexward', 'create', '-x', 'm'], ['mjs']],
    [['knexward', 'fleet', 'st'], ['status']],
    [['knexward', 'fleet', 'up', '--can'], ['--canary']],
  ])('bash: %j becomes %j', async (words, expected) => {
    const { stdout } = await project.knexward(['completion', 'bash']);
    const script = `${stdout}\nCOMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}; _knexward; echo "\${COMPREPLY[@]}"`;
    expect(execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim().split(' ')).toEqual(
      expected,
    );
  });

  it('zsh and fish are printed; another shell is refused', async () => {
    expect((await project.knexward(['completion', 'zsh'])).stdout).toContain('bashcompinit');
    expect((await project.knexward(['completion', 'fish'])).stdout).toContain('-a status');
    expect((await project.knexward(['completion', 'tcsh'])).code).toBe(2);
  });
});
