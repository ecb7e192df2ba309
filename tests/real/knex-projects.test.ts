import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createKnexProject, KNEX_PROJECTS, type ReleasedProject } from '../support/knex-projects';
import {
  type Held,
  MigratedDatabase,
  requireSame,
  type Tool,
  type Word,
} from '../support/knex-project-run';
import { REPOSITORY } from '../support/project';
import { sampleOf } from '../support/sizes';

/** How many migrations each release of a project has, as shares of all. */
const RELEASES = [1 / 8, 1 / 2, 3 / 4, 1];

const releasesOf = (count: number): number[] => [
  ...new Set(RELEASES.map((share) => Math.ceil(count * share))),
];

/** Who migrates at each release, and who reverts each. */
const TURNS: Tool[][] = [
  ['knex', 'knex', 'knex', 'knex'],
  ['knex', 'knexward', 'knex', 'knexward'],
  ['knexward', 'knex', 'knexward', 'knex'],
];

it('docs/knex-compatibility.md lists each of them', () => {
  const page = readFileSync(join(REPOSITORY, 'docs/knex-compatibility.md'), 'utf8');
  const listed = [
    ...page.matchAll(/^\| `(@\S+)` (\S+) +\| (\d+) .*\| (all|stops at `(\S+)`) +\|$/gm),
  ];
  expect(
    listed.map(([, name, version, migrations, , stop]) => ({
      ...{ name, version, migrations: Number(migrations), downStopsAt: stop ?? null },
    })),
  ).toEqual(
    KNEX_PROJECTS.map(({ name, version, migrations, downStopsAt }) => ({
      ...{ name, version, migrations, downStopsAt },
    })),
  );
});

describe.each(
  sampleOf('knexProjects', KNEX_PROJECTS).map((from) => ({
    ...{ called: `${from.name} ${from.version}`, from },
  })),
)('$called, as it was published (US10, FR-010)', ({ from }) => {
  let project: ReleasedProject;
  let databases: MigratedDatabase[];

  beforeEach(async () => {
    databases = [];
    project = await createKnexProject(from);
    expect(project.names).toHaveLength(from.migrations);
  });
  afterEach(async () => {
    project.remove();
    for (const { database } of databases) await database.drop();
  });
  const make = async (): Promise<MigratedDatabase> => {
    const made = await MigratedDatabase.create(project);
    databases.push(made);
    return made;
  };

  it('all at once, by both: the same schema, rows and history; and down again as far as it goes', async () => {
    const [real, own] = [await make(), await make()];
    project.release(project.names.length);
    await Promise.all([real.does('knex', 'latest'), own.does('knexward', 'latest')]);
    const held = await real.holds();
    requireSame(held, await own.holds());
    expect(Object.keys(held.rows)).not.toEqual([]);
    expect(held.history).toEqual(project.names.map((name) => ({ name, batch: 1 })));
    await Promise.all([
      real.does('knex', 'rollbackAll', from.downStopsAt),
      own.does('knexward', 'rollbackAll', from.downStopsAt),
    ]);
    const left = await real.holds();
    requireSame(left, await own.holds());
    expect(left.history.at(-1)?.name ?? null).toBe(from.downStopsAt);
  });

  it('by turns, a release each, whoever begins; and down again, a release each', async () => {
    for (let made = 0; made < TURNS.length; made += 1) await make();
    const all = async (word: Word, turn: number, stop: string | null = null): Promise<void> => {
      await Promise.all(
        databases.map((one, at) => one.does(TURNS[at]?.[turn] as Tool, word, stop)),
      );
      const [first, ...others] = await Promise.all(databases.map((one) => one.holds()));
      for (const other of others) requireSame(first as Held, other);
    };
    const releases = releasesOf(project.names.length);
    for (const [turn, count] of releases.entries()) {
      project.release(count);
      const before = releases[turn - 1];
      if (before !== undefined)
        await requireListed(databases, project.names.slice(0, count), before);
      await all('latest', turn);
    }
    // Down to the release that has the migration where it stops.
    const stop = from.downStopsAt === null ? -1 : project.names.indexOf(from.downStopsAt);
    const begins = (turn: number): number => releases[turn - 1] ?? 0;
    for (let turn = releases.length - 1; turn >= 0; turn -= 1) {
      const stops = begins(turn) <= stop;
      await all('rollback', turn, stops ? from.downStopsAt : null);
      if (stops) break;
    }
  });
});

/** Requires that Knex's list, and knexward's status, call the first so many applied. */
async function requireListed(
  databases: readonly MigratedDatabase[],
  names: readonly string[],
  applied: number,
): Promise<void> {
  const listed = await Promise.all(databases.map((one) => one.listed()));
  const expected = { applied: names.slice(0, applied), pending: names.slice(applied) };
  for (const { knex, knexward } of listed) {
    expect(knex).toEqual([...expected.applied, ...expected.pending]);
    expect(knexward).toEqual({ ...expected, problems: [] });
  }
}
