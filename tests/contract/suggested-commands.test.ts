import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type Option } from 'commander';
import ts from 'typescript';
import { calledWith, commandLine, commandLineInScope } from '../../src/command-line';
import { leaves } from '../support/commands';
import { createDatabase, type TestDatabase } from '../support/database';
import { createProject, type Outcome, type Project, REPOSITORY } from '../support/project';

/** Files that a team shares name commands in general; whoever reads them has an environment of their own. */
const WRITES_SHARED_FILES = [
  'src/adopt/knexfile/written-by-adopt.ts',
  'src/baseline/file.ts',
  'src/adopt/files.ts',
  'src/adopt/knexfile/render.ts',
  'src/adopt/takeover-record.ts',
  'src/repair/fix-script.ts',
  'src/rehearsal/script.ts',
  'src/schema/sql/render.ts',
];

const NAMES =
  'up|down|redo|status|currentVersion|seed|seed:make|reset|completion|wait|adopt|plan|verify|baseline|snapshot|unlock|resolve|doctor|fleet';
const BARE = new RegExp(`\\bknexward (?:(?:${NAMES}|create)\\b|<|$)`);

/** What a file's texts say, but for those of `--help`. */
function textsIn(path: string): string[] {
  const texts: string[] = [];
  const visit = (node: ts.Node): void => {
    const called = ts.isCallExpression(node) ? node.expression : undefined;
    if (called && ts.isPropertyAccessExpression(called) && called.name.text === 'addHelpText') {
      return visit(called.expression);
    }
    if (ts.isStringLiteral(node) || ts.isTemplateLiteralToken(node)) texts.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, readFileSync(join(REPOSITORY, path), 'utf8'), 99));
  return texts;
}

const sources = ['src', 'compat/db-migrate/src'].flatMap((folder) =>
  readdirSync(join(REPOSITORY, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /(?<!\.d)\.ts$/.test(name))
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`),
);

/** The commands that take an option, and those whose printed calls carry it. */
async function taken(isIt: (option: Option) => boolean): Promise<string[][]> {
  const all = await leaves();
  return all.filter(({ command }) => command.options.some(isIt)).map(({ words }) => words);
}
async function carrying(flag: string): Promise<string[][]> {
  const calls = (await leaves()).map(({ words }) => words);
  return calls.filter(([name = '', ...more]) => commandLine(name, ...more).includes(flag));
}

describe('the commands that messages suggest', () => {
  it('are all made in one place: no text in src holds one (FR-016)', () => {
    const found = sources
      .filter((path) => !WRITES_SHARED_FILES.includes(path))
      .flatMap((path) => textsIn(path).map((text) => `${path}: ${text}`))
      .filter((text) => BARE.test(text))
      // The version, and the heading of a summary.
      .filter((text) => !/: (?:knexward |### knexward )$/.test(text))
      .filter((text) => !text.endsWith('Show the help: knexward '));
    expect(found).toEqual([]);
  });

  it('the commands that are said to take --scope do, and no others', async () => {
    calledWith({ scope: 'tenant' });
    const taking = await taken(({ long }) => long === '--scope');
    expect(await carrying('--scope')).toEqual(taking);
  });

  it('carry --url to the commands that take it, and to no others', async () => {
    calledWith({ url: 'postgresql://app@localhost/shop' });
    const taking = await taken(({ long, hidden }) => long === '--url' && !hidden);
    expect(await carrying('--url')).toEqual(taking);
  });

  it('are quoted for a shell; what the words say goes before what the call said (FR-016)', () => {
    calledWith({ env: 'it\'s "prod"', cwd: '/a b', knexfile: 'k.ts', scope: 't' });
    expect(commandLine('status', '--env', 'dev')).toBe(
      `knexward status --env dev --scope t --cwd '/a b' --knexfile k.ts`,
    );
    expect(commandLineInScope('', 'up')).toBe(
      `knexward up --env 'it'\\''s "prod"' --cwd '/a b' --knexfile k.ts`,
    );
  });

  it('say --url without the password: the variable that holds it, or *** in its place (FR-016, FR-018)', () => {
    const url = 'postgresql://app:s3cret@db.example.org/shop?sslmode=require';
    calledWith({ url, env: 'production' });
    expect(commandLine('status')).toBe(
      "knexward status --env production --url 'postgresql://app:***@db.example.org/shop?sslmode=require'",
    );
    process.env['SHOP_URL'] = url;
    calledWith({ url, env: 'production' });
    expect(commandLine('up')).toBe('knexward up --env production --url $SHOP_URL');
    // What is read from .env later is not in the reader's shell.
    calledWith({ url: url.replace('s3cret', 'other') });
    process.env['SHOP_URL'] = url.replace('s3cret', 'other');
    expect(commandLine('up')).toContain(':***@');
    delete process.env['SHOP_URL'];
    calledWith({ url: 'postgresql://app@localhost/shop', env: 'dev' });
    expect(commandLine('up')).toBe('knexward up --env dev --url postgresql://app@localhost/shop');
    calledWith({});
    expect(commandLine('up')).not.toContain('--url');
  });

  it('are without options in a program that uses the library (FR-016)', () => {
    const project = createProject({});
    const script = `const { createMigrator } = require('knexward');
      createMigrator({ cwd: ${JSON.stringify(project.root)} }).up().catch((e) => console.log(e.fix));`;
    return project.node(['-e', script], { NODE_ENV: 'test' }).then(({ stdout }) => {
      project.remove();
      expect(stdout).toMatch(/ knexward create first_migration$/m);
    });
  });
});

const APPLIED = "20260101000000_it's here.js";
const FOLDER = 'a shop';
const KNEXFILE = `const of = (name) => ({ client: 'pg', connection: process.env[name], migrations: { directory: './migrations' } });
module.exports = { development: of('DEVELOPMENT_URL'), production: of('PRODUCTION_URL') };`;

/** The commands in what was printed: each ends at a double quote, or with its line. */
function commandsIn(text: string): string[] {
  const word = String.raw`(?:'[^']*'|\\.|[^\s'"\\])+`;
  const call = new RegExp(`(?<!\\$ )\\bknexward (?:${NAMES}|create)(?: ${word})*(?="|$)`, 'gm');
  return [...new Set(text.match(call))];
}

describe('a suggested command, pasted into a shell', () => {
  let development: TestDatabase;
  let production: TestDatabase;
  let project: Project;

  beforeAll(async () => {
    [development, production] = await Promise.all([createDatabase(), createDatabase()]);
  });
  afterAll(() => Promise.all([development.drop(), production.drop()]));
  beforeEach(async () => {
    project = createProject({
      [`${FOLDER}/my knexfile.js`]: KNEXFILE,
      [`${FOLDER}/migrations/${APPLIED}`]: 'exports.up = async () => {};',
    });
    symlinkSync(join(REPOSITORY, 'bin/knexward.js'), join(project.root, 'knexward'));
    await both('drop schema public cascade; create schema public');
    for (const name of ['development', 'production']) await run(['up'], { NODE_ENV: name });
  });
  afterEach(() => project.remove());

  const both = (sql: string) =>
    Promise.all([development, production].map((database) => database.query(sql)));
  const variables = () => ({ DEVELOPMENT_URL: development.url, PRODUCTION_URL: production.url });
  const run = (args: string[], env: Record<string, string> = {}): Promise<Outcome> =>
    project.knexward([...args, '--cwd', FOLDER, '--knexfile', 'my knexfile.js'], {
      ...variables(),
      ...env,
    });

  /** All that a command suggests, as text, as JSON, in its log and to GitHub: always the same. */
  async function suggestedBy(args: string[]): Promise<string[]> {
    const inProduction = [...args, '-e', 'production'];
    const [text, json, log, github, byVariable] = [
      await run(inProduction),
      await run([...inProduction, '--json']),
      await run([...inProduction, '--log-format', 'json']),
      await run(inProduction, { GITHUB_ACTIONS: 'true' }),
      await run(args, { NODE_ENV: 'production' }),
    ];
    const commands = commandsIn(text.stdout + text.stderr);
    expect(commands).not.toEqual([]);
    for (const command of commands) {
      expect(command).toContain(` --env production --cwd '${FOLDER}' --knexfile 'my knexfile.js'`);
    }
    const said = commandsIn(textsOf(json.json()).join('\n'));
    expect(commands).toEqual(expect.arrayContaining(said));
    expect(said).not.toEqual([]);
    const logged = [
      log.stdout,
      ...log.stderr
        .trim()
        .split('\n')
        .flatMap((line) => textsOf(line)),
    ];
    expect(commandsIn(logged.join('\n'))).not.toEqual([]);
    expect(commandsIn(`${github.stdout}${github.stderr}`.replaceAll('%0A', '\n'))).toEqual(
      commands,
    );
    expect(commandsIn(byVariable.stdout + byVariable.stderr)).toEqual(commands);
    return commands;
  }

  /** The texts in a document, or in a line that is one. */
  function textsOf(value: unknown): string[] {
    if (typeof value === 'string' && value.startsWith('{')) return textsOf(JSON.parse(value));
    if (typeof value === 'string') return [value];
    return typeof value === 'object' && value ? Object.values(value).flatMap(textsOf) : [];
  }

  /** Pastes a line where NODE_ENV says something else. */
  const paste = (line: string): Promise<{ code: number; stdout: string }> =>
    new Promise((resolve) => {
      const { PATH = '', HOME = '' } = process.env;
      const env = {
        PATH: `${project.root}:${PATH}`,
        HOME,
        NODE_ENV: 'development',
        ...variables(),
      };
      execFile('sh', ['-c', line], { cwd: project.root, env }, (error, stdout) =>
        resolve({ code: Number(error?.code ?? 0), stdout }),
      );
    });

  it('unlock: frees the lock of production, and not that of development (FR-016)', async () => {
    await both('update knex_migrations_lock set is_locked = 1');
    project.write({ [`${FOLDER}/migrations/20260102000000_b.js`]: 'exports.up = async () => {};' });
    const [unlock = ''] = await suggestedBy(['up']);
    expect(await paste(`${unlock} --yes`)).toMatchObject({ code: 0 });
    const locks = await both('select is_locked from knex_migrations_lock');
    expect(locks).toEqual([[{ is_locked: 1 }], [{ is_locked: 0 }]]);
  });

  it('resolve: settles the change in production, and not in development (FR-016)', async () => {
    await both(`delete from knex_migrations; insert into knexward_journal
      (run_id, event, migration, actor) values (gen_random_uuid(), 'started', $$${APPLIED}$$, 'x')`);
    const commands = await suggestedBy(['up']);
    expect(await suggestedBy(['status'])).toEqual(commands);
    expect(await suggestedBy(['wait'])).toEqual(commands);
    const [applied = '', reverted = ''] = commands;
    expect([applied, reverted].map((command) => command.split(' --env ')[0])).toEqual([
      `knexward resolve '20260101000000_it'\\''s here.js' --applied`,
      `knexward resolve '20260101000000_it'\\''s here.js' --reverted`,
    ]);
    expect(await paste(applied)).toMatchObject({ code: 0 });
    const rows = await both('select name from knex_migrations');
    expect(rows).toEqual([[], [{ name: APPLIED }]]);
  });

  it('resolve, where what the migration makes is there already (FR-016)', async () => {
    await both('create table rooms (id int)');
    project.write({
      [`${FOLDER}/migrations/20260102000000_b.js`]:
        "exports.up = (knex) => knex.raw('create table rooms (id int)');",
    });
    const [resolve = '', status = ''] = await suggestedBy(['up']);
    expect(await paste(resolve)).toMatchObject({ code: 0 });
    const { stdout } = await paste(status);
    expect(stdout).toContain(`/${production.name} (schema public)\n`);
    expect(stdout).toContain('Already up to date');
    const rows = await both('select from knex_migrations');
    expect(rows.map(({ length }) => length)).toEqual([1, 2]);
  });

  it('resolve --accept-checksum, snapshot, status, baseline, adopt: act on production (FR-016)', async () => {
    project.write({
      [`${FOLDER}/migrations/${APPLIED}`]: '// edited\nexports.up = async () => {};',
    });
    const [accept = ''] = await suggestedBy(['status']);
    const [snapshot = ''] = await suggestedBy(['snapshot', '--check']);
    const [status = ''] = await suggestedBy(['up', 'nowhere']);
    const [baseline = ''] = await suggestedBy(['baseline', '--check']);
    await both('create table migrations (id serial, name text, run_on timestamp)');
    await both("insert into migrations (name, run_on) values ('/20150101000000-a', now())");
    const adopts = await suggestedBy(['up']);
    await both('drop table migrations');
    expect(adopts.map((line) => line.split(' --env ')[0])).toEqual([
      'knexward adopt',
      'knexward adopt --database-only',
    ]);
    for (const line of [accept, snapshot, status, baseline]) {
      const { code, stdout } = await paste(line);
      expect([line, code]).toEqual([line, 0]);
      expect(stdout).toContain(`/${production.name} (schema public)\n`);
    }
    expect((await run(['status', '--json'])).json()).toMatchObject({
      problems: [{ code: 'CHANGED_FILE' }],
    });
    expect((await run(['status', '--json', '-e', 'production'])).json()).toMatchObject({
      problems: [],
    });
  });

  it('carries --scope (FR-016)', async () => {
    project.write({ [`${FOLDER}/migrations/ten ant/20260102000000_b.js`]: 'exports.up = 1;' });
    const [status = ''] = await suggestedBy(['up', 'nowhere', '--scope', 'ten ant']);
    expect(status).toContain("knexward status --scope 'ten ant' --env production");
    expect(await paste(status)).toMatchObject({ code: 0 });
  });

  it('also in the file of a plan (FR-016)', async () => {
    project.write({ [`${FOLDER}/migrations/20260102000000_b.js`]: 'exports.up = async () => {};' });
    const { stdout } = await run(['plan', '--sql', '-e', 'production']);
    const hints = [...stdout.matchAll(/hint = '((?:[^']|'')*)'/g)].map(([, hint = '']) => hint);
    const commands = commandsIn(hints.join('\n').replaceAll("''", "'"));
    expect(commands.map((line) => line.split(' --env production --cwd ')[0])).toEqual([
      'knexward adopt',
      'knexward status',
      'knexward plan',
    ]);
  });
});
