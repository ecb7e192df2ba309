import { randomUUID } from 'node:crypto';
import { Client, type ClientConfig } from 'pg';
import { FleetJournal, runToResume } from '../../src/fleet/journal';
import { createDatabase, createRole, type TestDatabase } from '../support/database';
import { onFreePort } from '../support/free-port';

const PLACE = { schema: 'public', history: 'knex_migrations' };
const DETAILS = { targets: 2, selection: null };
const ENDED = { complete: true };

describe('the journal of a fleet (US13, FR-009)', () => {
  let database: TestDatabase;
  let gaps: unknown[];
  const connectTo = async (config: ClientConfig): Promise<Client> => {
    const client = new Client(config);
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
  const journal = (connect = (): Promise<Client> => connectTo(database.config)): FleetJournal =>
    new FleetJournal(connect, PLACE, randomUUID(), (error) => gaps.push(error));
  const rows = (): Promise<{ event: string; target: string | null }[]> =>
    database.query('select event, target from knexward_fleet order by id');

  beforeEach(async () => {
    database = await createDatabase();
    gaps = [];
  });
  afterEach(() => database.drop());

  it('many runs that begin at once: one of them makes it', async () => {
    for (let round = 0; round < 5; round++) {
      await database.query('drop table if exists knexward_fleet');
      const journals = Array.from({ length: 8 }, () => journal());
      const begun = await Promise.allSettled(journals.map((each) => each.begin(DETAILS)));
      await Promise.all(journals.map((each) => each.close()));
      expect(begun.filter(({ status }) => status === 'rejected')).toEqual([]);
    }
  });

  it('the server is away for some targets: they are written when it is back', async () => {
    let isAway = false;
    const port = await onFreePort((free) => Promise.resolve(free));
    const one = journal(() => connectTo({ ...database.config, ...(isAway && { port }) }));
    await one.begin(DETAILS);
    isAway = true;
    await database.query(`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`);
    one.record(1, 'a', { runId: randomUUID() });
    one.record(1, 'b', { target: 'b', code: 'LOCKED', message: 'held' });
    await new Promise((resolve) => setTimeout(resolve, 200));
    isAway = false;
    await one.end(ENDED);
    await one.close();
    expect({ gaps, rows: await rows() }).toEqual({
      gaps: [],
      rows: [
        { event: 'begun', target: null },
        { event: 'done', target: 'a' },
        { event: 'failed', target: 'b' },
        { event: 'ended', target: null },
      ],
    });
  });

  it('somebody has locked it for long: the run ends, and the gap is told once', async () => {
    const one = journal();
    await one.begin(DETAILS);
    const holder = await connectTo(database.config);
    await holder.query('begin; lock table knexward_fleet');
    one.record(1, 'a', { runId: randomUUID() });
    await one.end(ENDED);
    await one.close();
    const reader = await connectTo(database.config);
    await expect(runToResume(reader, PLACE)).rejects.toMatchObject({ code: '55P03' });
    await reader.end();
    await holder.end();
    expect(gaps).toEqual([expect.objectContaining({ code: '55P03' })]);
    expect(await rows()).toEqual([{ event: 'begun', target: null }]);
  }, 60_000);

  it('its connection is never answered again: it is written over another', async () => {
    const pids: number[] = [];
    const one = journal(async () => {
      const client = await connectTo(database.config);
      const { rows: seen } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
      pids.push(seen[0]?.pid as number);
      return client;
    });
    await one.begin(DETAILS);
    process.kill(pids[0] as number, 'SIGSTOP');
    one.record(1, 'a', { runId: randomUUID() });
    await one.end(ENDED);
    await one.close();
    const written = (await rows()).map(({ event }) => event);
    process.kill(pids[0] as number, 'SIGCONT');
    expect({ gaps, written, connections: pids.length }).toEqual({
      ...{ gaps: [], written: ['begun', 'done', 'ended'], connections: 2 },
    });
  });

  it('a connection that never comes is not waited for without end', async () => {
    const never = journal(() => new Promise(() => undefined));
    await expect(never.begin(DETAILS)).rejects.toMatchObject({
      message: expect.stringMatching(
        /"knexward_fleet".*not answered.*Nothing was changed/,
      ) as string,
    });
    await never.close();
  }, 20_000);

  it('begins nothing where it cannot be written, and names the table', async () => {
    const role = await createRole();
    try {
      await database.query('revoke create on schema public from public');
      const one = journal(() => connectTo({ connectionString: role.url(database) }));
      await expect(one.begin(DETAILS)).rejects.toMatchObject({
        code: 'PERMISSION_DENIED',
        message: expect.stringMatching(
          /"knexward_fleet".*schema public.*Nothing was changed/,
        ) as string,
      });
      await one.close();
    } finally {
      await role.drop(database);
    }
  });

  it('a role that may not make tables writes to the one that is there', async () => {
    const first = journal();
    await first.begin(DETAILS);
    await first.close();
    const role = await createRole();
    try {
      await database.query(`revoke create on schema public from public;
        grant select, insert, delete on knexward_fleet to ${role.name}`);
      const one = journal(() => connectTo({ connectionString: role.url(database) }));
      await one.begin(DETAILS);
      await one.end(ENDED);
      await one.close();
    } finally {
      await role.drop(database);
    }
    expect(gaps).toEqual([]);
    expect(await rows()).toHaveLength(3);
  });
});
