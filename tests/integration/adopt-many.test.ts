import { type Outcome, type Project } from '../support/project';
import { createDatabase, type TestDatabase } from '../support/database';
import { createLegacyProject } from '../support/db-migrate';

const MANY = 5000;
const FEW = 50;

const stamp = (number: number): string => String(20150101000000 + number);
const oldRows = (count: number): string => `
  create table migrations (id serial primary key, name varchar(255) not null, run_on timestamp not null);
  insert into migrations (name, run_on)
    select '/' || (20150101000000 + n) || '-change-' || n, timestamp '2015-01-01' + n * interval '1 minute'
      from generate_series(1, ${count}) n`;

/** Files that are the same but for their names. */
function files(count: number): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `migrations/${stamp(index + 1)}-change-${index + 1}.js`,
      "exports.up = (db) => db.runSql('select 1'); exports.down = (db) => db.runSql('select 1');\n",
    ]),
  );
}

/** A command's outcome and the most memory that its process had, in MiB. */
async function peak(
  project: Project,
  args: readonly string[],
  env: Record<string, string>,
): Promise<Outcome & { peakMiB: number }> {
  const told = 'told-peak.js';
  project.write({
    [told]: `process.on('exit', () => require('fs').writeFileSync('peak.txt', String(process.resourceUsage().maxRSS / 1024)));`,
  });
  const outcome = await project.knexward(args, {
    ...env,
    NODE_OPTIONS: `--require ${project.root}/${told}`,
  });
  return { ...outcome, peakMiB: Number(project.read('peak.txt')) };
}

describe('adopt of a long history (SC-003)', () => {
  let database: TestDatabase;
  let project: Project;
  let env: Record<string, string>;
  const legacy = async (count: number): Promise<void> => {
    project = createLegacyProject(files(count));
    await database.query(oldRows(count));
  };

  beforeEach(async () => {
    database = await createDatabase();
    env = { DATABASE_URL: database.url };
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  it('every row arrives, in memory that hardly grows with them', async () => {
    const args = ['adopt', '--yes', '--time-zone', 'UTC'];
    await legacy(FEW);
    const few = await peak(project, args, env);
    project.remove();
    await database.drop();
    database = await createDatabase();
    env = { DATABASE_URL: database.url };
    await legacy(MANY);
    const many = await peak(project, args, env);
    expect([few.code, many.code]).toEqual([0, 0]);
    expect(many.stdout).toContain(`Adopted ${MANY} migrations`);
    const [found] = await database.query(
      `select count(*)::int as rows, count(distinct h.id)::int as ids,
              count(*) filter (where h.name = substr(m.name, 2) || '.js' and h.batch = m.id
                and h.migration_time = m.run_on at time zone 'UTC')::int as same,
              count(*) filter (where j.details ->> 'run_on' = m.run_on::text and j.checksum ~ '^[0-9a-f]{64}$')::int as noted
         from migrations m
         join knexward_journal j on j.event = 'adopted' and (j.details ->> 'id')::int = m.id
         join knex_migrations h on h.id = (j.details ->> 'history_id')::int`,
    );
    expect(found).toEqual({ rows: MANY, ids: MANY, same: MANY, noted: MANY });
    // What Node.js itself lets pile up before it collects is most of the difference.
    expect(many.peakMiB).toBeLessThan(few.peakMiB + 60);
  });

  it.each([
    ['the batch', `new.batch := case when new.batch = 1234 then 77 else new.batch end`],
    ['the name', `new.name := case when new.batch = 1234 then 'other.js' else new.name end`],
    [
      'the moment',
      `new.migration_time := new.migration_time + case when new.batch = 1234 then interval '1 microsecond' else '0' end`,
    ],
  ])('one row of many that differs in %s is named (SC-003)', async (_what, change) => {
    await legacy(2000);
    await database.query(
      `create table knex_migrations (id serial primary key, name varchar(255), batch int, migration_time timestamptz);
       create function meddle() returns trigger language plpgsql as $$ begin ${change}; return new; end $$;
       create trigger meddle before insert on knex_migrations for each row execute function meddle()`,
    );
    const { code, json } = await project.knexward(['adopt', '--yes', '--json'], env);
    const { error } = json<{ error: { code: string; message: string } }>();
    expect({ code, error: error.code }).toEqual({ code: 5, error: 'ADOPT_MISMATCH' });
    expect(error.message).toContain(`The row 1234 (/${stamp(1234)}-change-1234)`);
    expect(await database.query('select * from knex_migrations')).toEqual([]);
  });

  it('what db-migrate has reverted of many is taken back in a few statements', async () => {
    await legacy(2000);
    await project.knexward(['adopt', '--yes'], env);
    await database.query(`delete from migrations where id > 500;
      create table statements (id serial, at timestamptz default clock_timestamp());
      create function note() returns trigger language plpgsql as $$ begin insert into statements default values; return null; end $$;
      create trigger note after insert or delete on knex_migrations for each statement execute function note();
      create trigger note after insert or delete on knexward_journal for each statement execute function note()`);
    const { code, stdout, stderr } = await project.knexward(['adopt', '--yes', '--json'], env);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ alreadyAdopted: 500, adopted: 0 });
    const [found] = await database.query(
      `select (select count(*)::int from knex_migrations) as rows,
              (select count(*)::int from knexward_journal where event = 'reverted'
                and batch > 500 and details = '{"by": "db-migrate"}') as noted,
              (select count(*)::int < 10 from statements) as few`,
    );
    expect(found).toEqual({ rows: 500, noted: 1500, few: true });
  });
});
