import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import {
  locateScripts,
  replaceScripts,
  rewritePackageJson,
} from '../../src/adopt/scripts/package-json.js';
import { selectName } from '../../src/plan/select.js';
import { rewriteScripts } from '../../src/adopt/scripts/rewrite.js';
import { parseShell } from '../../src/adopt/scripts/shell-words.js';
import { type ProjectDefaults } from '../../src/adopt/scripts/translate.js';

/** db-migrate's own: what "up NAME" applies. */
const { filterUp } = jest.requireActual<Shared>('db-migrate-shared').util;
interface Shared {
  util: { filterUp: (all: Named[], done: Named[], destination: string, count: number) => Named[] };
}
interface Named {
  name: string;
}

const PROJECT: ProjectDefaults = {
  environment: 'dev',
  migrations: [
    ...['20200101000000-users.js', '20200101000001-more.js'],
    ...['20210101000000-two.js', '20210101000000-two-more.js', 'scope/20220101000000-in-scope.js'],
  ],
  migrationsDirectory: 'migrations',
  configFile: 'database.json',
  historyTable: 'migrations',
  createsSql: false,
};

function rewrite(script: string, project: Partial<ProjectDefaults> = {}) {
  const result = rewriteScripts({ migrate: script }, { ...PROJECT, ...project });
  return { ...result, script: result.scripts['migrate'] };
}

describe('a call of db-migrate becomes the same of knexward', () => {
  it.each([
    ['db-migrate up', 'knexward up'],
    ['db-migrate up -e production', 'knexward up --env production'],
    ['db-migrate up --env production', 'knexward up --env production'],
    ['db-migrate up --env=production', 'knexward up --env production'],
    ['db-migrate -e production up', 'knexward up --env production'],
    ['db-migrate up -c 2', 'knexward up --count 2'],
    ['db-migrate up -c2', 'knexward up --count 2'],
    ['db-migrate up --count=2 -e ci', 'knexward up --env ci --count 2'],
    ['db-migrate up 20200101000000-users', 'knexward up 20200101000000-users'],
    ['db-migrate up 20200101000000-users.js -e ci', 'knexward up --env ci 20200101000000-users.js'],
    ['db-migrate up 20200101000000-users -c 1', 'knexward up --count 1 20200101000000-users'],
    ['db-migrate up --dry-run', 'knexward up --dry-run'],
    ['db-migrate up --check', 'knexward up --dry-run'],
    ['db-migrate up -v', 'knexward up --log-level debug'],
    ['db-migrate up --verbose', 'knexward up --log-level debug'],
    ['db-migrate up --log-level sql', 'knexward up --log-level debug'],
    ['db-migrate up --log-level=warn', 'knexward up --log-level warn'],
    ['db-migrate up --force-exit', 'knexward up'],
    ['db-migrate down', 'knexward down --count 1'],
    ['db-migrate down -c 3', 'knexward down --count 3'],
    ['db-migrate down --dry-run -e ci', 'knexward down --env ci --dry-run --count 1'],
    ['db-migrate up:billing', 'knexward up --scope billing'],
    ['db-migrate up:billing/eu -e ci -c 1', 'knexward up --env ci --scope billing/eu --count 1'],
    ['db-migrate down:billing', 'knexward down --scope billing --count 1'],
    ['db-migrate reset:billing', 'knexward down --scope billing --all'],
    ['db-migrate check:billing', 'knexward status --scope billing'],
    ['db-migrate create:billing add-plan', 'knexward create --scope billing add-plan'],
    ['db-migrate reset', 'knexward down --all'],
    ['db-migrate reset -e test', 'knexward down --env test --all'],
    ['db-migrate check', 'knexward status'],
    ['db-migrate create', 'knexward create'],
    ['db-migrate create --sql-file', 'knexward create --sql'],
    ['db-migrate create add-users --sql-file', 'knexward create --sql add-users'],
    ['db-migrate up --config database.json', 'knexward up'],
    ['db-migrate up --config ./database.json -m ./migrations/', 'knexward up'],
    ['db-migrate --migrations-dir=migrations --table migrations up', 'knexward up'],
  ])('%s', (from, to) => {
    const { script, changes, leftovers, notes } = rewrite(from);
    expect(script).toBe(to);
    expect(changes).toEqual([{ name: 'migrate', from, to }]);
    expect([leftovers, notes]).toEqual([[], []]);
  });

  it.each([
    ['npx db-migrate up', 'knexward up'],
    ['npx --no-install db-migrate up', 'knexward up'],
    ['npx -y db-migrate@0.11.14 up', 'knexward up'],
    ['npm exec -- db-migrate up', 'knexward up'],
    ['yarn db-migrate up', 'knexward up'],
    ['yarn -s run db-migrate up', 'knexward up'],
    ['pnpm exec db-migrate up', 'knexward up'],
    ['bunx db-migrate up', 'knexward up'],
    ['node_modules/.bin/db-migrate up', 'knexward up'],
    ['./node_modules/.bin/db-migrate up', 'knexward up'],
    ['../../node_modules/.bin/db-migrate up', '../../node_modules/.bin/knexward up'],
    ['$(npm bin)/db-migrate up', 'knexward up'],
    ['node ./node_modules/db-migrate/bin/db-migrate up', 'knexward up'],
    ['node node_modules/.bin/db-migrate up', 'knexward up'],
    [
      'node -r dotenv/config ./node_modules/.bin/db-migrate up',
      'node -r dotenv/config ./node_modules/knexward/bin/knexward.js up --env dev',
    ],
    [
      'node --env-file=.env ../node_modules/db-migrate/bin/db-migrate down',
      'node --env-file=.env ../node_modules/knexward/bin/knexward.js down --env dev --count 1',
    ],
    ['dotenv -e .env.test -- db-migrate up', 'dotenv -e .env.test -- knexward up --env dev'],
    ['env-cmd -f .env db-migrate up', 'env-cmd -f .env knexward up --env dev'],
    ['env-cmd --silent db-migrate up', 'env-cmd --silent knexward up --env dev'],
    ['cross-env PGHOST=db npx db-migrate up', 'cross-env PGHOST=db knexward up'],
    ['dotenv -- cross-env A=1 db-migrate up', 'dotenv -- cross-env A=1 knexward up --env dev'],
    ['time db-migrate up', 'time knexward up'],
  ])('however it is called: %s', (from, to) => {
    expect(rewrite(from)).toMatchObject({ script: to, leftovers: [], notes: [] });
  });

  it.each([
    ['FOO=1 db-migrate up && node server.js', 'FOO=1 knexward up && node server.js'],
    ['FOO="a b"  db-migrate  up  ;  echo $X', 'FOO="a b"  knexward up  ;  echo $X'],
    ['yes|db-migrate reset;db-migrate up', 'yes|knexward down --all;knexward up'],
    ['(db-migrate up) || exit 1', '(knexward up) || exit 1'],
    ['db-migrate up >/dev/null 2>&1', 'knexward up >/dev/null 2>&1'],
    ['yes | db-migrate up 2>&1 < answers', 'yes | knexward up 2>&1 < answers'],
    ['db-migrate up 2>/dev/null & wait', 'knexward up 2>/dev/null & wait'],
    ['if true; then db-migrate up; fi', 'if true; then knexward up; fi'],
    ['! db-migrate up # db-migrate down', '! knexward up # db-migrate down'],
    ['db-migrate up\ndb-migrate check\n', 'knexward up\nknexward status\n'],
    [
      `echo 'a "b' && db-migrate up -e "ci" && echo "it's"`,
      `echo 'a "b' && knexward up --env "ci" && echo "it's"`,
    ],
    [`db-migrate up "--env=o'k"`, `knexward up --env "o'k"`],
    ["db-migrate up -e 'a b'", "knexward up --env 'a b'"],
    [
      'tsc -p . && db-migrate up || { echo "$(date)"; }',
      'tsc -p . && knexward up || { echo "$(date)"; }',
    ],
  ])('and leaves what is around it: %s', (from, to) => {
    expect(rewrite(from).script).toBe(to);
  });

  it('keeps the names and the order of all scripts', () => {
    const scripts = {
      'migrate:up': 'db-migrate up',
      test: 'jest',
      'migrate:down': 'db-migrate down',
    };
    const { scripts: rewritten, changes } = rewriteScripts(scripts, PROJECT);
    expect(Object.entries(rewritten)).toEqual([
      ['migrate:up', 'knexward up'],
      ['test', 'jest'],
      ['migrate:down', 'knexward down --count 1'],
    ]);
    expect(changes.map(({ name }) => name)).toEqual(['migrate:up', 'migrate:down']);
  });
});

describe('what the project says elsewhere', () => {
  it('leaves out the folder, the file and the table that the knexfile names', () => {
    const project = {
      migrationsDirectory: 'db/changes',
      configFile: 'config/database.json',
      historyTable: 'log',
    };
    const call = 'db-migrate up -m ./db/changes --config ./config/database.json -t log';
    expect(rewrite(call, project).script).toBe('knexward up');
    expect(rewrite('db-migrate up -m migrations', project).leftovers).toHaveLength(1);
  });

  it('names the default environment where knexward would choose another', () => {
    const project = { defaultEnv: 'local' };
    expect(rewrite('db-migrate up -c 1', project).script).toBe('knexward up --env local --count 1');
    expect(rewrite('db-migrate up -e ci', project).script).toBe('knexward up --env ci');
    expect(rewrite('db-migrate up', { defaultEnv: 'a b' }).script).toBe('knexward up --env "a b"');
  });

  it('creates SQL files where the configuration says so', () => {
    expect(rewrite('db-migrate create', { createsSql: true }).script).toBe('knexward create --sql');
  });
});

describe('what cannot be copied safely (EC-02)', () => {
  it.each([
    ['db-migrate', 'names no command'],
    ['db-migrate -e production', 'names no command'],
    ['db-migrate up:all', 'every scope'],
    ['db-migrate down:', 'every scope'],
    ['db-migrate db:create app', 'createdb'],
    ['db-migrate seed:vc', 'its command "seed"'],
    ['db-migrate sync 2020', 'no sync'],
    ['db-migrate transition', 'old versions'],
    ['db-migrate down 2020', 'reverts it too'],
    ['db-migrate up -e $NODE_ENV', '$NODE_ENV'],
    ['db-migrate up -e "${STAGE:-dev}"', '${STAGE:-dev}'],
    ['db-migrate up -e %STAGE%', '%STAGE%'],
    ['db-migrate create `date`', '`date`'],
    ['db-migrate up *', 'the shell replaces *'],
    ['db-migrate up {a,b}', 'the shell replaces {a,b}'],
    ['db-migrate up --non-transactional', 'knexward.transactions'],
    ['db-migrate up -c 0', '0 is no count'],
    ['db-migrate up -c', '-c'],
    ['db-migrate up -c --dry-run', '-c'],
    ['db-migrate up -e a -e b', 'twice'],
    ['db-migrate up a b', 'too many'],
    ['db-migrate up --log-level "sql|warn"', 'log level'],
    ['db-migrate up -m other', 'the folder other'],
    ['db-migrate up --config test.json', 'the configuration test.json'],
    ['db-migrate up -t history', 'history'],
    ['db-migrate create billing/add', 'subfolders'],
    ['db-migrate create a --dry-run', 'dry run'],
    ['db-migrate reset 2020', 'no counterpart'],
    ['db-migrate constructor', 'no counterpart'],
    ['db-migrate up > log -e ci', 'redirection'],
    ['docker compose run api db-migrate up', 'another program'],
    ['npx -p db-migrate -p db-migrate-pg db-migrate up', 'another program'],
    ['node_modules\\.bin\\db-migrate up', 'another program'],
    ['sh -c "db-migrate up"', 'quoted text'],
    ['concurrently "db-migrate up -e ci" "node ."', 'quoted text'],
    ['X="$(db-migrate check)" node .', 'substitution'],
    ['echo "$(db-migrate check)"', 'substitution'],
    ['kill `db-migrate check`', 'substitution'],
    ['db-migrate up "', 'quoting'],
    ['db-migrate create "$(date "+%s")"', 'quoting'],
  ])('stays and is reported: %s', (script, reason) => {
    const result = rewrite(script);
    expect(result.script).toBe(script);
    expect(result.changes).toEqual([]);
    expect(result.leftovers).toEqual([
      {
        name: 'migrate',
        command: script,
        reason: expect.stringContaining(reason) as string,
      },
    ]);
  });

  it.each([
    ['db-migrate check | grep x', 'reads its output'],
    ['db-migrate up --dry-run | psql', 'reads its output'],
    ['db-migrate up 2>&1 |& tee log', 'reads its output'],
    ['(one; db-migrate up) | tee log', 'reads its output'],
    ['{ db-migrate up; } | tee log', 'reads its output'],
    ['if true; then db-migrate up; fi | tee log', 'reads its output'],
    ['db-migrate up > log', 'to a file'],
    ['db-migrate up >> log 2>&1', 'to a file'],
    ['db-migrate up &> log', 'to a file'],
    ['> log db-migrate up', 'to a file'],
    ['(db-migrate up) > log', 'to a file'],
    ['for x in 1; do db-migrate up; done > log', 'to a file'],
    ['mig() { db-migrate check; }; mig | grep -q one', 'not clear who reads'],
    ['mig () { db-migrate check; }; mig > log', 'not clear who reads'],
    ['exec > migrate.log; db-migrate check', 'not clear who reads'],
    ['exec 3>log; db-migrate up >&3', 'not clear who reads'],
    ['db-migrate up; [ $? -eq 1 ] && one', 'exit code'],
    ['db-migrate up; case ${?} in 1) one;; esac', 'exit code'],
    ['X=$(db-migrate check)', 'substitution'],
    ['db-migrate up 5', 'matches the beginning of a name'],
    ['db-migrate up 2020 -c 1', 'matches the beginning of a name'],
    ['db-migrate up 20200101000000', 'matches the beginning of a name'],
    ['db-migrate up 20200101000000-longer', 'matches the beginning of a name'],
    ['db-migrate up 20210101000000-two', 'matches the beginning of a name'],
  ])('stays, since what it says or means would be another: %s', (script, reason) => {
    const { changes, leftovers } = rewrite(script);
    expect(changes).toEqual([]);
    expect(leftovers.map((left) => left.reason).join()).toContain(reason);
  });

  it.each([
    'db-migrate up && (cd web && npm run build) | tee log',
    'db-migrate up; for x in 1; do one; done > log',
    'db-migrate up; if true; then one; fi | tee log',
    'one | tee log; db-migrate up',
  ])('is rewritten where only the output of others is read: %s', (script) => {
    expect(rewrite(script)).toMatchObject({
      script: script.replace('db-migrate', 'knexward'),
      leftovers: [],
    });
  });

  it('keeps the other calls of the script as they are, too', () => {
    const { script, leftovers } = rewrite('db-migrate db:create app && db-migrate up');
    expect(script).toBe('db-migrate db:create app && db-migrate up');
    expect(leftovers).toEqual([
      {
        name: 'migrate',
        command: 'db-migrate db:create app',
        reason: expect.any(String) as string,
      },
      { name: 'migrate', command: 'db-migrate up', reason: 'another call in it is left' },
    ]);
  });

  it.each([
    ['cd db && db-migrate up', 'another folder, db'],
    ['cd db && ../node_modules/.bin/db-migrate up', 'another folder, db'],
    ['pushd db && db-migrate up && popd', 'another folder, db'],
    ['cd db; db-migrate up', 'cannot be told'],
    ['cd db || exit 1; db-migrate up', 'cannot be told'],
    ['cd "$DB" && db-migrate up', 'cannot be told'],
    ['cd /srv/app && db-migrate up', 'cannot be told'],
    ['cd && db-migrate up', 'cannot be told'],
    ['cd - && db-migrate up', 'cannot be told'],
    ['cd ..\\db && db-migrate up', 'cannot be told'],
    ['cd /d db && db-migrate up', 'cannot be told'],
    ['true || cd db && db-migrate up', 'cannot be told'],
    ['if [ -d db ]; then cd db; fi; db-migrate up', 'cannot be told'],
    ['for d in a b; do db-migrate up; cd ..; done', 'cannot be told'],
    ['up() { cd db; } ; up; db-migrate up', 'cannot be told'],
    ['eval "$BEFORE" && db-migrate up', 'cannot be told'],
    ['. ./prepare.sh && db-migrate up', 'cannot be told'],
    ['command cd db && db-migrate up', 'cannot be told'],
    ['env -C db db-migrate up', 'another program'],
    ['yarn --cwd db db-migrate up', 'another program'],
    ['npm --prefix db exec db-migrate -- up', 'another program'],
    ['pnpm -C db exec db-migrate up', 'another program'],
    ['doppler run -- db-migrate -e prod up', 'another program'],
    ['db-migrate create --', 'nothing like --'],
    ['db-migrate --', 'nothing like --'],
    ['dotenv -e .env -- db-migrate --', 'nothing like --'],
  ])('stays, since it may be about another folder or is not complete: %s', (script, reason) => {
    const { script: after, changes, leftovers } = rewrite(script);
    expect([after, changes]).toEqual([script, []]);
    expect(leftovers[0]?.reason).toContain(reason);
  });

  it.each([
    ['cd db && cd .. && db-migrate up', 'cd db && cd .. && knexward up'],
    ['(cd client && npm ci) && db-migrate up', '(cd client && npm ci) && knexward up'],
    ['db-migrate up && cd dist && node .', 'knexward up && cd dist && node .'],
    ['db-migrate up; cd dist; node .', 'knexward up; cd dist; node .'],
    ['cd ./ && db-migrate up', 'cd ./ && knexward up'],
    ['. ./.env && db-migrate up', '. ./.env && knexward up --env dev'],
  ])('is rewritten where the folder is the project all the same: %s', (from, to) => {
    expect(rewrite(from)).toMatchObject({ script: to, leftovers: [] });
  });

  it.each([
    ['NODE_ENV=production db-migrate up', 'NODE_ENV=production knexward up --env dev'],
    [
      'export NODE_ENV=production && db-migrate up',
      'export NODE_ENV=production && knexward up --env dev',
    ],
    ['set NODE_ENV=production&& db-migrate up', 'set NODE_ENV=production&& knexward up --env dev'],
    [
      'cross-env NODE_ENV=test db-migrate down',
      'cross-env NODE_ENV=test knexward down --env dev --count 1',
    ],
  ])('names the environment that db-migrate takes, whatever NODE_ENV says: %s', (from, to) => {
    expect(rewrite(from).script).toBe(to);
    // Where db-migrate reads it from NODE_ENV itself, so does knexward.
    expect(rewrite(from, { followsNodeEnv: true }).script).toBe(to.replace(' --env dev', ''));
    expect(rewrite(from, { environment: undefined }).script).toBe(from);
  });

  it.each([
    ['NODE_ENV=production db-migrate up', 1],
    ['cross-env NODE_ENV=production db-migrate up', 1],
    ['NODE_ENV=production db-migrate up -e production', 0],
    ['NODE_ENV=production node . && db-migrate up', 1],
  ])('notes that NODE_ENV now counts: %s', (script, count) => {
    const { notes, leftovers } = rewrite(script);
    expect(notes).toHaveLength(count);
    expect(leftovers).toEqual([]);
  });
});

describe('scripts that run each other', () => {
  const DOWN = 'docker compose run api db-migrate down';
  it.each([
    [{ down: DOWN, up: 'db-migrate up', reset: 'npm run down && npm run up' }],
    [{ down: DOWN, up: 'db-migrate up', reset: 'yarn down && yarn up' }],
    [{ down: DOWN, up: 'db-migrate up', reset: 'pnpm run down && pnpm up' }],
    [{ down: DOWN, up: 'db-migrate up', reset: 'run-s down up' }],
    [{ 'db:down': DOWN, 'db:up': 'db-migrate up', reset: 'run-s db:*' }],
    [{ down: DOWN, up: 'db-migrate up', all: 'concurrently "npm:down" "npm:up"' }],
    [{ down: DOWN, up: 'db-migrate up', all: 'concurrently "npm run down" "npm run up"' }],
    [{ down: DOWN, reset: 'npm run down && db-migrate up' }],
    [{ preup: DOWN, up: 'db-migrate up' }],
    [{ up: 'db-migrate up', postup: DOWN }],
    [{ a: DOWN, b: 'npm run a', c: 'npm run b', d: 'npm run c && db-migrate up' }],
    [
      {
        migrate: 'db-migrate',
        up: 'npm run migrate -- up',
        check: 'npm run migrate && db-migrate check',
      },
    ],
    [{ down: 'db-migrate down', revert: 'npm run down -- 20200101000000-a' }],
    [{ up: 'db-migrate up', all: 'npm run up -- --non-transactional' }],
  ])('are all left where one is: %j', (scripts) => {
    const result = rewriteScripts(scripts, PROJECT);
    expect(result.changes).toEqual([]);
    const left = result.leftovers.map(({ name }) => name);
    const calling = Object.entries(scripts).filter(([, script]) => script.includes('db-migrate'));
    expect(left).toEqual(expect.arrayContaining(calling.map(([name]) => name)));
  });

  it.each([
    ['npm run -s check | grep x'],
    ['yarn check > log'],
    ['npm run check; [ $? = 1 ]'],
    ['X=$(npm run -s check)'],
    ['echo "$(yarn -s check)"'],
    ['npm run through | tee log'],
  ])('are all left where what one says is read: %s', (reader) => {
    const scripts = { check: 'db-migrate check', through: 'npm run check', reader };
    const { changes, leftovers } = rewriteScripts(scripts, PROJECT);
    expect(changes).toEqual([]);
    expect(leftovers.map(({ name }) => name)).toEqual(expect.arrayContaining(['check', 'reader']));
  });

  it('are rewritten where what is read is no call', () => {
    const scripts = {
      up: 'db-migrate up',
      lint: 'eslint',
      ci: 'npm run lint | tee log && npm run up',
    };
    expect(rewriteScripts(scripts, PROJECT).changes.map(({ name }) => name)).toEqual(['up']);
  });

  it('are all rewritten where each can be, and those of other chains with them', () => {
    const scripts = {
      down: 'db-migrate down',
      up: 'db-migrate up',
      reset: 'npm run down -- -c 2 && npm run up -- -e ci && npm run seed',
      seed: 'node seed.js',
      create: 'docker compose run api db-migrate create',
    };
    const { changes, leftovers } = rewriteScripts(scripts, PROJECT);
    expect(changes.map(({ name }) => name)).toEqual(['down', 'up']);
    expect(leftovers.map(({ name }) => name)).toEqual(['create']);
  });

  it('get the environment written out where one of them sets NODE_ENV', () => {
    const scripts = {
      up: 'db-migrate up',
      prod: 'NODE_ENV=production npm run up',
      x: 'db-migrate up',
    };
    expect(rewriteScripts(scripts, PROJECT).scripts).toEqual({
      ...scripts,
      up: 'knexward up --env dev',
      x: 'knexward up',
    });
  });
});

describe('a call that goes up to a name', () => {
  const name = fc
    .tuple(
      fc.constantFrom('1', '2', '20', '2020', '20200101'),
      // db-migrate reads no name that has no hyphen.
      fc.constantFrom('-', '-a', '-ab', '-b'),
    )
    .map((parts) => parts.join(''));
  const word = fc
    .tuple(name, fc.constantFrom('', '', '.js', '0', 'x'))
    .map((parts) => parts.join(''));

  it('is rewritten only where db-migrate itself goes to the same one', () => {
    let rewritten = 0;
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1 }), word, (stems, wanted) => {
        const files = [...stems].sort().map((stem) => `${stem}.js`);
        const project = { migrations: files };
        if (rewrite(`db-migrate up ${wanted}`, project).changes.length === 0) return;
        rewritten++;
        const last = files.indexOf(selectName(files, wanted));
        const all = files.map((file) => ({ name: file.slice(0, -3) }));
        const applied = filterUp(all, [], wanted, Number.MAX_VALUE);
        expect(applied.map((one) => `${one.name}.js`)).toEqual(files.slice(0, last + 1));
      }),
      { numRuns: 1000 },
    );
    expect(rewritten).toBeGreaterThan(20);
  });
});

describe('what is no call of db-migrate', () => {
  it.each([
    'echo db-migrate up',
    'echo "run db-migrate up first" && jest',
    'my-db-migrate up',
    'db-migrate-tool up',
    'scripts/db-migrate.sh up',
    'node scripts/db-migrate.js up',
    'npm run db-migrate -- up',
    'npm install db-migrate db-migrate-pg',
    'rm -rf node_modules/db-migrate',
    'git commit -m "use db-migrate up"',
    'grep -r db-migrate src',
    'cd db-migrate && ls',
    '# db-migrate up',
  ])('stays and is not reported: %s', (script) => {
    const { scripts, changes, leftovers } = rewrite(script);
    expect([scripts['migrate'], changes, leftovers]).toEqual([script, [], []]);
  });

  it('is a script of that name, run by a package manager', () => {
    const scripts = { 'db-migrate': 'db-migrate -e ci', up: 'yarn db-migrate up' };
    const { changes, leftovers } = rewriteScripts(scripts, PROJECT);
    expect(changes).toEqual([]);
    expect(leftovers.map(({ name }) => name)).toContain('db-migrate');
  });

  it('comes out identical, whatever it is', () => {
    const piece = fc.constantFrom(
      '"',
      "'",
      '\\',
      '$',
      '`',
      '(',
      ')',
      '&&',
      '|',
      '>',
      ' ',
      'a',
      'migrate',
      'db',
    );
    const script = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(piece).map((pieces) => pieces.join('')),
    );
    const scripts = fc.dictionary(
      fc.string(),
      script.filter((text) => !text.includes('db-migrate')),
    );
    fc.assert(
      fc.property(scripts, (given) => {
        const result = rewriteScripts(given, PROJECT);
        expect(result).toEqual({ scripts: given, changes: [], leftovers: [], notes: [] });
      }),
    );
  });
});

describe('shell words', () => {
  it('are what a real shell makes of them', () => {
    const piece = fc.oneof(
      fc.stringMatching(/^[a-z0-9=:,.@/+-]{1,4}$/),
      fc
        .string({ unit: fc.constantFrom('a', ' ', '"', '\\', '$', '&', '#', '\n') })
        .map((text) => `'${text}'`),
      fc
        .array(fc.constantFrom('b', ' ', "'", '\\"', '\\\\', '\\$', '\\a', ';', '>'))
        .map((parts) => `"${parts.join('')}"`),
      fc.constantFrom('\\ ', '\\"', "\\'", '\\\\', '\\$', '\\&', '\\c', '#'),
    );
    const word = fc
      .tuple(fc.stringMatching(/^[a-z]$/), fc.array(piece))
      .map(([first, rest]) => first + rest.join(''));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 8 }), (words) => {
        const script = words.join('  ');
        const output = execFileSync('sh', ['-c', `printf '%s\\0' ${script}`], { encoding: 'utf8' });
        const [command] = parseShell(script) ?? [];
        expect(command?.words.map(({ value }) => value)).toEqual(output.split('\0').slice(0, -1));
      }),
    );
  });

  it('stand where they say they stand', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', ' ', '"', "'", '\\', '$', '&', '>', '2', ';', '#'),
    });
    fc.assert(
      fc.property(text, (script) => {
        const words = (parseShell(script) ?? []).flatMap((command) => command.words);
        expect(words.map(({ start, end }) => script.slice(start, end))).toEqual(
          words.map((word) => word.text),
        );
        expect(words.map(({ start }) => start)).toEqual(
          words.map(({ start }) => start).sort((a, b) => a - b),
        );
      }),
    );
  });
});

describe('the text of package.json', () => {
  const scripts = { 'migrate:up': 'knexward up', test: 'echo "a" && jest' };

  it.each([
    ['two spaces', '  ', '\n', '\n'],
    ['four spaces, no newline at the end', '    ', '\n', ''],
    ['tabs and Windows line ends', '\t', '\r\n', '\r\n'],
  ])('keeps its form: %s', (_what, indentation, lineEnd, last) => {
    const text = (up: string) =>
      [
        '{',
        '>"name": "app",  "files": ["dist", "scripts"],',
        '>"config": { "scripts": { "up": "db-migrate up" } },',
        '>"scripts": {',
        `>>"migrate:up": "${up}",`,
        '>>"test": "echo \\"a\\" && jest"',
        '>},',
        '>"é": "\\u00e9", "n": 1.0',
        '}',
      ]
        .map((line) => line.replace(/^>+/, (depth) => indentation.repeat(depth.length)))
        .join(lineEnd) + last;
    expect(rewritePackageJson(text('db-migrate up'), scripts)).toBe(text('knexward up'));
  });

  it('stays on one line where it is on one', () => {
    const text = '{"scripts":{"up":"db-migrate up"},"name":"app"}';
    expect(rewritePackageJson(text, { up: 'knexward up' })).toBe(
      '{"scripts":{"up":"knexward up"},"name":"app"}',
    );
  });

  it.each(['{}\n', '{ "name": "scripts", "x": { "scripts": {} } }', '{ "scripts": null }'])(
    'comes back unchanged without scripts: %s',
    (text) => {
      expect(rewritePackageJson(text, scripts)).toBe(text);
    },
  );

  it('says what was asked for and nothing else, whatever else it holds', () => {
    const name = fc.string().filter((key) => key !== 'scripts' && key !== '__proto__');
    const rest = fc.dictionary(name, fc.jsonValue());
    const some = fc.dictionary(fc.string(), fc.string());
    const indentation = fc.constantFrom('', '  ', '\t');
    fc.assert(
      fc.property(rest, rest, some, some, indentation, (before, after, from, to, space) => {
        const text = JSON.stringify({ ...before, scripts: from, ...after }, null, space);
        const expected = JSON.stringify({ ...before, scripts: to, ...after }, null, space);
        expect(rewritePackageJson(text, to)).toBe(expected);
      }),
    );
  });
});

describe('single scripts of a package.json', () => {
  const text =
    '\uFEFF{ "scripts" :\r\n\t{"a"  :"db-migrate\\u0020up",\r\n\r\n "b": "x" , "a b":"\\u0064b" } }';

  it('are replaced, and every other character stays', () => {
    const changed = replaceScripts(text, [{ name: 'a', to: 'knexward up' }]);
    expect(changed).toBe(text.replace('"db-migrate\\u0020up"', '"knexward up"'));
    const raw = locateScripts(text)?.get('a')?.raw;
    expect(replaceScripts(changed, [{ name: 'a', to: 'db-migrate up', raw }])).toBe(text);
  });

  it('are those that count where a key is there twice', () => {
    const twice = '{"scripts":{"a":"1"},"scripts":{"a":"2","a":"3"}}';
    const changed = replaceScripts(twice, [{ name: 'a', to: '4' }]);
    expect(changed).toBe('{"scripts":{"a":"1"},"scripts":{"a":"2","a":"4"}}');
  });
});
