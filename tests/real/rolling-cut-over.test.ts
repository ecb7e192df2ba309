import { Client } from 'pg';
import { compareCatalogs, readCatalog } from '../support/catalog';
import {
  coveringOrders,
  describeOrder,
  everyOrder,
  type Member,
  type Order,
  type Step,
  stepsOf,
} from '../support/cut-over-orders';
import { createDatabase, type TestDatabase } from '../support/database';
import { ExpectedHistories, histories, NEW } from '../support/expected-histories';
import { Fleet, LATE_LOCK, LATE_MIGRATION, layOutReleases } from '../support/fleet';
import { LoadBalancer } from '../support/load-balancer';
import { EVERY_CUT_OVER_ORDER, sampleOf } from '../support/sizes';
import { Voters } from '../support/voters';
import { waitFor } from '../support/wait-for';

/** All 216 take most of an hour. Otherwise: orders in which every pair of choices meets, or a sample. */
const ORDERS = EVERY_CUT_OVER_ORDER ? everyOrder() : sampleOf('cutOverOrders', coveringOrders());
const ROOM = 'ROLL42';
const BOOKKEEPING = [
  ...['migrations', 'migrations_adopted_by_knexward', 'knexward_journal'],
  ...['knex_migrations', 'knex_migrations_lock'],
  ...['knex_migrations_undone_by_knexward', 'knex_migrations_lock_undone_by_knexward'],
];

const catalogOf = (database: TestDatabase): Promise<string[]> =>
  readCatalog(async (sql, params) => ({ rows: await database.query(sql, params) }), {
    exclude: BOOKKEEPING.map((table) => `public.${table}`),
  });

/** Who holds or waits for the lock that the late migration takes. */
const atLateLock = (database: TestDatabase) =>
  database.query<{ granted: boolean }>(
    `SELECT granted FROM pg_locks WHERE locktype = 'advisory' AND objid = ${LATE_LOCK}
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );

const old = (position: number, late = false): Member => ({ position, release: 'old', late });
const young = (position: number, late = false): Member => ({ position, release: 'new', late });

/** A database with the fleet on it, and the people who vote. */
interface Scene {
  database: TestDatabase;
  balancer: LoadBalancer;
  fleet: Fleet;
  expected: ExpectedHistories;
  voters: Voters;
  /** Takes a step and compares the histories after it. */
  take: (step: Step) => Promise<void>;
  /** Compares the histories with what must be there. */
  compare: (after: unknown) => Promise<void>;
}

describe('the rolling cut-over: old releases with real db-migrate, new ones with knexward (US9, EC-15)', () => {
  let releases: ReturnType<typeof layOutReleases>;
  /** As real db-migrate makes it, with a room in it. */
  let before: TestDatabase;
  let scene: Scene | undefined;
  const totals = { orders: 0, steps: 0, votes: 0, requests: 0, cut: 0 };
  /** By real db-migrate, then knexward for what only the new release has; with the late branch or not. */
  const catalogs: Record<'old' | 'new', Record<'plain' | 'late', string[]>> = {
    old: { plain: [], late: [] },
    new: { plain: [], late: [] },
  };

  beforeAll(async () => {
    releases = layOutReleases();
    before = await createDatabase();
    const fleet = new Fleet(before, new LoadBalancer(), releases.folders);
    expect(await fleet.migrate(old(0)).ended).toMatchObject({ code: 0 });
    const client = new Client(before.config);
    await client.connect();
    await client.query(
      `INSERT INTO rooms (code, title, slug) VALUES ('${ROOM}', 'Rolling', 'rolling');
       CREATE TABLE late_runs (id int GENERATED ALWAYS AS IDENTITY, what text)`,
    );
    await client.end();
    for (const late of ['plain', 'late'] as const) {
      const database = await createDatabase(before.name);
      const reference = new Fleet(database, new LoadBalancer(), releases.folders);
      await reference.migrate(old(0, late === 'late')).ended;
      catalogs.old[late] = await catalogOf(database);
      const { code, output } = await reference.migrate(young(0, late === 'late')).ended;
      expect(code === 0 ? '' : output).toBe('');
      catalogs.new[late] = await catalogOf(database);
      await database.drop();
    }
  });

  afterEach(async () => {
    await scene?.voters.stop();
    await scene?.fleet.stopAll();
    await scene?.database.drop();
    scene = undefined;
  });

  afterAll(async () => {
    await before.drop();
    releases.remove();
    console.log(
      `${totals.orders} orders, ${totals.steps} steps; ${totals.votes} votes, none lost; ` +
        `${totals.requests} requests answered, ${totals.cut} cut off by SIGKILL and sent again`,
    );
  });

  async function setScene(): Promise<Scene> {
    const database = await createDatabase(before.name);
    const balancer = new LoadBalancer();
    const fleet = new Fleet(database, balancer, releases.folders);
    const expected = new ExpectedHistories();
    const compare = async (after: unknown) => {
      const unready = await fleet.unready();
      expect({ after, ...(await histories(database)), unready }).toEqual({
        ...{ after, ...expected.now, unready: [] },
      });
      const { failures } = balancer;
      expect({ failures, complaints: fleet.complaints }).toEqual({ failures: [], complaints: [] });
      totals.steps++;
    };
    const take = async (step: Step): Promise<void> => {
      if ('start' in step) {
        const ended = await Promise.all(step.start.map((member) => fleet.start(member)));
        expect({ step, ended }).toEqual({
          ...{ step, ended: step.start.map(() => expect.objectContaining({ code: 0 }) as unknown) },
        });
        step.start.forEach((member) => expected.started(member));
      } else {
        await Promise.all(
          step.stop.map(({ position, release, signal }) => fleet.stop(position, release, signal)),
        );
      }
      await compare(step);
    };
    await fleet.start(old(9));
    const voters = new Voters(balancer, ROOM);
    return (scene = { database, balancer, fleet, expected, voters, take, compare });
  }

  /** No vote lost, no request failed, and nothing left of the votes that nobody was told of. */
  async function settle({ voters, balancer, database }: Scene): Promise<void> {
    // Enough to tell, however fast the machine: they vote until here, and on where it was less.
    await waitFor(() => Promise.resolve(voters.votes > 20));
    await voters.stop();
    expect(balancer.failures).toEqual([]);
    expect(await voters.differences(database)).toEqual([]);
    totals.votes += voters.votes;
    totals.requests += balancer.answered;
    totals.cut += balancer.cut;
  }

  it.each(ORDERS.map((order): [string, Order] => [describeOrder(order), order]))(
    '%s',
    async (_name, order) => {
      const current = await setScene();
      const [first, ...others] = stepsOf(order);
      await current.take(first as Step);
      await current.fleet.stop(9, 'old', 'SIGTERM');
      for (const step of others) await current.take(step);
      await settle(current);
      const late = order.late === 'nobody' ? 'plain' : 'late';
      expect(compareCatalogs(catalogs.new[late], await catalogOf(current.database))).toEqual([]);
      totals.orders++;
    },
  );

  it.each([
    ['knexward', young(1, true), old(1, true), young(2, true)],
    ['db-migrate', old(1, true), young(1, true), old(2, true)],
  ])(
    '%s is killed in the middle of the late migration: the other side runs it, once',
    async (_name, killed, ...others) => {
      const current = await setScene();
      const { database, fleet } = current;
      await current.take({ start: [young(0)] });
      await database.query(`SELECT pg_advisory_lock(${LATE_LOCK})`);
      const { child, ended } = fleet.migrate(killed);
      await waitFor(async () => (await atLateLock(database)).some(({ granted }) => !granted));
      child.kill('SIGKILL');
      await ended;
      await database.query(`SELECT pg_advisory_unlock(${LATE_LOCK})`);
      await waitFor(async () => (await atLateLock(database)).length === 0);
      await current.compare('the kill');
      for (const other of others) await current.take({ start: [other] });
      await settle(current);
    },
  );

  it('adopt --finish stops old instances that start; --undo brings them back; adopt leads on again', async () => {
    const current = await setScene();
    const { fleet, expected, compare } = current;
    const knexward = async (...args: string[]): Promise<void> => {
      expect(await fleet.knexward(true, ...args, '--yes')).toMatchObject({ code: 0 });
    };
    const refused = async (member: Member, why: string): Promise<void> => {
      const { code, output } = await fleet.migrate(member).ended;
      expect(output).toContain(why);
      expect(code).not.toBe(0);
      await compare(why);
    };
    // An old one and the first new one at the same time, then the late branch with knexward.
    await current.take({ start: [young(0), old(1)] });
    await current.take({ start: [young(2, true)] });

    await knexward('adopt', '--finish');
    expected.finished();
    await compare('--finish');
    await refused(old(3, true), 'column "run_on" does not exist');
    await current.take({ start: [young(3, true)] });

    const blocked = await fleet.knexward(true, 'adopt', '--undo', '--database-only', '--yes');
    expect(blocked.output).toContain('UNDO_BLOCKED');
    await compare('an undo that is refused');
    // The old instances that run since before serve meanwhile; else there would be a pause.
    for (const position of [0, 2, 3]) await fleet.stop(position, 'new', 'SIGTERM');
    await knexward('down', NEW[0] ?? '');
    await knexward('adopt', '--undo', '--database-only');
    expected.undone(...NEW, LATE_MIGRATION);
    await compare('--undo');
    await current.take({ start: [old(2, true), old(3)] });
    await refused(young(0, true), 'NOT_ADOPTED');
    expect(compareCatalogs(catalogs.old.late, await catalogOf(current.database))).toEqual([]);

    await knexward('adopt', '--database-only');
    await current.take({ start: [young(0, true)] });
    await settle(current);
    expect(compareCatalogs(catalogs.new.late, await catalogOf(current.database))).toEqual([]);
  });
});
