// What a user gets: packs the package, installs the tarball in an empty project, and uses it there.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = dirname(dirname(fileURLToPath(import.meta.url)));
const work = mkdtempSync(join(tmpdir(), 'knexward-smoke-'));
chmodSync(work, 0o755);
const env = { ...process.env, NODE_ENV: '' };
for (const name of ['DATABASE_URL', 'PGHOST', 'PGPORT', 'PGDATABASE', 'PGUSER', 'PGPASSWORD']) {
  delete env[name];
}

try {
  run('npm', ['pack', '--silent', '--pack-destination', work], repository);
  run(
    'npm',
    ['pack', '--silent', '--pack-destination', work],
    join(repository, 'compat/db-migrate'),
  );
  const tarballs = readdirSync(work).filter((name) => name.endsWith('.tgz'));
  const dependencies = Object.fromEntries(
    tarballs.map((name) => [
      name.startsWith('knexward-db-migrate') ? 'db-migrate' : 'knexward',
      `file:${name}`,
    ]),
  );
  writeFileSync(
    join(work, 'package.json'),
    JSON.stringify({ name: 'smoke', private: true, dependencies }),
  );
  run('npm', ['install', '--silent', '--no-audit', '--no-fund']);

  expect(knexward('--version'), /^\d+\.\d+\.\d+\n$/);
  const [, file] = expect(knexward('create', 'first'), /Created Migration: (.*_first\.js)\n/);
  writeFileSync(
    join(work, file),
    `exports.up = (knex) => knex.schema.createTable('first', (table) => { table.increments(); });
     exports.down = (knex) => knex.schema.dropTable('first');`,
  );
  expect(knexward('up'), /Batch 1 run: 1 migrations\n/);
  expect(knexward('up'), /Already up to date\n/);
  expect(knexward('status', '--json'), /"upToDate":true/);
  expect(knexward('down'), /Batch 1 rolled back: 1 migrations\n/);

  const members = 'typeof migrationSource + typeof createMigrator + typeof KnexwardError';
  const names = 'migrationSource, createMigrator, KnexwardError';
  const commonJs = `const { ${names} } = require('knexward'); console.log(${members})`;
  expect(run(process.execPath, ['-e', commonJs]), /^functionfunctionfunction\n$/);
  const esModule = `import { ${names} } from 'knexward'; console.log(${members})`;
  const asModule = ['--input-type=module', '-e', esModule];
  expect(run(process.execPath, asModule), /^functionfunctionfunction\n$/);

  writeFileSync(join(work, 'database.json'), '{ "dev": { "driver": "pg" } }\n');
  const alias = ['node_modules/db-migrate/bin/db-migrate.js', 'create', 'second'];
  expect(run(process.execPath, alias), /Created migration at .*-second\.js/);
  const api = "console.log(typeof require('db-migrate').getInstance)";
  expect(run(process.execPath, ['-e', api]), /^function\n$/);
  console.log(`The packed tarballs (${tarballs.join(', ')}) install and work.`);
} finally {
  rmSync(work, { recursive: true, force: true });
}

function knexward(...args) {
  return run(process.execPath, ['node_modules/knexward/bin/knexward.js', ...args]);
}

function run(command, args, cwd = work) {
  return execFileSync(command, args, { cwd, env, encoding: 'utf8' });
}

function expect(output, pattern) {
  const match = pattern.exec(output);
  if (!match) throw new Error(`Expected ${pattern}, but got:\n${output}`);
  return match;
}
