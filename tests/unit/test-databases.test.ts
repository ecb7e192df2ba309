import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { projectConfig, type ResolvedConfig } from '../../src/config/resolve';
import { ingredientsOf, keyOf } from '../../src/testing/key';
import { readTemplateComment, templateComment, templateName } from '../../src/testing/mark';
import { type ServerTraits } from '../../src/throwaway/claim';
import { temporaryName, newOwner, readTemporary } from '../../src/throwaway/names';
import { resolveForTests } from '../../src/testing/project';
import { settingStatements } from '../../src/throwaway/settings';

const SERVER: ServerTraits = {
  ...{ major: 18, role: 'app' },
  locale: {
    encoding: 'UTF8',
    collate: 'C',
    ctype: 'C',
    provider: 'libc',
    locale: null,
    rules: null,
    version: null,
  },
};
const HOSTILE = [
  '"; drop database app; --',
  'Müßiggang 東京',
  '../..',
  '',
  'x'.repeat(200),
  "it's",
];

describe('the names of test databases', () => {
  it.each(HOSTILE)('are plain and short, whatever the project is called: %s', (project) => {
    const names = [
      templateName(project, 'a'.repeat(64)),
      temporaryName('test', project, newOwner(), 99_999),
      temporaryName('building', project, newOwner(), 99_999),
    ];
    for (const name of names) expect(name).toMatch(/^knexward_[a-z0-9_]{1,54}$/);
  });

  it('tell their owner again, and what they are for', () => {
    const owner = newOwner();
    const name = temporaryName('building', 'shop', owner, 3);
    expect(readTemporary(name)).toEqual({ name, purpose: 'building', owner });
  });

  it('have an owner that is a positive bigint without leading zeros', () => {
    for (let n = 0; n < 200; n++) {
      const owner = newOwner();
      expect(BigInt.asIntN(64, BigInt(`0x${owner}`))).toBeGreaterThan(0n);
      expect(BigInt(`0x${owner}`).toString(16)).toBe(owner);
    }
  });

  it.each([
    'knexward_test_shop_1234567890abcdef_1_00000000',
    'knexward_test_shop',
    'knexward_template_shop_1234567890abcdef',
    `${temporaryName('test', 'shop', newOwner(), 1)}0`,
    temporaryName('test', 'shop', newOwner(), 1).replace('_1_', '_2_'),
    'app',
  ])('are not taken for ours where the seal is missing or wrong: %s', (name) => {
    expect(readTemporary(name)).toBeUndefined();
  });
});

describe('the comments on databases', () => {
  it('tell what they were told', () => {
    const mark = { key: 'k', project: 'a "b" \\ \'c\'', usedOn: '2026-11-22', builtBy: 'b' };
    expect(readTemplateComment(templateComment(mark))).toEqual(mark);
  });

  it.each([null, '', 'production!', 'knexward template {', 'knexward template {"key":"x"}'])(
    'are none of a template of ours: %s',
    (comment) => expect(readTemplateComment(comment)).toBeUndefined(),
  );
});

describe('the key of a template', () => {
  let root: string;
  const write = (path: string, content: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  const key = async (
    knex: Parameters<typeof projectConfig>[2] = {},
    server = SERVER,
    dependsOn: string[] = [],
  ): Promise<string> => {
    const config = projectConfig(root, 'test', knex, null) as ResolvedConfig;
    return keyOf(await ingredientsOf(config, server, dependsOn));
  };

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'knexward-key-'));
    write('migrations/20260101000000_a.js', 'a');
    write('migrations/sqls/a-up.sql', 'select 1');
    write('src/roles.js', 'x');
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('is the same for the same, also in another folder', async () => {
    const before = await key();
    expect(await key()).toBe(before);
    const elsewhere = root;
    root = mkdtempSync(join(tmpdir(), 'knexward-key-'));
    write('migrations/20260101000000_a.js', 'a');
    write('migrations/sqls/a-up.sql', 'select 1');
    expect(await key()).toBe(before);
    rmSync(elsewhere, { recursive: true });
  });

  it.each<[string, () => void]>([
    ['an edited body', () => write('migrations/20260101000000_a.js', 'b')],
    ['a new file', () => write('migrations/20260101000001_b.js', 'b')],
    ['an edited SQL file that a migration loads', () => write('migrations/sqls/a-up.sql', '')],
    ['a module in a sub-folder', () => write('migrations/lib/x.js', '')],
    [
      'a renamed file',
      () => {
        rmSync(join(root, 'migrations/20260101000000_a.js'));
        write('migrations/20260101000002_a.js', 'a');
      },
    ],
  ])('is another one after %s', async (_, change) => {
    const before = await key();
    change();
    expect(await key()).not.toBe(before);
  });

  it('is another one with another search path, schema, server, role, or file that it depends on', async () => {
    const keys = [
      await key(),
      await key({ searchPath: ['app'] }),
      await key({ migrations: { schemaName: 'app' } }),
      await key({ migrations: { disableTransactions: true } }),
      await key({}, { ...SERVER, major: 17 }),
      await key({}, { ...SERVER, role: 'other' }),
      await key({}, SERVER, ['src']),
    ];
    write('src/roles.js', 'y');
    keys.push(await key({}, SERVER, ['src']));
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('does not change with what a compiler leaves beside a file, or with what is not loaded', async () => {
    const before = await key();
    write('migrations/20260101000000_a.d.ts', 'export {}');
    write('migrations/20260101000000_a.js.map', '{}');
    write('migrations/.DS_Store', 'x');
    write('src/roles.js', 'y');
    expect(await key()).toBe(before);
  });

  it('USAGE where it depends on a file that is not there', async () => {
    await expect(key({}, SERVER, ['nowhere'])).rejects.toMatchObject({ code: 'USAGE' });
  });
});

describe('the environment that tests run in', () => {
  const knexfile = (...names: string[]) =>
    Object.fromEntries(
      names.map((name) => [name, { client: 'pg', connection: 'postgres://127.0.0.1:1/app' }]),
    );
  const chosen = async (env: string | undefined, ...names: string[]) =>
    (await resolveForTests({ config: knexfile(...names), env })).environment;

  it('is that of NODE_ENV, and development where the knexfile has no test', async () => {
    expect(await chosen(undefined, 'development', 'test')).toBe('test');
    expect(await chosen(undefined, 'development', 'production')).toBe('development');
    expect(await chosen('development', 'development', 'test')).toBe('development');
  });

  it.each(['test', 'testing', 'development', 'dev', 'ci', 'local', 'e2e-tests', 'test_2'])(
    'may be %s',
    async (env) => expect(await chosen(env, env)).toBe(env),
  );

  it.each(['production', 'prod', 'staging', 'latest', 'device', 'live'])(
    'is refused: %s',
    async (env) => {
      await expect(chosen(env, env)).rejects.toMatchObject({ code: 'USAGE' });
    },
  );

  it('is refused where NODE_ENV says production, whatever is asked for', async () => {
    const before = process.env['NODE_ENV'];
    process.env['NODE_ENV'] = 'production';
    try {
      await expect(chosen('test', 'test')).rejects.toMatchObject({
        code: 'USAGE',
        message: expect.stringContaining('NODE_ENV is "production"') as string,
      });
    } finally {
      process.env['NODE_ENV'] = before;
    }
  });
});

describe('the settings of a database', () => {
  it('become statements, with lists item by item', () => {
    const settings = [
      { role: null, entries: ['search_path="My ""app""", public', "app.tenant=it's=1"] },
      { role: 'web"er', entries: ['statement_timeout=5s'] },
    ];
    expect(settingStatements('d', settings)).toEqual([
      `alter database "d" set "search_path" to 'My "app"', 'public'`,
      `alter database "d" set "app"."tenant" to 'it''s=1'`,
      `alter role "web""er" in database "d" set "statement_timeout" to '5s'`,
    ]);
  });
});
