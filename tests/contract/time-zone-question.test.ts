import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { createDatabase, type TestDatabase } from '../support/database';
import { createLegacyProject, legacyTable } from '../support/db-migrate';
import { type Outcome, type Project, REPOSITORY } from '../support/project';

// `script` (util-linux) gives the command a terminal. Where it is missing, these are left out.
const hasTerminal = spawnSync('script', ['-qec', 'true', '/dev/null']).status === 0;
const onTerminal = hasTerminal ? it : it.skip;

const ADOPTED = 'knexward-adopted.json';

describe("the time zone of db-migrate's times (US4)", () => {
  let database: TestDatabase;
  let project: Project;
  /** A machine in Berlin, a server in UTC. */
  let env: Record<string, string>;

  beforeEach(async () => {
    database = await createDatabase();
    env = { DATABASE_URL: database.url, TZ: 'Europe/Berlin' };
    project = createLegacyProject({
      'database.json': JSON.stringify({ dev: { driver: 'pg' }, production: { driver: 'pg' } }),
      'migrations/20150101000000-a.js': legacyTable('a'),
      'migrations/20160101000000-b.js': legacyTable('b'),
    });
    await database.query(
      'create table migrations (id serial primary key, name varchar(255) not null, run_on timestamp not null)',
    );
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  const insertOld = (name: string, runOn: string) =>
    database.query('insert into migrations (name, run_on) values ($1, $2)', [name, runOn]);
  const moments = async (): Promise<string[]> => {
    const rows = await database.query<{ at: string }>(
      `select to_char(migration_time at time zone 'UTC', 'YYYY-MM-DD HH24:MI') as at
         from knex_migrations order by id`,
    );
    return rows.map(({ at }) => at);
  };
  const nothingChanged = async () => {
    expect(await database.query("select to_regclass('knex_migrations') as made")).toEqual([
      { made: null },
    ]);
    expect(() => project.read('database.json.bak')).toThrow();
  };
  const knexward = (...args: string[]): Promise<Outcome> => project.knexward(args, env);

  /** Answers what is asked, one answer after the other. */
  const answer = async (
    args: string,
    ...answers: [asked: RegExp, keys: string][]
  ): Promise<{ code: number; said: string }> => {
    const command = `${process.execPath} ${join(REPOSITORY, 'bin/knexward.js')} ${args}`;
    const child = spawn('script', ['-qfec', command, '/dev/null'], {
      cwd: project.root,
      env: { PATH: process.env['PATH'], TERM: 'dumb', ...env },
      stdio: 'pipe',
    });
    let said = '';
    let seen = 0;
    child.stdout.on('data', (text: Buffer) => {
      said += text.toString();
      const [asked, keys] = answers[0] ?? [];
      if (!asked?.test(said.slice(seen))) return;
      answers.shift();
      seen = said.length;
      setTimeout(() => child.stdin.write(keys ?? ''), 300);
    });
    const [code] = (await once(child, 'close')) as [number];
    return { code, said: stripVTControlCharacters(said) };
  };
  const WHICH = /Which time zone\? Enter its number or its name:/;
  const APPLY = /Apply this plan\? \[y\/N\]/;

  describe('on a terminal', () => {
    beforeEach(() => insertOld('/20150101000000-a', '2015-07-04 05:06:07'));

    onTerminal('is asked on its own; an empty answer is the marked one', async () => {
      const { code, said } = await answer('adopt', [WHICH, '\r'], [APPLY, 'y\r']);
      expect(said).toContain('db-migrate wrote local times without a time zone (1 row).');
      expect(said).toContain('The newest row, /20150101000000-a, has 2015-07-04 05:06:07.');
      expect(said).toMatch(/\* 1 {2}Europe\/Berlin {2}2015-07-04 03:06:07 {2}this machine's/);
      expect(said).toMatch(/ {2}2 {2}UTC {12}2015-07-04 05:06:07 {2}the server's/);
      expect(code).toBe(0);
      expect(await moments()).toEqual(['2015-07-04 03:06']);
      expect(JSON.parse(project.read(ADOPTED))).toMatchObject({ timeZone: 'Europe/Berlin' });
    });

    onTerminal.each([
      ['a number', '2\r', '2015-07-04 05:06'],
      ['any name', 'America/New_York\r', '2015-07-04 09:06'],
    ])('%s', async (_, keys, moment) => {
      const { code } = await answer('adopt', [WHICH, keys], [APPLY, 'y\r']);
      expect({ code, moments: await moments() }).toEqual({ code: 0, moments: [moment] });
    });

    onTerminal('what is no zone is asked again', async () => {
      const { code, said } = await answer(
        'adopt',
        [WHICH, '7\r'],
        [WHICH, 'CEST+\r'],
        [WHICH, '\x04'],
      );
      expect(said).toContain('"7" is not the name of a time zone');
      expect(said).toContain('"CEST+" is not the name of a time zone');
      expect(said).toContain('No time zone was chosen. Nothing was changed.');
      expect(code).toBe(2);
      await nothingChanged();
    });

    onTerminal.each([
      ['Ctrl-C', [[WHICH, '\x03']], 130],
      [
        'a no to the plan',
        [
          [WHICH, '\r'],
          [APPLY, 'n\r'],
        ],
        2,
      ],
    ] as [string, [RegExp, string][], number][])('%s changes nothing', async (_, answers, code) => {
      expect((await answer('adopt', ...answers)).code).toBe(code);
      await nothingChanged();
    });

    onTerminal('--yes answers no question of which', async () => {
      const { code, said } = await answer('adopt --yes');
      expect(said).toContain('TIME_ZONE_REQUIRED');
      expect(said).toContain('knexward adopt --yes --time-zone Europe/Berlin');
      expect(code).toBe(2);
      await nothingChanged();
    });
  });

  describe('without a terminal', () => {
    it('is required where zones disagree: the candidates, the command; nothing is changed (FR-016)', async () => {
      await insertOld('/20150101000000-a', '2015-07-04 05:06:07');
      const { code, stderr } = await knexward('adopt', '--yes', '--table', 'migrations');
      expect(code).toBe(2);
      expect(stderr).toContain('TIME_ZONE_REQUIRED');
      expect(stderr).toContain(
        "/20150101000000-a at 2015-07-04 05:06:07, is 2015-07-04T03:06:07.000Z in Europe/Berlin (this machine's), 2015-07-04T05:06:07.000Z in UTC (the server's)",
      );
      const [, command = ''] = /ran db-migrate: knexward (.*)/.exec(stderr) ?? [];
      expect(command).toBe('adopt --table migrations --yes --time-zone Europe/Berlin --env dev');
      await nothingChanged();
      expect((await knexward(...command.split(' '))).code).toBe(0);
      expect(await moments()).toEqual(['2015-07-04 03:06']);
    });

    it('with --dry-run and --json too', async () => {
      await insertOld('/20150101000000-a', '2015-07-04 05:06:07');
      for (const option of ['--dry-run', '--json']) {
        expect((await knexward('adopt', option)).code).toBe(2);
      }
      await nothingChanged();
    });

    it('is no question where all zones give the same moments', async () => {
      env['TZ'] = 'Europe/London';
      await insertOld('/20150101000000-a', '2015-01-04 05:06:07');
      expect((await knexward('adopt', '--yes')).code).toBe(0);
      expect(await moments()).toEqual(['2015-01-04 05:06']);
      // In summer London has another time than the server.
      await insertOld('/20160101000000-b', '2016-07-04 05:06:07');
      expect((await knexward('adopt', '--yes')).code).toBe(0);
      // The answer of the first time counts: it was London's.
      expect(await moments()).toEqual(['2015-01-04 05:06', '2016-07-04 04:06']);
    });

    it('is no question where the times have a zone of their own', async () => {
      await database.query('alter table migrations alter run_on type timestamptz');
      await insertOld('/20150101000000-a', '2015-07-04 05:06:07+05:30');
      const { code, stdout } = await knexward('adopt', '--yes');
      expect(code).toBe(0);
      expect(stdout).not.toContain('have no zone');
      expect(await moments()).toEqual(['2015-07-03 23:36']);
    });

    it('nor where nothing is to be copied', async () => {
      expect((await knexward('adopt', '--yes')).code).toBe(0);
    });

    it('times that do not exist in a zone, or are still to come, speak against it', async () => {
      await insertOld('/20150101000000-a', '2015-03-29 02:30:00');
      const { stderr } = await knexward('adopt', '--yes');
      expect(stderr).toContain("Europe/Berlin (this machine's; 1 time does not exist there)");
      expect(stderr).toContain('adopt --yes --time-zone UTC');
      await database.query(
        "update migrations set run_on = now() at time zone 'UTC' + interval '1h'",
      );
      expect((await knexward('adopt', '--yes')).stderr).toMatch(
        /UTC \(the server's; 1 time is still to come there\)/,
      );
    });

    it('half hours: the zone that the files speak for is one more candidate, and the default', async () => {
      env['TZ'] = 'UTC';
      for (const day of [1, 2, 3]) {
        project.write({ [`migrations/2017010${day}093000-x.js`]: legacyTable(`x${day}`) });
        await insertOld(`/2017010${day}093000-x`, `2017-01-0${day} 15:0${day}:00`);
      }
      const { stderr, code } = await knexward('adopt', '--yes');
      expect(code).toBe(2);
      expect(stderr).toMatch(
        /in UTC \(this machine's; the server's\), 2017-01-03T09:33:00.000Z in Asia\/(Kolkata|Calcutta) \(3 of 3 rows are close to their files' dates\)/,
      );
      expect(stderr).toMatch(/--time-zone Asia\/(Kolkata|Calcutta)/);
    });

    it("git's dates speak too, but not those of a shallow clone", async () => {
      env['TZ'] = 'UTC';
      const git = (at: string, ...args: string[]) =>
        spawnSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@example.com', ...args], {
          cwd: project.root,
          env: { PATH: process.env['PATH'] ?? '', GIT_COMMITTER_DATE: at, GIT_AUTHOR_DATE: at },
        });
      git('', 'init', '--quiet');
      for (const day of [1, 2, 3]) {
        const at = `2017-01-0${day}T12:00:00Z`;
        project.write({ [`migrations/2010010${day}000000-x.js`]: legacyTable(`x${day}`) });
        git(at, 'add', 'migrations');
        git(at, 'commit', '--quiet', '--message', 'x');
        await insertOld(`/2010010${day}000000-x`, `2017-01-0${day} 07:05:00`);
      }
      expect((await knexward('adopt', '--yes')).stderr).toContain('--time-zone America/New_York');
      git('', 'clone', '--quiet', '--depth', '1', `file://${project.root}`, 'shallow');
      expect((await knexward('adopt', '--dry-run', '--cwd', 'shallow')).code).toBe(0);
    });
  });

  describe('the answer', () => {
    beforeEach(async () => {
      await insertOld('/20150101000000-a', '2015-07-04 05:06:07');
      expect((await knexward('adopt', '--yes', '--time-zone', 'Asia/Tokyo')).code).toBe(0);
      // What another environment has: a history that nothing was copied from.
      await database.query('drop table knex_migrations, knex_migrations_lock, knexward_journal');
    });

    it('is kept for the other environments', async () => {
      const { code, stdout } = await knexward(
        'adopt',
        '--database-only',
        '--yes',
        '--env',
        'production',
      );
      expect(code).toBe(0);
      expect(stdout).toContain(`Asia/Tokyo, as ${ADOPTED} says`);
      expect(await moments()).toEqual(['2015-07-03 20:06']);
    });

    it('is kept for adopt: "auto"', async () => {
      project.write({
        'knexfile.js': project
          .read('knexfile.js')
          .replace('knexward: {', "knexward: { adopt: 'auto',"),
      });
      expect((await knexward('up')).code).toBe(0);
      expect((await moments())[0]).toBe('2015-07-03 20:06');
      project.delete(ADOPTED);
      await database.query('drop table knex_migrations, knex_migrations_lock, knexward_journal');
      const { stderr, code } = await knexward('up');
      expect(stderr).toContain('adopt --database-only --yes --time-zone Europe/Berlin');
      expect(code).toBe(2);
    });

    it('is a question again where that database contradicts it', async () => {
      await database.query(
        "update migrations set run_on = now() at time zone 'Asia/Tokyo' + interval '1h'",
      );
      const { code, stderr } = await knexward('adopt', '--database-only', '--yes');
      expect(code).toBe(2);
      expect(stderr).toContain(
        'Asia/Tokyo (the answer that was kept; 1 time is still to come there)',
      );
    });

    it('goes with an undo, and counts no more', async () => {
      expect((await knexward('adopt', '--database-only', '--yes')).code).toBe(0);
      expect((await knexward('adopt', '--undo', '--yes')).code).toBe(0);
      expect((await knexward('adopt', '--yes')).stderr).toContain('TIME_ZONE_REQUIRED');
    });
  });

  it('has no meaning where the takeover is finished or undone', async () => {
    for (const step of ['--finish', '--undo']) {
      const { code, stderr } = await knexward('adopt', step, '--time-zone', 'UTC');
      expect(code).toBe(2);
      expect(stderr).toContain('USAGE');
    }
  });
});
