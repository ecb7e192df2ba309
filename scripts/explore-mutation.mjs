/**
 * Takes away the guards of explore-mutation/guards.mjs one at a time and tells after how many schedules
 * the explorer finds that, so that a change of the explorer cannot lose its eye for any of them unnoticed.
 *
 * npm run explore:mutation                 each guard, five minutes at most
 * npm run explore:mutation -- --only a,b   these guards only
 * npm run explore:mutation -- --minutes 2  for so long each
 * npm run explore:mutation -- --schedules N  so many each, however long they take, as on a machine that others share
 * npm run explore:mutation -- --seed S     what is drawn (1)
 * npm run explore:mutation -- --known      each at the schedule of seed 7 that is known to show its loss, in a few minutes
 * npm run explore:mutation -- --lanes N    so many schedules at once (4); they sleep for half of their time
 *
 * What is found with all guards as well does not count. Builds in a temporary folder. Prints a table in
 * Markdown, and exits with 1 where the loss of a guard is not found.
 */
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import ts from 'typescript';
import { GUARDS } from './explore-mutation/guards.mjs';

const REPOSITORY = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** @typedef {import('./explore-mutation/guards.mjs').Guard} Guard */
/** @typedef {{ guard: Guard, rule: string | null, schedules: number, seconds: number }} Result */

/** How often a schedule is acted out, because its moments are never quite the same. */
const TIMES = '6';
/** What the schedules of guards.mjs are drawn from. */
const KNOWN_SEED = '7';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    minutes: { type: 'string', default: '5' },
    schedules: { type: 'string' },
    seed: { type: 'string', default: '1' },
    known: { type: 'boolean', default: false },
    lanes: { type: 'string', default: '4' },
    verbose: { type: 'boolean', default: false },
  },
});
const guards = chooseGuards(values.only?.split(','));
const compilerOptions = compilerOptionsOf('tsconfig.build.json');
const copy = copyPackage();
try {
  build();
  const whole = keepWhole();
  /** @type {Result[]} */
  const results = [];
  for (const guard of guards) {
    const result = await withoutGuard(guard, () => explore(guard, whole));
    console.log(lineOf(result));
    results.push(result);
  }
  console.log(`\n${tableOf(results)}`);
  process.exitCode = results.every(({ rule }) => rule !== null) ? 0 : 1;
} finally {
  rmSync(copy, { recursive: true, force: true });
}

/** @param {string[] | undefined} names */
function chooseGuards(names) {
  const unknown = names?.filter((name) => !GUARDS.some((guard) => guard.name === name)) ?? [];
  if (unknown.length > 0) throw new Error(`No such guard: ${unknown.join(', ')}`);
  return GUARDS.filter(({ name }) => names?.includes(name) ?? true);
}

/** What a build takes, and what the package has beside it; in `whole`, the package with all its guards. */
function copyPackage() {
  const folder = mkdtempSync(join(tmpdir(), 'knexward-guards-'));
  for (const name of ['src', 'bin', ...['package.json', 'tsconfig.json', 'tsconfig.build.json']]) {
    cpSync(join(REPOSITORY, name), join(folder, name), { recursive: true });
  }
  for (const name of ['node_modules', 'docs']) {
    symlinkSync(join(REPOSITORY, name), join(folder, name), 'dir');
  }
  return folder;
}

function keepWhole() {
  const whole = join(copy, 'whole');
  for (const name of ['bin', 'dist', 'package.json']) {
    cpSync(join(copy, name), join(whole, name), { recursive: true });
  }
  return whole;
}

function build() {
  const tsc = join(REPOSITORY, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
    cwd: copy,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}

/** @param {string} name the file that `build` compiles with */
function compilerOptionsOf(name) {
  const { config } = ts.readConfigFile(join(REPOSITORY, name), ts.sys.readFile);
  return ts.parseJsonConfigFileContent(config, ts.sys, REPOSITORY).options;
}

/**
 * One file anew, in a moment, and without a look at its types: what only the guard has needed is unused without it.
 *
 * @param {string} file
 * @param {string} text
 */
function compile(file, text) {
  const { outputText } = ts.transpileModule(text, { compilerOptions, fileName: file });
  writeFileSync(join(copy, file.replace(/^src/, 'dist').replace(/ts$/, 'js')), outputText);
}

/**
 * @template T
 * @param {Guard} guard
 * @param {() => Promise<T>} work
 */
async function withoutGuard({ name, edits }, work) {
  const whole = new Map(edits.map(({ file }) => [file, readFileSync(join(copy, file), 'utf8')]));
  const texts = new Map(whole);
  for (const { file, find, replace } of edits) {
    const text = texts.get(file) ?? '';
    if (text.split(find).length !== 2) {
      throw new Error(`${name}: ${file} has no such place, or several: ${find}`);
    }
    texts.set(
      file,
      text.replace(find, () => replace),
    );
  }
  try {
    for (const [file, text] of texts) compile(file, text);
    return await work();
  } finally {
    for (const [file, text] of whole) compile(file, text);
  }
}

/**
 * Until the first violation that needs the guard's loss, or the end of the time.
 *
 * @param {Guard} guard
 * @param {string} whole the package with all its guards
 * @returns {Promise<Result>}
 */
async function explore({ name, ...guard }, whole) {
  if (values.known) return atKnownSchedule({ name, ...guard });
  const began = Date.now();
  const left = () => Number(values.minutes) - (Date.now() - began) / 60_000;
  let schedules = 0;
  const budget = () =>
    values.schedules === undefined
      ? ['--minutes', Math.max(left(), 0.1).toFixed(2)]
      : ['--count', String(Math.max(Number(values.schedules) - schedules, 1))];
  for (let seed = Number(values.seed); ; seed++) {
    const { report, tally, rule, number } = await runExplorer(name, [
      ...['--package', copy, '--seed', String(seed), '--lanes', values.lanes],
      ...budget(),
    ]);
    schedules += tally;
    const seconds = Math.round((Date.now() - began) / 1000);
    if (rule === null) return { guard: { name, ...guard }, rule, schedules, seconds };
    if (values.verbose) console.log(report);
    const again = ['--seed', String(seed), '--only', String(number), '--times', '3'];
    const found = await runExplorer(name, ['--package', whole, ...again]);
    if (found.rule === null) return { guard: { name, ...guard }, rule, schedules, seconds };
    console.log(`${name}: "${found.rule}" is found with all guards as well: ${again.join(' ')}`);
  }
}

/**
 * @param {Guard} guard
 * @returns {Promise<Result>} with the schedule's number as the number of schedules
 */
async function atKnownSchedule(guard) {
  const began = Date.now();
  const { rule } = await runExplorer(guard.name, [
    ...['--package', copy, '--seed', KNOWN_SEED, '--only', `${guard.at}`, '--times', TIMES],
  ]);
  const seconds = Math.round((Date.now() - began) / 1000);
  return { guard, rule, schedules: guard.at, seconds };
}

/**
 * @param {string} name
 * @param {string[]} options
 */
async function runExplorer(name, options) {
  const child = spawn(
    process.execPath,
    [join(REPOSITORY, 'scripts/explore.mjs'), '--no-shrink', ...options],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let report = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (report += text));
  const code = await new Promise((ended) => child.once('close', ended));
  const tally = /^(\d+) schedules, /m.exec(report)?.[1];
  const rule = /^VIOLATION ([^:]+): /m.exec(report)?.[1] ?? null;
  const number = /^--- schedule (\d+) /m.exec(report)?.[1] ?? null;
  // A schedule that could not be acted out says nothing about the guard.
  if (tally === undefined || rule === 'explorer' || (code === 0) !== (rule === null)) {
    throw new Error(`${name}: the explorer ended with ${String(code)}:\n${report}`);
  }
  return { report, tally: Number(tally), rule, number };
}

/** @param {Result} result */
function lineOf({ guard: { name, guards: what }, rule, schedules, seconds }) {
  const where = values.known ? `at schedule ${schedules}` : `after ${schedules} schedules`;
  return rule === null
    ? `not found  ${name}, ${where}, ${seconds} s: ${what}`
    : `found      ${name}, ${where}, ${seconds} s, by "${rule}"`;
}

/** @param {Result[]} results */
function tableOf(results) {
  const rows = results.map(({ guard: { name, guards: what, behind }, ...result }) => {
    const { rule, schedules, seconds } = result;
    const whole = behind === undefined ? what : `${what} Taken away with ${behind}.`;
    return [`\`${name}\``, whole, `${schedules}`, `${seconds}`, rule ?? '**not found**'];
  });
  const found = results.filter(({ rule }) => rule !== null).length;
  return [
    `| guard | what it is for | ${values.known ? 'at schedule' : 'schedules'} | seconds | found by |`,
    '| ----- | -------------- | --------: | ------: | -------- |',
    ...rows.map((cells) => `| ${cells.join(' | ')} |`),
    `\n${found} of ${results.length} found, seed ${values.known ? KNOWN_SEED : values.seed}`,
  ].join('\n');
}
