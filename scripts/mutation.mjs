/**
 * Plants the faults of mutation/faults.mjs one at a time and tells which the tests find, so that a
 * change of the tests cannot lose any unnoticed.
 *
 * npm run mutation                      each fault against npm test's sample
 * npm run mutation -- --all             against all tests
 * npm run mutation -- --only a,b        these faults only
 * npm run mutation -- --tests unit,plan test files whose paths match, and no others
 *
 * Works in a copy of the checkout in a temporary folder. Exits with 1 where a fault is not found.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { FAULTS } from './mutation/faults.mjs';

const REPOSITORY = resolve(dirname(fileURLToPath(import.meta.url)), '..');

const { values } = parseArgs({
  options: {
    all: { type: 'boolean', default: false },
    only: { type: 'string' },
    tests: { type: 'string' },
  },
});
const faults = chooseFaults(values.only?.split(','));
const copy = copyCheckout();
try {
  run('npm', ['run', 'build', '--silent']);
  const clean = runTests();
  if (clean.status !== 0) throw new Error(`The tests fail without a fault:\n${clean.report}`);
  const missed = faults.filter((fault) => !isFound(fault));
  console.log(`\n${faults.length - missed.length} of ${faults.length} found`);
  process.exitCode = missed.length === 0 ? 0 : 1;
} finally {
  rmSync(copy, { recursive: true, force: true });
}

/** @param {string[] | undefined} ids */
function chooseFaults(ids) {
  const unknown = ids?.filter((id) => !FAULTS.some((fault) => fault.id === id)) ?? [];
  if (unknown.length > 0) throw new Error(`No such fault: ${unknown.join(', ')}`);
  return FAULTS.filter(({ id }) => ids?.includes(id) ?? true);
}

/** The tracked files and the installed packages, among them links to the copy itself. */
function copyCheckout() {
  const folder = mkdtempSync(join(tmpdir(), 'knexward-mutation-'));
  const files = execFileSync('git', ['ls-files', '-z'], { cwd: REPOSITORY, encoding: 'utf8' });
  for (const file of files.split('\0').filter(Boolean)) {
    cpSync(join(REPOSITORY, file), join(folder, file));
  }
  cpSync(join(REPOSITORY, 'node_modules'), join(folder, 'node_modules'), {
    recursive: true,
    verbatimSymlinks: true,
  });
  // What the tests have fetched from the npm registry, or will.
  mkdirSync(join(REPOSITORY, '.cache'), { recursive: true });
  symlinkSync(join(REPOSITORY, '.cache'), join(folder, '.cache'), 'dir');
  return folder;
}

/** Plants a fault, builds, runs the tests until one fails, and takes the fault out again. */
function isFound({ id, file, find, replace, breaks }) {
  const path = join(copy, file);
  const text = readFileSync(path, 'utf8');
  if (text.split(find).length !== 2)
    throw new Error(`${id}: ${file} has no such place, or several`);
  writeFileSync(
    path,
    text.replace(find, () => replace),
  );
  run('npm', ['run', 'build', '--silent']);
  const { status, report } = runTests();
  writeFileSync(path, text);
  const by = /^ {2}● (.* › .*|.*)$/m.exec(report)?.[1];
  if (status !== 0 && !(by && /^Tests: .*\d+ failed/m.test(report))) {
    throw new Error(
      `${id}: Jest ended with ${status}, but no test failed:\n${report.slice(-4000)}`,
    );
  }
  console.log(status === 0 ? `not found  ${id}: ${breaks}` : `found      ${id}, by ${by}`);
  return status !== 0;
}

function runTests() {
  const config = values.all ? ['--config', 'jest.all.config.js'] : [];
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['node_modules/jest/bin/jest.js', '--bail', ...config, ...(values.tests?.split(',') ?? [])],
    { cwd: copy, encoding: 'utf8', maxBuffer: 2 ** 28 },
  );
  return { status, report: `${stdout}\n${stderr}` };
}

function run(command, args) {
  execFileSync(command, args, { cwd: copy, stdio: ['ignore', 'ignore', 'inherit'] });
}
