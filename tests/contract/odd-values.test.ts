import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Command } from 'commander';
import { type Leaf, leaves } from '../support/commands';
import { createProject, type Project } from '../support/project';

/** Nobody listens there: a command that goes on ends at its connection. */
const KNEXFILE = `module.exports = { client: 'pg', connection: 'postgresql://a@127.0.0.1:1/x' };`;
const FILES = {
  'knexfile.js': KNEXFILE,
  'migrations/20260101000000_a.js': 'exports.up = async () => {};',
};

/** A place on a command line where a value can stand. */
interface Place {
  title: string;
  args: (value: string) => string[];
  /** Whether the command itself says what an empty one is. */
  required: boolean;
}

/** What a command cannot do without, beside the value that is looked at. */
function namesFor(command: Command): string[] {
  return command.registeredArguments.filter(({ required }) => required).map(() => 'x');
}

function placesOf({ words, command }: Leaf): Place[] {
  const name = words.join(' ');
  const options = command.options
    .filter(({ required, optional }) => required || optional)
    .flatMap(({ long, short }) => [long, short].filter((flag) => flag !== undefined))
    .map((flag) => ({
      title: `${name} ${flag}`,
      args: (value: string) => [...words, ...namesFor(command), flag, value],
      required: false,
    }));
  const positions = command.registeredArguments.map((argument) => ({
    title: `${name} ${argument.name()}`,
    args: (value: string) => [...words, value],
    required: argument.required,
  }));
  const joined = options
    .filter(({ title }) => title.includes('--'))
    .map(({ title, args }) => ({
      title: `${title}=`,
      args: (value: string) => [...args('').slice(0, -2), `${title.split(' ').at(-1)}=${value}`],
      required: false,
    }));
  return [...options, ...joined, ...positions];
}

const SECRETS = [
  'hunter2secret',
  'a/b#c?d-secret',
  'per%40cent-secret',
  'pa:ss@word-secret',
  's3c',
];

describe('odd values on the command line', () => {
  let project: Project;
  let places: Place[];

  beforeAll(async () => {
    places = (await leaves()).flatMap(placesOf);
    project = createProject(FILES);
  });
  afterAll(() => project.remove());

  it('a URL with a password, at each place of each command: no output shows the password (FR-018)', async () => {
    const shown: string[] = [];
    expect(places.length).toBeGreaterThan(200);
    let turn = 0;
    for (const { title, args } of [...places, ...OUTSIDE]) {
      const secret = SECRETS[turn++ % SECRETS.length] as string;
      const value = `postgres://u:${secret}@127.0.0.1:1/db`;
      for (const more of [[], ['--json', '--log-format', 'json', '--log-level', 'debug']]) {
        const { code, stdout, stderr } = await project.knexward([...args(value), ...more]);
        const printed = stdout + stderr;
        if (code === 0) shown.push(`${title} is taken`);
        if (printed.includes(secret)) shown.push(`${title}: ${printed}`);
      }
    }
    expect(shown).toEqual([]);
    expect(existsSync(join(project.root, '.knexward'))).toBe(false);
  }, 240_000);

  it('NODE_ENV holds such a URL: it is not shown either (FR-018)', async () => {
    const NODE_ENV = 'postgres://u:hunter2secret@127.0.0.1:1/db';
    for (const command of ['doctor', 'status', 'up']) {
      for (const more of [[], ['--json']]) {
        const { stdout, stderr } = await project.knexward([command, ...more], { NODE_ENV });
        expect(stdout + stderr).not.toContain('hunter2secret');
      }
    }
  });

  it('an empty value, as of an unset variable, at each place of each command: exit 2, and it says which', async () => {
    const wrong: string[] = [];
    let turn = 0;
    for (const { title, args, required } of places) {
      const { code, stderr } = await project.knexward(args(turn++ % 3 === 0 ? '  ' : ''));
      const says = /is empty|is invalid|needed|cannot be|no migration/.test(stderr);
      if (code !== 2 && !(required && code === 3)) wrong.push(`${title}: ${code} ${stderr}`);
      else if (!says && !required) wrong.push(`${title}: ${stderr}`);
    }
    expect(wrong).toEqual([]);
  }, 240_000);

  it.each([
    [['create', 'x']],
    [['seed:make', 'x']],
    [['db']],
    [['db', '--stop']],
    [['init', '--cwd', 'fresh']],
  ])('%j with --url, which it has no use for: exit 2', async (args) => {
    const url = 'postgresql://a@127.0.0.1:1/x';
    const started = createProject({ 'fresh/package.json': '{}', 'migrations/a.sql': '' });
    const { code, stderr } = await started.knexward([...args, '--url', url]);
    started.remove();
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^USAGE .*\n {2}Leave --url out/)]);
  });

  it('snapshot --ignore-column-order without --check compares nothing: exit 2', async () => {
    const { code, stderr } = await project.knexward(['snapshot', '--ignore-column-order']);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^USAGE .*is for --check/)]);
  });

  it.each(['env', 'cwd', 'knexfile'])(
    'a program gives an empty %s: it is refused, and nothing stands in for it',
    async (name) => {
      const { stdout } = await project.node([
        '-e',
        `require('knexward').createMigrator({ ${name}: '' }).status().catch((e) => console.log(e.code, e.message))`,
      ]);
      expect(stdout).toMatch(new RegExp(`^USAGE ${name} is empty`));
    },
  );
});

/** Where no command's definition says what a word is. */
const OUTSIDE: Place[] = [
  { title: 'a command', args: (value) => [value], required: true },
  { title: "another tool's word", args: (value) => ['deploy', '--env', value], required: true },
  { title: "another tool's URL", args: (value) => ['deploy', '--url', value], required: true },
  { title: 'a second name', args: (value) => ['status', value], required: true },
  { title: 'a name for latest', args: (value) => ['latest', value], required: true },
  {
    title: "Knex's --connection",
    args: (value) => ['latest', '--connection', value],
    required: true,
  },
  { title: "Knex's --client", args: (value) => ['latest', '--client', value], required: true },
  { title: "Knex's --client=", args: (value) => ['latest', `--client=${value}`], required: true },
  { title: 'an unknown option', args: (value) => ['up', `--frob=${value}`], required: true },
  { title: 'a value of a switch', args: (value) => ['up', `--dry-run=${value}`], required: true },
];
