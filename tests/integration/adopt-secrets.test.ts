import { createDatabase, type TestDatabase } from '../support/database';
import { createLegacyProject, dbMigrate, legacyTable } from '../support/db-migrate';
import { type Project } from '../support/project';

/** Each holds the secret that is to stay where it is. */
const BESIDE = [
  'mysql --password SECRET -e "select 1"',
  'mysql -p SECRET',
  'mysql -pSECRET',
  'curl -u user:SECRET https://example.com/hook',
  'curl -H "Authorization: Bearer SECRET" https://example.com/hook',
  String.raw`PGPASSWORD=a\ SECRET psql -c "select 1"`,
  'notify SECRET',
  'vault login method=userpass username=me pass="my SECRET"',
];

/** A call that is rewritten, and one that is left, with a secret in the same command. */
const SCRIPTS = {
  ...Object.fromEntries(
    BESIDE.flatMap((command, index) => [
      [`before${index}`, `${command} && db-migrate up`],
      [`behind${index}`, `db-migrate up -e dev; ${command}`],
      [`left${index}`, `${command} && db-migrate db:create x`],
    ]),
  ),
  between: `db-migrate reset && ${BESIDE.join(' && ')} && db-migrate up`,
  assigned: String.raw`PGPASSWORD=a\ SECRET db-migrate up`,
  assignedLeft: String.raw`PGPASSWORD=a\ SECRET db-migrate transition`,
  option: 'db-migrate up --password SECRET',
  joined: 'db-migrate up --password=SECRET',
  short: 'db-migrate up -pSECRET',
  operands: 'db-migrate up 20150101000000-a SECRET',
  quoted: `bash -c 'PGPASSWORD="SECRET" db-migrate up'`,
  unreadable: `echo "$(echo "SECRET")" && db-migrate up`,
  substituted: 'TOKEN=$(curl -u me:SECRET x; db-migrate check) node x.js',
  handing: 'npm run plain -- --password SECRET',
  plain: 'db-migrate up',
};

describe('what adopt shows of scripts and callers: no secret that stands beside a call (FR-011)', () => {
  let database: TestDatabase;
  let project: Project;
  let env: Record<string, string>;

  beforeEach(async () => {
    database = await createDatabase();
    env = { DATABASE_URL: database.url };
    project = createLegacyProject({
      'migrations/20150101000000-a.js': legacyTable('a'),
      'package.json': JSON.stringify({ name: 'x', scripts: SCRIPTS }, null, 2),
      Procfile: `release: ${BESIDE[3]} && npx db-migrate up\n`,
      Makefile: `migrate:\n\t${BESIDE[2]} && npx db-migrate up --password SECRET\n`,
      '.github/workflows/x.yml': `jobs:\n  a:\n    steps:\n      - run: ${BESIDE[4]?.replace(': ', ' ')} && npx db-migrate up\n`,
      'deploy.sh': `${BESIDE[0]} ; db-migrate up --password=SECRET # database.json\n`,
    });
    await dbMigrate(project, ['up'], env);
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  it('in its plan, with --json, in what it writes down for the undo, and in the undo', async () => {
    const before = project.read('package.json');
    const said: string[] = [];
    for (const args of [
      ['adopt', '--dry-run', '--time-zone', 'UTC'],
      ['adopt', '--dry-run', '--time-zone', 'UTC', '--json'],
      ['init', '--dry-run'],
      ['adopt', '--yes', '--time-zone', 'UTC'],
      ['adopt', '--undo', '--dry-run'],
      ['adopt', '--undo', '--yes', '--json'],
    ]) {
      const { stdout, stderr } = await project.knexward(args, env);
      said.push(...`${stdout}${stderr}`.split('\n').map((line) => `${args.join(' ')}: ${line}`));
      if (args[1] === '--yes') said.push(project.read('knexward-adopted.json'));
    }
    expect(said.filter((line) => line.includes('SECRET'))).toEqual([]);
    expect(said.join('\n')).toContain('assigned: db-migrate up → knexward up');
    expect(said.join('\n')).toContain('behind0: db-migrate up -e dev → knexward up --env dev');
    expect(said.join('\n')).toContain('assigned: knexward up → db-migrate up');
    expect(project.read('package.json')).toBe(before);
  });
});
