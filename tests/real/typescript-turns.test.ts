import { basename } from 'node:path';
import { createDatabase, type TestDatabase } from '../support/database';
import { createProject, type Outcome, type Project } from '../support/project';

const connection = `client: 'pg', connection: process.env.TEST_DATABASE_URL,
  migrations: { directory: './migrations', extension: 'ts' },`;

/** Loads TypeScript for `require`, as ts-node does. */
const REQUIRE_HOOK = `const { readFileSync } = require('node:fs');
const { transpileModule } = require('typescript');
require.extensions['.ts'] = (module, path) => {
  const options = { compilerOptions: { module: 'commonjs', target: 'es2022' } };
  module._compile(transpileModule(readFileSync(path, 'utf8'), options).outputText, path);
};
`;

/** The same for `import`. jiti/register takes `require.extensions` away, which Knex's own looks at. */
const IMPORT_HOOK = `import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import typescript from 'typescript';
export const load = (url, context, next) => {
  if (!url.endsWith('.ts')) return next(url, context);
  const text = readFileSync(fileURLToPath(url), 'utf8');
  const options = { compilerOptions: { module: 'esnext', target: 'es2022' } };
  const source = typescript.transpileModule(text, options).outputText;
  return { format: 'module', source, shortCircuit: true };
};
`;

/** How a project teaches Knex's command line TypeScript; knexward reads it by itself. */
const PROJECTS: Record<string, { files: Record<string, string>; options: string }> = {
  'ES modules, knexfile.ts, a hook for import': {
    files: {
      'package.json': '{ "type": "module" }',
      'knexfile.ts': `import type { Knex } from 'knex';
const config: Knex.Config = { ${connection} };
export default config;
`,
      'hook.mjs': IMPORT_HOOK,
      'register.mjs':
        "import { register } from 'node:module'; register('./hook.mjs', import.meta.url);",
    },
    options: '--import ./register.mjs',
  },
  'CommonJS, knexfile.js, a hook for require': {
    files: {
      'package.json': '{}',
      'knexfile.js': `module.exports = { ${connection} };`,
      'hook.js': REQUIRE_HOOK,
    },
    options: '--require ./hook.js',
  },
};

describe.each(Object.entries(PROJECTS))(
  'migrations in TypeScript, by turns with a Knex that loads it: %s (US10)',
  (_, { files, options }) => {
    let database: TestDatabase;
    let project: Project;
    const env = (): Record<string, string> => ({ TEST_DATABASE_URL: database.url });
    const knex = (...args: string[]): Promise<Outcome> =>
      project.node(['node_modules/knex/bin/cli.js', ...args], { ...env(), NODE_OPTIONS: options });
    const knexward = (...args: string[]): Promise<Outcome> => project.knexward(args, env());
    const succeeds = async (running: Promise<Outcome>): Promise<string> => {
      const { code, stdout, stderr } = await running;
      expect({ code, said: code === 0 ? '' : stdout + stderr }).toEqual({ code: 0, said: '' });
      return stdout;
    };
    /** Its name, with a body that makes a table, with types that only TypeScript has. */
    const create = async (table: string): Promise<string> => {
      const said = await succeeds(knexward('create', '--ts', table));
      const path = /Created Migration: (.*\.ts)/.exec(said)?.[1] ?? '';
      expect(project.read(path)).toContain('knex: Knex');
      project.write({
        [path]: `import type { Knex } from 'knex';
const table: string = '${table}';
export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable(table as string, (t: Knex.CreateTableBuilder) => t.increments());
}
export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable(table satisfies string);
}
`,
      });
      return basename(path);
    };
    const history = (): Promise<object[]> =>
      database.query('select name, batch from knex_migrations order by id');
    const tables = async (): Promise<string[]> =>
      (
        await database.query<{ name: string }>(
          "select tablename as name from pg_tables where tablename ~ '^room' order by 1",
        )
      ).map(({ name }) => name);

    beforeEach(async () => {
      database = await createDatabase();
      project = createProject(files, ['knex', 'pg', 'typescript']);
    });
    afterEach(async () => {
      project.remove();
      await database.drop();
    });

    it('what knexward creates and applies, Knex lists, and goes on with; and back', async () => {
      const a = await create('room_a');
      expect(await succeeds(knexward('up'))).toContain('Batch 1 run: 1 migrations');
      const status = await succeeds(knex('migrate:status'));
      expect(status).toContain(`Found 1 Completed Migration file/files.`);
      expect(status).toContain(a);

      const b = await create('room_b');
      expect(await succeeds(knex('migrate:latest'))).toContain('Batch 2 run: 1 migrations');
      const c = await create('room_c');
      expect((await knexward('status', '--json')).json()).toMatchObject({
        ...{ applied: [{ name: a }, { name: b }], pending: [{ name: c }], problems: [] },
      });
      await succeeds(knexward('up'));
      expect(await succeeds(knex('migrate:latest'))).toContain('Already up to date');
      expect(await history()).toEqual([a, b, c].map((name, at) => ({ name, batch: at + 1 })));
      expect(await tables()).toEqual(['room_a', 'room_b', 'room_c']);

      expect(await succeeds(knex('migrate:rollback'))).toContain('Batch 3 rolled back');
      expect(await succeeds(knexward('down'))).toContain('Batch 2 rolled back: 1 migrations');
      expect(await succeeds(knex('migrate:rollback'))).toContain('Batch 1 rolled back');
      expect([await history(), await tables()]).toEqual([[], []]);
    });

    it('a file that Knex made, knexward runs', async () => {
      const made = await succeeds(knex('migrate:make', 'room_a'));
      expect(made).toMatch(/room_a\.ts/);
      expect(await succeeds(knexward('up'))).toContain('Batch 1 run: 1 migrations');
      expect(await succeeds(knex('migrate:latest'))).toContain('Already up to date');
    });
  },
);
