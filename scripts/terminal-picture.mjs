// Draws docs/images/terminal-{light,dark}.svg from a real run: `npm run build && node scripts/terminal-picture.mjs`.
// A migration fails, says why, is corrected and runs; the server is the embedded PostgreSQL.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { drawTerminal, THEMES } from './picture/svg.mjs';

const repository = dirname(dirname(fileURLToPath(import.meta.url)));
const { startEmbedded } = createRequire(import.meta.url)(join(repository, 'dist/index.js'));

const MIGRATION = '20261128093000_add_emoji.js';
const adds = (table) => `exports.up = (knex) =>
  knex.schema.alterTable('${table}', (t) => t.string('emoji', 8));
exports.down = (knex) =>
  knex.schema.alterTable('${table}', (t) => t.dropColumn('emoji'));
`;
const FILES = {
  'package.json': '{ "name": "shop" }\n',
  'knexfile.js': "module.exports = { client: 'pg', connection: process.env.DATABASE_URL };\n",
  // knexward colours its output on a terminal only.
  'terminal.cjs': 'process.stdout.isTTY = true;\n',
  'migrations/20261127090000_create_options.js': `exports.up = (knex) =>
  knex.schema.createTable('options', (t) => { t.increments(); t.string('label', 80).notNullable(); });
exports.down = (knex) => knex.schema.dropTable('options');
`,
  [`migrations/${MIGRATION}`]: adds('optoins'),
};

const work = mkdtempSync(join(tmpdir(), 'knexward-picture-'));
const shop = join(work, 'shop');
const server = await startEmbedded({ folder: join(work, 'postgres'), database: 'shop' });
try {
  for (const [name, text] of Object.entries(FILES)) write(name, text);
  mkdirSync(join(shop, 'node_modules'));
  symlinkSync(repository, join(shop, 'node_modules/knexward'));
  const screen = [];
  enter(screen, 'npx knexward up', 1);
  enter(screen, `sed -i s/optoins/options/ migrations/${MIGRATION}`);
  write(`migrations/${MIGRATION}`, adds('options'));
  enter(screen, 'npx knexward up', 0);
  for (const [name, colours] of Object.entries(THEMES)) {
    const file = join(repository, `docs/images/terminal-${name}.svg`);
    writeFileSync(file, drawTerminal(screen, colours));
    console.log(file);
  }
} finally {
  await server.stop();
  rmSync(work, { recursive: true, force: true });
}

function write(name, text) {
  mkdirSync(dirname(join(shop, name)), { recursive: true });
  writeFileSync(join(shop, name), text);
}

/** Puts a command on the screen, and what it prints if it is knexward's. */
function enter(screen, command, exitCode) {
  screen.push({ command });
  const [program, name, ...args] = command.split(' ');
  if (program !== 'npx') return;
  // One file for both, so that results and progress keep their order.
  const output = join(work, 'output');
  const file = openSync(output, 'w');
  const { status } = spawnSync(
    process.execPath,
    ['--require', './terminal.cjs', join(shop, 'node_modules', name, 'bin/knexward.js'), ...args],
    {
      cwd: shop,
      stdio: ['ignore', file, file],
      env: {
        PATH: process.env.PATH,
        HOME: work,
        DATABASE_URL: `postgres://${server.user}:${server.password}@${server.host}:${server.port}/shop`,
      },
    },
  );
  closeSync(file);
  const text = readFileSync(output, 'utf8');
  assert.equal(status, exitCode, text);
  const printed = text
    .replaceAll(`${server.user}@${server.host}:${server.port}`, 'ann@localhost:5432')
    .replaceAll(repository, 'node_modules/knexward');
  for (const line of printed.trimEnd().split('\n')) screen.push({ line });
}
