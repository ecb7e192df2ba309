import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createDatabase, type TestDatabase } from '../support/database';
import { createLegacyProject, dbMigrate, legacyTable } from '../support/db-migrate';
import { createProject, KNEXFILE, type Outcome, type Project } from '../support/project';

/** What a log, a pipeline and a terminal would each take for something else. */
const ODD = 'x\n::error::planted\u001b[2J\r\n##[error]planted';

const broken = 'exports.up = () => { throw new Error("no"); }; exports.down = () => {};';

/** Lines that our output must not have, and characters. */
function plantedIn(text: string): string[] {
  const lines = text.split(/\r\n|[\r\n]/).filter((line) => /^\s*(?:::error::|##\[)/.test(line));
  // eslint-disable-next-line no-control-regex
  return [...lines, ...(text.match(/[\u001b\u0007].{0,20}/g) ?? [])];
}

describe('names that hold control characters are shown, and command nothing (FR-011)', () => {
  let database: TestDatabase;
  let project: Project;
  let env: Record<string, string>;

  beforeAll(async () => {
    database = await createDatabase();
    project = createLegacyProject({
      'package.json': JSON.stringify({
        name: 'x',
        scripts: {
          [`m${ODD}`]: 'db-migrate up && db-migrate db:create x',
          [`n${ODD}`]: `cd '${ODD}' && db-migrate up`,
          migrate: 'db-migrate up',
          other: `echo '${ODD}' && db-migrate up`,
        },
      }),
      'database.json': JSON.stringify({
        dev: { ENV: 'DATABASE_URL' },
        [`e${ODD}`]: { ENV: 'DATABASE_URL' },
        [`s${ODD}`]: { driver: 'sqlite3', filename: 'x' },
      }),
      'migrations/20150101000000-a.js': legacyTable('a'),
      [`ci${ODD}.sh`]: 'db-migrate up\ncat database.json\n',
      [`f${ODD}/package.json`]: JSON.stringify({ scripts: { [`p${ODD}`]: 'db-migrate up' } }),
    });
    env = {
      DATABASE_URL: database.url,
      GITHUB_ACTIONS: 'true',
      GITHUB_STEP_SUMMARY: join(project.root, 'summary.md'),
    };
    await dbMigrate(project, ['up'], env);
    await database.query('insert into migrations (name, run_on) values ($1, now())', [
      `/20150101000001-gone${ODD}`,
    ]);
  });
  afterAll(async () => {
    project.remove();
    await database.drop();
  });

  const look = async (args: readonly string[], more: Record<string, string> = {}) => {
    const outcome: Outcome = await project.knexward(args, { ...env, ...more });
    const summary = readFileSync(join(project.root, 'summary.md'), 'utf8');
    expect({ args, planted: plantedIn(outcome.stdout + outcome.stderr + summary) }).toEqual({
      args,
      planted: [],
    });
    return outcome;
  };

  it('in every command, its plans, lists, errors and annotations', async () => {
    const first = await look(['adopt', '--dry-run', '--verbose', '--time-zone', 'UTC']);
    expect(first.stdout).toContain(String.raw`mx\n::error::planted\u001b[2J\r\n##[error]planted`);
    await look(['init', '--dry-run']);
    await look(['adopt', '--dry-run', '--env', `e${ODD}`]);
    await look(['adopt', '--dry-run', '--config', `c${ODD}`]);
    await look(['adopt', '--yes', '--time-zone', 'UTC']);
    await look(['status']);
    project.write({
      [`migrations/20240101000000-b${ODD}.js`]: legacyTable('b'),
      [`migrations/20240101000001_c${ODD}.js`]: broken,
      [`migrations/t${ODD}/20240101000001-d.js`]: broken,
    });
    for (const args of [
      ['status'],
      ['status', '--check'],
      ['up', '--dry-run'],
      ['plan'],
      ['doctor'],
      ['up'],
      ['status', '--verbose'],
      ['up', `20240101000001_c${ODD}.js`],
      ['resolve', `20240101000001_c${ODD}.js`, '--applied'],
      ['resolve', `none${ODD}`, '--applied'],
      ['down', '--dry-run'],
      ['down', '--all'],
      ['redo'],
      ['verify'],
      ['wait', '--timeout', '1'],
      ['unlock'],
      ['currentVersion'],
      ['create', `new${ODD}`],
      ['baseline', '--check'],
      ['snapshot', `snap${ODD}.json`],
      ['status', '--env', `none${ODD}`],
      ['status', '--scope', `none${ODD}`],
      ['status', '--knexfile', `none${ODD}.js`],
      ['status', '--cwd', `none${ODD}`],
      [`none${ODD}`],
      ['adopt', '--finish', '--dry-run'],
      ['adopt', '--undo', '--dry-run'],
    ]) {
      await look(args);
    }
    await look(['status'], { NODE_ENV: `e${ODD}` });
    await look(['adopt', '--undo', '--yes']);
  });

  it('names in the database, in the journal and in the knexfile, too', async () => {
    const another = await createDatabase();
    const elsewhere = createProject({
      'knexfile.js': KNEXFILE,
      'migrations/20240101000000_a.js': 'exports.up = () => {}; exports.down = () => {};',
      [`migrations/20240101000001_x${ODD}.js`]: `exports.config = { transaction: false }; ${broken}`,
    });
    const says = async (args: readonly string[]): Promise<void> => {
      const outcome = await elsewhere.knexward(args, { TEST_DATABASE_URL: another.url });
      expect({ args, planted: plantedIn(outcome.stdout + outcome.stderr) }).toEqual({
        args,
        planted: [],
      });
    };
    try {
      await says(['up']);
      elsewhere.delete(`migrations/20240101000001_x${ODD}.js`);
      for (const command of ['status', 'up', 'plan', 'wait', 'doctor']) await says([command]);
      await says(['resolve', `20240101000001_x${ODD}.js`, '--reverted']);
      await another.query(`create table "t${ODD}" ("c${ODD}" int primary key)`);
      await says(['snapshot']);
      await another.query(`alter table "t${ODD}" add column "d${ODD}" int`);
      for (const args of [['verify'], ['snapshot', '--check']]) await says(args);
      for (const entry of ['schemaName', 'tableName', 'directory']) {
        const own = entry === 'directory' ? '' : "directory: './migrations', ";
        const entries = `${own}${entry}: ${JSON.stringify(`s${ODD}`)}`;
        elsewhere.write({ 'knexfile.js': KNEXFILE.replace("directory: './migrations'", entries) });
        for (const args of [['status'], ['up'], ['plan'], ['verify'], ['doctor'], ['create', 'x']])
          await says(args);
      }
    } finally {
      elsewhere.remove();
      await another.drop();
    }
  });

  it('JSON has each name as it is', async () => {
    const { json } = await project.knexward(['status', '--json'], env);
    const { pending } = json<{ pending: { name: string }[] }>();
    expect(pending.map(({ name }) => name)).toContain(`20240101000001_c${ODD}.js`);
  });
});
