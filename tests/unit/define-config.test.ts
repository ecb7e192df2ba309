import { join } from 'node:path';
import ts from 'typescript';
import { defineConfig } from '../../src/config/define';
import { REPOSITORY } from '../support/project';

const OPTIONS: ts.CompilerOptions = {
  ...{ noEmit: true, strict: true, skipLibCheck: true, types: [] },
  module: ts.ModuleKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
};

/** What the compiler says of each of these arguments of `defineConfig`; all are compiled at once. */
function complaintsAbout(configs: readonly string[]): string[][] {
  const files = new Map(
    configs.map((config, index) => [
      join(REPOSITORY, 'tests', `config-${index}.ts`),
      `import { defineConfig } from '../src/config/define.js';\nexport default defineConfig(${config});\n`,
    ]),
  );
  const host = ts.createCompilerHost(OPTIONS);
  const disk = ts.createCompilerHost(OPTIONS);
  host.fileExists = (path) => files.has(path) || disk.fileExists(path);
  host.getSourceFile = (path, ...rest) => {
    const text = files.get(path);
    return text === undefined
      ? disk.getSourceFile(path, ...rest)
      : ts.createSourceFile(path, text, ts.ScriptTarget.ES2022);
  };
  const program = ts.createProgram([...files.keys()], OPTIONS, host);
  return [...files.keys()].map((path) =>
    program
      .getSemanticDiagnostics(program.getSourceFile(path))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
  );
}

const ONE = `{
  client: 'pg',
  connection: 'postgres://localhost/shop',
  searchPath: ['app'],
  migrations: { directory: ['a', 'b'], afterAll: async (knex) => { await knex.raw('select 1'); } },
  knexward: { lockTimeout: '3s', outOfOrder: 'refuse' },
}`;
const SEVERAL = `{ development: ${ONE}, production: ${ONE} }`;
const FORMS = (config: string): string[] => [
  config,
  `() => (${config})`,
  `async () => (${config})`,
  `async () => { await Promise.resolve(); return ${config}; }`,
];
const MISTAKES: [string, string][] = [
  ['connection:', 'conection:'],
  ['migrations:', 'migration:'],
  ['knexward:', 'knexwards:'],
  ['directory:', 'directories:'],
  ['afterAll:', 'afterEverything:'],
  ['lockTimeout:', 'lockTimeOut:'],
  ["'refuse'", "'deny'"],
];

describe('defineConfig', () => {
  const good = [...FORMS(ONE), ...FORMS(SEVERAL)];
  const bad = MISTAKES.flatMap(([right, wrong]) => good.map((form) => form.replace(right, wrong)));
  const complaints = complaintsAbout([...good, ...bad]);

  it('takes one configuration, several, and a function that returns either', () => {
    expect(complaints.slice(0, good.length)).toEqual(good.map(() => []));
  });

  it.each(bad.map((form, index) => [form.replace(/\s+/g, ' '), index] as const))(
    'does not compile with a misspelt key: %s',
    (_form, index) => {
      expect(complaints[good.length + index]).not.toEqual([]);
    },
  );

  it('returns what it is given', () => {
    const config = { client: 'pg' };
    expect(defineConfig(config)).toBe(config);
  });
});
