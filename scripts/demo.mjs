// The main job, from beginning to end, on real tools: `npm run demo`.
// Real db-migrate builds a history on a real PostgreSQL; knexward takes it over.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = dirname(dirname(fileURLToPath(import.meta.url)));
const { startEmbedded } = createRequire(import.meta.url)(join(repository, 'dist/index.js'));

const EMOJI_MIGRATION = `exports.up = async function (knex) {
  await knex.schema.alterTable('options', (table) => {
    table.string('emoji', 8);
  });
};

exports.down = async function (knex) {
  await knex.schema.alterTable('options', (table) => {
    table.dropColumn('emoji');
  });
};
`;

const started = Date.now();
const work = mkdtempSync(join(tmpdir(), 'knexward-demo-'));
chmodSync(work, 0o755);
const project = join(work, 'legacy-polls');

console.log('knexward demo: a backend that has run db-migrate since 2015 moves to Knex.\n');
say(
  '0',
  'A real PostgreSQL starts',
  'From npm binaries, in a temporary folder. Nothing is installed.',
);
const server = await startEmbedded({ folder: join(work, 'postgres'), database: 'polls' });
const env = {
  ...process.env,
  NODE_ENV: '',
  POSTGRES_HOST: server.host,
  POSTGRES_PORT: String(server.port),
  POSTGRES_DB: 'polls',
  POSTGRES_USER: server.user,
  POSTGRES_PASSWORD: server.password,
  PATH: [join(project, 'node_modules/.bin'), process.env.PATH].join(delimiter),
};
delete env.DATABASE_URL;
console.log(`PostgreSQL ${server.version} on port ${server.port}`);

try {
  await story();
  console.log(
    `\nDone in ${((Date.now() - started) / 1000).toFixed(0)} s. All of it is removed again.`,
  );
} catch (error) {
  console.error(`\nThe demo failed: ${error.message}`);
  process.exitCode = 1;
} finally {
  await server.stop();
  rmSync(work, { recursive: true, force: true });
}

async function story() {
  copyExample();
  say(
    '1',
    'Real db-migrate builds its history',
    'This is where most teams stand today: years of migrations in db-migrate’s own format and table.',
  );
  run('npm', ['run', '--silent', 'migrate:up'], { lastLines: 4 });

  say(
    '2',
    'knexward takes the project over',
    'Each row of the old table becomes one of Knex’s, compared one by one before the transaction commits. The old table and the old files stay as they are.',
  );
  run('knexward', ['adopt', '--yes']);

  say(
    '3',
    'Nothing is lost, nothing runs again',
    'All of db-migrate’s migrations count as applied, with their true moments; up has nothing to do.',
  );
  run('knexward', ['status']);
  run('knexward', ['up']);

  say('4', 'A new migration, written for Knex', 'It lies beside the old ones, in the same folder.');
  const output = run('knexward', ['create', 'add_emoji_to_options', '--js']);
  const [, file] = /Created Migration: (.*)/.exec(output) ?? [];
  writeFileSync(join(project, file), EMOJI_MIGRATION);
  run('knexward', ['status', '--check'], { lastLines: 2, expected: 6 });

  say(
    '5',
    'The old commands go on working',
    'package.json’s scripts kept their names. db-migrate is not needed any more.',
  );
  for (const name of ['db-migrate', 'db-migrate-pg']) rmSync(join(project, 'node_modules', name));
  run('npm', ['run', '--silent', 'migrate:up']);
  run('npm', ['run', '--silent', 'migrate:down']);

  say(
    '6',
    'A failure leaves no trace, and says where and why',
    'Change, history row and journal row share one transaction.',
  );
  writeFileSync(join(project, file), EMOJI_MIGRATION.replace("'options'", "'optoins'"));
  run('knexward', ['up'], { expected: 1 });
}

function copyExample() {
  cpSync(join(repository, 'examples/legacy-polls'), project, { recursive: true });
  const modules = join(project, 'node_modules');
  mkdirSync(join(modules, '.bin'), { recursive: true });
  for (const name of ['db-migrate', 'db-migrate-pg', 'async', 'bluebird', 'knex', 'pg']) {
    symlinkSync(join(repository, 'node_modules', name), join(modules, name), 'junction');
  }
  symlinkSync(repository, join(modules, 'knexward'), 'junction');
  symlinkSync(join(repository, 'bin/knexward.js'), join(modules, '.bin/knexward'));
  symlinkSync(join(modules, 'db-migrate/bin/db-migrate'), join(modules, '.bin/db-migrate'));
}

function say(number, what, why) {
  console.log(`\n── ${number}. ${what}\n   ${why}\n`);
}

/** Runs a command of the story, shows it, and stops the demo where it does not end as it should. */
function run(command, args, { expected = 0, lastLines } = {}) {
  console.log(`$ ${command} ${args.filter((arg) => arg !== '--silent').join(' ')}`);
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: project,
    env,
    encoding: 'utf8',
  });
  const lines = `${stdout ?? ''}${stderr ?? ''}`.trimEnd().split('\n');
  const shown = lastLines === undefined ? lines : lines.slice(-lastLines);
  if (shown.length < lines.length) console.log('  …');
  for (const line of shown) console.log(`  ${line}`);
  if (status !== expected) throw new Error(`"${command} ${args.join(' ')}" ended with ${status}.`);
  return stdout;
}
