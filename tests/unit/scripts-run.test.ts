import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { rewriteScripts } from '../../src/adopt/scripts/rewrite.js';

/**
 * A program that writes down what it is given, in which folder, and in which environment: in one
 * piece, since the programs of a pipe run at the same time.
 */
const RECORDER = `#!/bin/sh
line="\${0##*/}|$PWD|$NODE_ENV|$FOO"
for a; do line="$line|$a"; done
printf '%s\\n' "$line" >> "$TRACE"
`;
/** Programs that run another one, as far as the scripts below use them. */
const RUNNERS = {
  npx: 'while [ "${1#-}" != "$1" ]; do shift; done; exec "$@"',
  yarn: 'if [ "$1" = run ]; then shift; fi; exec "$@"',
  pnpm: 'if [ "$1" = exec ]; then shift; fi; exec "$@"',
  node: 'while [ "$1" = -r ]; do shift 2; done; exec "$@"',
  dotenv: 'while [ "$1" != -- ]; do shift; done; shift; NODE_ENV=fromfile exec "$@"',
  'env-cmd': 'if [ "$1" = -f ]; then shift 2; fi; FOO=fromfile exec "$@"',
  'cross-env': 'exec env "$@"',
  doppler: 'shift 2; exec "$@"',
};

let folder: string;

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'knexward-scripts-')));
  const write = (path: string, content: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
    chmodSync(join(folder, path), 0o755);
  };
  for (const name of ['db-migrate', 'knexward', 'one', 'two']) write(`bin/${name}`, RECORDER);
  write('bin/fails', `${RECORDER}exit 1\n`);
  for (const [name, does] of Object.entries(RUNNERS)) write(`bin/${name}`, `#!/bin/sh\n${does}\n`);
  for (const at of ['project', 'project/db', 'project/db/deep', 'project/web']) {
    const found = join(folder, 'bin/db-migrate');
    for (const path of ['node_modules/.bin/db-migrate', 'node_modules/db-migrate/bin/db-migrate'])
      write(`${at}/${path}`, `#!/bin/sh\nexec ${found} "$@"\n`);
    for (const path of ['node_modules/.bin/knexward', 'node_modules/knexward/bin/knexward.js'])
      write(`${at}/${path}`, `#!/bin/sh\nexec ${join(folder, 'bin/knexward')} "$@"\n`);
  }
  write('project/vars.env', 'FOO=sourced; NODE_ENV=sourced; export FOO NODE_ENV\n');
  write('project/moves.sh', 'cd db\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What the programs were given, in order, and how the script ended. */
function run(script: string): { trace: string[]; code: number } {
  const trace = join(folder, 'trace');
  writeFileSync(trace, '');
  let code = 0;
  try {
    const PATH = `${join(folder, 'bin')}:/usr/bin:/bin`;
    execFileSync('/bin/sh', ['-c', script], {
      cwd: join(folder, 'project'),
      env: { PATH, TRACE: trace, NODE_ENV: '', FOO: '' },
      stdio: 'ignore',
    });
  } catch (error) {
    code = (error as { status: number }).status;
  }
  return { code, trace: readFileSync(trace, 'utf8').split('\n').slice(0, -1) };
}

/** What a call comes down to: which database, which way, how far; whichever program it is. */
function meaningOf(line: string): string {
  const [program = '', cwd, nodeEnv, foo, ...args] = line.split('|');
  const value = (...names: string[]) => {
    const at = args.findIndex((arg) => names.includes(arg));
    return at < 0 ? undefined : args[at + 1];
  };
  const env = value('-e', '--env');
  const count = value('-c', '--count');
  const around = `${cwd} ${nodeEnv} ${foo}`;
  const command = args.find((arg) => /^(?:up|down|reset|check|status)$/.test(arg));
  if (program === 'db-migrate') {
    const far = command === 'down' ? (count ?? '1') : command === 'reset' ? 'all' : count;
    const does = { reset: 'down', check: 'status' }[command ?? ''] ?? command;
    return `migration ${around} ${env ?? 'dev'} ${does} ${far}`;
  }
  if (program === 'knexward') {
    const far = args.includes('--all') ? 'all' : count;
    return `migration ${around} ${env ?? (nodeEnv === '' ? 'dev' : nodeEnv)} ${command} ${far}`;
  }
  return line;
}

const program = fc.constantFrom(
  ...['db-migrate', 'db-migrate', 'npx db-migrate', 'npx --no-install db-migrate'],
  ...['yarn db-migrate', 'yarn run db-migrate', 'pnpm exec db-migrate'],
  ...[
    './node_modules/.bin/db-migrate',
    'node_modules/.bin/db-migrate',
    '../node_modules/.bin/db-migrate',
  ],
  ...[
    'node node_modules/db-migrate/bin/db-migrate',
    'node -r x ./node_modules/db-migrate/bin/db-migrate',
  ],
  ...['dotenv -e x -- db-migrate', 'env-cmd -f x db-migrate', 'cross-env NODE_ENV=test db-migrate'],
  ...['NODE_ENV=production db-migrate', 'FOO="a b" db-migrate', 'env FOO=1 NODE_ENV=a db-migrate'],
  ...[
    'env -C db db-migrate',
    'doppler run -- db-migrate',
    'exec db-migrate',
    '"db-migrate"',
    "'db'-migrate",
  ],
);
const args = fc.constantFrom(
  ...[
    'up',
    'up',
    'up -e ci',
    '-e "ci" up',
    "up --env 'ci'",
    'up -c 2',
    'down',
    'down -c 3',
    'reset',
  ],
  ...[
    'check | one',
    'up >/dev/null',
    'up 2>/dev/null',
    'up; X=$?',
    'up < /dev/null',
    'up >> out',
    'up |& one',
  ],
  ...['check', 'up > out', 'up 2>&1', 'up --', 'up -e $NODE_ENV', 'up # reset', 'up -e ci\\ x', ''],
);
const call = fc.tuple(program, args).map((words) => words.join(' '));
const other = fc.constantFrom(
  ...['one', 'two a "b c"', "one 'x && y'", 'fails', 'true', 'false', 'echo db-migrate up', ':'],
  ...['cd db', 'cd ..', 'cd db/deep', 'cd ./', 'cd nowhere', 'cd "web"', 'cd $FOO', 'cd', 'cd -'],
  ...[
    'export NODE_ENV=production',
    'NODE_ENV=staging',
    'set NODE_ENV=x',
    'export FOO=2',
    'unset NODE_ENV',
  ],
  ...['. ./vars.env', '. ./moves.sh', 'eval "cd db"', 'command cd db', '! one', 'FOO=3 one'],
);
const { script } = fc.letrec<{ script: string; part: string }>((tie) => ({
  script: fc
    .tuple(
      tie('part'),
      fc.array(
        fc.tuple(fc.constantFrom(' && ', ' && ', '; ', ' || ', '&&', '\n', ' | '), tie('part')),
        { maxLength: 4 },
      ),
    )
    .map(([first, rest]) => first + rest.map((pair) => pair.join('')).join('')),
  part: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    other,
    call,
    call,
    tie('script').map((inner) => `(${inner}\n)`),
    tie('script').map((inner) => `{ ${inner}\n}`),
    tie('script').map((inner) => `if true; then ${inner}\nfi`),
    tie('script').map((inner) => `for x in 1 2; do ${inner}\ndone`),
  ),
}));

const DEFAULTS = {
  environment: 'dev',
  migrationsDirectory: 'migrations',
  configFile: 'database.json',
  historyTable: 'migrations',
  createsSql: false,
};

describe('a script that is rewritten (EC-02, SC-004)', () => {
  it('does the same as before: each program in the same folder and environment, in the same order', () => {
    let rewritten = 0;
    fc.assert(
      fc.property(script, (from) => {
        const { scripts, changes, leftovers } = rewriteScripts({ migrate: from }, DEFAULTS);
        const to = scripts['migrate'] ?? '';
        // All of its calls, or none.
        expect(changes.length > 0 && leftovers.length > 0).toBe(false);
        if (to === from) return;
        rewritten++;
        // Nobody reads what it says, but for a program whose input is another one's output.
        for (const piece of to.replace(/#.*/g, '').split(/&&|\|\||[;\n()]/)) {
          expect(piece).not.toMatch(/knexward[^|]*(?:\||>\s*out)/);
        }
        expect(to).not.toContain('$?');
        const [before, after] = [run(from), run(to)];
        // What runs beside a pipe runs at the same time.
        const inOrder = (lines: string[]) => (from.includes('|') ? [...lines].sort() : lines);
        expect(inOrder(after.trace.map(meaningOf))).toEqual(inOrder(before.trace.map(meaningOf)));
        expect(after.code).toBe(before.code);
        const folders = after.trace.filter((line) => line.startsWith('knexward|'));
        for (const line of folders) expect(line.split('|')[1]).toBe(join(folder, 'project'));
      }),
      { numRuns: 500 },
    );
    expect(rewritten).toBeGreaterThan(20);
  });
});
