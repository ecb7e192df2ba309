import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const CHILD = join(__dirname, '../fixtures/db-migrate/load-child.js');

let folder: string;

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'knexward-load-')));
});

afterEach(() => rm(folder, { recursive: true }));

interface Loaded {
  results: Record<string, unknown>[];
  dbm: string;
}

/** Writes a project that has none of db-migrate's modules, and loads its files, all at once. */
async function load(files: Record<string, string>, names = Object.keys(files)): Promise<Loaded> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  const paths = names.map((name) => join(folder, name));
  const { stdout } = await promisify(execFile)(process.execPath, [CHILD, ...paths]);
  return JSON.parse(stdout) as Loaded;
}

async function loadOne(name: string, content: string): Promise<unknown> {
  return (await load({ [name]: content })).results[0];
}

describe('a migration file', () => {
  it.each([
    [
      'CommonJS',
      '1-a.js',
      'exports.setup = () => {}; exports.up = () => "up"; exports.down = () => null;',
    ],
    [
      'CommonJS by name',
      '1-a.cjs',
      'module.exports = { setup() {}, up() { return "up"; }, down() {} };',
    ],
    [
      'an ES module',
      '1-a.mjs',
      'export const setup = () => {}; export const up = () => "up"; export const down = () => null;',
    ],
    [
      'an ES module by default',
      '1-a.mjs',
      'export default { setup() {}, up: () => "up", down() {} };',
    ],
    [
      'TypeScript',
      '1-a.ts',
      `export function setup(options: { dbmigrate: unknown }): void {}
       export async function up(db: object): Promise<string> { return 'up' as string; }
       export async function down(): Promise<null> { return null; }`,
    ],
  ])('may be %s', async (_, name, content) => {
    expect(await loadOne(name, content)).toEqual({
      setup: 'function',
      up: 'function',
      down: 'function',
      returned: 'up',
    });
  });

  it('is what its package says it is', async () => {
    const { results } = await load(
      {
        'package.json': '{ "type": "module" }',
        '1-module.js': 'export const up = () => import.meta.url.slice(0, 5);',
        'old/package.json': '{ "type": "commonjs" }',
        'old/2-script.js': 'exports.up = () => typeof require;',
      },
      ['1-module.js', 'old/2-script.js'],
    );
    expect(results).toMatchObject([{ returned: 'file:' }, { returned: 'function' }]);
  });

  it('needs neither setup nor down', async () => {
    expect(await loadOne('1-a.js', 'exports.up = () => null;')).toEqual({
      setup: 'undefined',
      up: 'function',
      down: 'undefined',
      returned: null,
    });
  });

  it.each([
    ['no up', '1-a.js', 'exports.down = () => null;', '1-a.js exports no function "up"'],
    ['nothing', '1-a.js', 'module.exports = undefined;', '1-a.js exports no function "up"'],
    ['CoffeeScript', '1-a.coffee', 'exports.up = -> null', 'is CoffeeScript'],
    ['another language', '1-a.py', 'def up(): pass', 'neither JavaScript nor TypeScript'],
    ['a fault', '1-a.js', 'exports.up = (', '1-a.js cannot be loaded: SyntaxError'],
    ['a missing module', '1-a.js', 'require("not-there");', "Cannot find module 'not-there'"],
  ])('is refused with %s', async (_, name, content, message) => {
    expect(await loadOne(name, content)).toEqual({
      code: 'INVALID_MIGRATION',
      message: expect.stringContaining(message) as string,
      fix: expect.stringMatching(/\S/) as string,
    });
  });
});

describe('without db-migrate in the project (FR-012)', () => {
  it.each([
    [
      'looks for the global first',
      '1-a.js',
      'var type = (global.dbm || require("db-migrate")).dataType; exports.up = () => type.DATE_TIME;',
      'datetime',
    ],
    [
      'requires db-migrate',
      '1-a.js',
      'var type = require("db-migrate").dataType; exports.up = () => type.BLOB;',
      'blob',
    ],
    [
      'requires it when it runs',
      '1-a.js',
      'exports.up = () => require("db-migrate").dataType.INTEGER;',
      'int',
    ],
    [
      'requires its shared part',
      '1-a.js',
      'exports.up = () => require("db-migrate-shared").dataType.REAL;',
      'real',
    ],
    [
      'requires Bluebird',
      '1-a.js',
      'exports.up = () => require("bluebird").map([1, 2], (n) => n * 2);',
      [2, 4],
    ],
    [
      'imports it in TypeScript',
      '1-a.ts',
      'import { dataType } from "db-migrate"; export const up = (): string => dataType.BIG_INTEGER;',
      'bigint',
    ],
  ])('a file still finds it that %s', async (_, name, content, returned) => {
    expect(await loadOne(name, content)).toMatchObject({ returned });
  });

  it('no other file finds it', async () => {
    const { results } = await load(
      {
        '1-a.js': 'exports.up = () => require("./other.js")();',
        'other.js': 'module.exports = () => require("db-migrate").version;',
      },
      ['1-a.js'],
    );
    expect(results).toMatchObject([{ code: 'MODULE_NOT_FOUND' }]);
  });

  it('the global is gone when all files are loaded, in whatever order that ends', async () => {
    const { dbm, results } = await load({
      '1-slow.mjs':
        'await new Promise((r) => setTimeout(r, 50)); const found = typeof dbm; export const up = () => found;',
      '2-fast.js': 'const found = typeof dbm; exports.up = () => found;',
    });
    expect(results).toMatchObject([{ returned: 'object' }, { returned: 'object' }]);
    expect(dbm).toBe('undefined');
  });
});

it("prefers the project's own modules", async () => {
  const { results } = await load(
    {
      'node_modules/db-migrate/index.js': 'exports.dataType = { STRING: "own" };',
      'node_modules/bluebird/index.js': 'module.exports = { own: true };',
      '1-a.js': 'exports.up = () => [require("db-migrate").dataType.STRING, require("bluebird")];',
    },
    ['1-a.js'],
  );
  expect(results).toMatchObject([{ returned: ['own', { own: true }] }]);
});
