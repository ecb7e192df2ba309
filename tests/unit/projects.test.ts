import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DB_MIGRATE_PACKAGES } from '../support/db-migrate.js';
import { REPOSITORY } from '../support/project.js';

interface RealProject {
  name: string;
  repository: string;
  commit: string;
  special: string;
  count: number;
  environment?: Record<string, string>;
  packages?: string[];
}

const { projects, together } = JSON.parse(
  readFileSync(join(REPOSITORY, 'tests/real/projects.json'), 'utf8'),
) as { projects: RealProject[]; together: { name: string; projects: string[] }[] };

/** What scripts/projects.mjs and its page understand. */
const KEYS = readFileSync(join(REPOSITORY, 'docs/real-projects.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, key]) => key))
  .concat('name', 'repository', 'commit', 'special');

describe('tests/real/projects.json', () => {
  it('names thirty public repositories or more, each once', () => {
    const repositories = projects.map(({ repository }) => repository.toLowerCase());
    expect(new Set(repositories).size).toBe(repositories.length);
    expect(repositories.length).toBeGreaterThanOrEqual(30);
  });

  it.each(projects.map((project) => [project.name, project] as const))('%s is whole', (_, one) => {
    expect(one.name).toMatch(/^[\w-]+$/);
    expect(one.repository).toMatch(/^https:\/\/github\.com\/[\w-]+\/[\w.-]+$/);
    expect(one.commit).toMatch(/^[0-9a-f]{40}$/);
    expect(one.special).not.toBe('');
    expect(one.count).toBeGreaterThan(0);
    expect(KEYS).toEqual(expect.arrayContaining(Object.keys(one)));
  });

  it.each(projects.map((project) => [project.name, project] as const))(
    '%s asks for nothing that the script does not give',
    (_, { environment = {}, packages = [] }) => {
      const known = ['url', 'host', 'port', 'user', 'password', 'database'];
      const used = Object.values(environment).flatMap((value) =>
        [...value.matchAll(/\{(\w+)\}/g)].map(([, word]) => word),
      );
      expect(known).toEqual(expect.arrayContaining(used));
      expect(packages.filter((name) => DB_MIGRATE_PACKAGES.includes(name))).toEqual([]);
    },
  );

  it('puts histories together that it has', () => {
    const names = projects.map(({ name }) => name);
    for (const group of together) expect(names).toEqual(expect.arrayContaining(group.projects));
    expect(new Set([...names, ...together.map(({ name }) => name)]).size).toBe(
      names.length + together.length,
    );
  });
});

describe('scripts/projects.mjs', () => {
  const run = (...args: string[]) => {
    const program = join(REPOSITORY, 'scripts/projects.mjs');
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
      encoding: 'utf8',
    });
    return { status, stdout, stderr };
  };

  it('--help tells how it is used', () => {
    const { status, stdout, stderr } = run('--help');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    for (const option of ['--from', '--commands', '--only', '--write', '--verbose'])
      expect(stdout).toContain(option);
  });

  it('an unknown option gets the usage, and no stack', () => {
    const { status, stdout, stderr } = run('--nonsense');
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/'--nonsense'.*\n\nUsage: node scripts\/projects\.mjs/);
    expect(stderr).not.toContain('    at ');
  });
});
