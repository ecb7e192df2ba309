import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createDatabase, type TestDatabase } from '../support/database';
import { install, removePacked } from '../support/install-packages';

/** In which a project is to be set up: what init and the first up take, without npm's install. */
const ONE_MINUTE = 60;

/** A terminal in a folder, all of which is recorded. */
class Terminal {
  readonly root = mkdtempSync(join(tmpdir(), 'knexward-session-'));
  private readonly recording: string[] = [];
  /** What `init` and the first `up` have taken together. */
  setUp = 0;

  constructor(
    private readonly title: string,
    private readonly env: Record<string, string> = {},
  ) {
    // The embedded server may run as another user, who has to enter the folder.
    chmodSync(this.root, 0o755);
  }

  write(files: Record<string, string>): void {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.root, path)), { recursive: true });
      writeFileSync(join(this.root, path), text);
    }
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), 'utf8');
  }

  /** Types a command, which has to succeed; returns what the terminal shows. */
  type(command: string): string {
    const { PATH = '', HOME = '' } = process.env;
    const begin = performance.now();
    const { stdout, status } = spawnSync('sh', ['-c', `${command} 2>&1`], {
      cwd: this.root,
      encoding: 'utf8',
      env: { PATH, HOME, TZ: 'UTC', npm_config_offline: 'true', ...this.env },
    });
    const seconds = (performance.now() - begin) / 1000;
    if (/^npx knexward (init|up)/.test(command)) this.setUp += seconds;
    this.recording.push(`$ ${command}\n${stdout}[${seconds.toFixed(1)} s]\n`);
    expect({ command, status, shown: status === 0 ? '' : stdout }).toEqual({
      ...{ command, status: 0, shown: '' },
    });
    return stdout;
  }

  /** Prints the recording, and removes the folder. */
  close(): void {
    const total = `Set up in ${this.setUp.toFixed(1)} s.`;
    process.stderr.write(`\n--- ${this.title} ---\n${this.recording.join('\n')}\n${total}\n---\n`);
    rmSync(this.root, { recursive: true, force: true });
  }
}

const TSCONFIG = JSON.stringify({
  compilerOptions: {
    ...{ strict: true, module: 'nodenext', target: 'es2022', noEmit: true },
    ...{ skipLibCheck: true, types: ['node'] },
  },
  include: ['knexfile.ts', 'migrations'],
});

const SHOP_KNEXFILE = `module.exports = {
  development: {
    client: 'pg',
    connection: process.env.SHOP_DATABASE_URL,
    migrations: { directory: './db/migrations', tableName: 'shop_migrations' },
  },
};
`;
const shopTable = (name: string): string => `exports.up = (knex) =>
  knex.schema.createTable('${name}', (table) => {
    table.increments();
    table.string('name').notNullable();
  });
exports.down = (knex) => knex.schema.dropTable('${name}');
`;

describe('npx knexward init, from the packed package, in less than a minute (US10, SC-006)', () => {
  let terminal: Terminal;
  afterEach(() => terminal.close());
  afterAll(removePacked);

  it('a new project in TypeScript with ES modules, without a database of its own', () => {
    terminal = new Terminal('A new TypeScript project');
    terminal.write({
      'package.json': '{ "name": "shop", "type": "module" }\n',
      'tsconfig.json': TSCONFIG,
    });
    install(terminal.root, ['knexward', 'knex', 'pg', '@types/node', 'typescript']);
    terminal.type('npx knexward init --yes');
    expect(terminal.type('npx knexward up')).toContain('Batch 1 run: 1 migrations');
    const created = terminal.type('npm run --silent migrate:create -- add_rooms');
    expect(created).toMatch(/migrations\/\d+_add_rooms\.ts/);
    expect(terminal.type('npm run --silent migrate:status')).toContain('add_rooms.ts');
    expect(terminal.type('npm run --silent migrate:up')).toContain('Batch 2 run: 1 migrations');
    expect(terminal.type('npm run --silent migrate:down')).toContain('Batch 2 rolled back');
    terminal.type('node node_modules/typescript/bin/tsc -p .');
    expect(terminal.setUp).toBeLessThan(ONE_MINUTE);
  });

  describe('an existing project', () => {
    let database: TestDatabase;
    beforeEach(async () => (database = await createDatabase()));
    afterEach(() => database.drop());

    it("on Knex, with a history: checked, scripts added, nothing else changed, and Knex's own commands go on", () => {
      terminal = new Terminal('An existing Knex project', { SHOP_DATABASE_URL: database.url });
      terminal.write({
        'package.json': '{\n  "name": "shop",\n  "scripts": { "start": "node ." }\n}\n',
        'knexfile.js': SHOP_KNEXFILE,
        'db/migrations/20250101000000_customers.js': shopTable('customers'),
        'db/migrations/20250201000000-order-lines.js': shopTable('order_lines'),
      });
      install(terminal.root, ['knexward', 'knex', 'pg']);
      const knex = (words: string): string =>
        terminal.type(`node node_modules/knex/bin/cli.js ${words}`);
      expect(knex('migrate:latest')).toContain('Batch 1 run: 2 migrations');

      expect(terminal.type('npx knexward init --yes')).toMatch(/^\d+ checks passed/m);
      expect(terminal.read('knexfile.js')).toBe(SHOP_KNEXFILE);
      expect(JSON.parse(terminal.read('package.json'))).toMatchObject({
        scripts: { start: 'node .', 'migrate:up': 'knexward up' },
      });
      expect(terminal.type('npx knexward up')).toContain('Already up to date');
      terminal.write({ 'db/migrations/20250301000000_invoices.js': shopTable('invoices') });
      expect(terminal.type('npm run --silent migrate:up')).toContain('Batch 2 run: 1 migrations');
      expect(terminal.setUp).toBeLessThan(ONE_MINUTE);
      expect(knex('migrate:list')).toContain('Found 3 Completed');
      expect(knex('migrate:rollback')).toContain('Batch 2 rolled back: 1 migrations');
    });
  });
});
