import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createDatabase, type TestDatabase } from './database';
import { createLegacyProject, dbMigrate } from './db-migrate';
import {
  asDbMigrateWrites,
  createAliasProject,
  differences,
  namesIn,
  runAlias,
} from './db-migrate-alias';
import { type Outcome, type Project, REPOSITORY } from './project';

/*
 * The same invocations under real db-migrate and under knexward-db-migrate, each in a project and
 * on a database of its own. After each one both have to be in the same state.
 */

const DIFFERENCES = readFileSync(join(REPOSITORY, 'docs/db-migrate-differences.md'), 'utf8');

/** One tool at work: its project, its database, and how it keeps history. */
export interface Side {
  project: Project;
  database: TestDatabase;
  run: (args: readonly string[]) => Promise<Outcome>;
  history: (table: string) => Promise<string[]>;
}

/** Where the two do not do the same: what each is told, and the heading that says why. */
interface Exception {
  because: string;
  real: readonly (readonly [line: string, code: number])[];
  alias: readonly (readonly [line: string, code: number])[];
  /** Takes away what only one of them has left. */
  cleanUp?: (side: Side) => void;
}

/** An invocation, an exception, or something that is done to both. */
export type Step = string | Exception | ((side: Side) => void | Promise<void>);

/** A project, and what is done in it, step by step. */
export interface Story {
  files: Record<string, string>;
  /** The environment variables; DATABASE_URL unless given. */
  env?: (database: TestDatabase) => Record<string, string>;
  /** The schema and name of the history under db-migrate, and under Knex. */
  history?: { real: string; alias: string };
  schemas?: string[];
  steps: readonly Step[];
}

let invocations = 0;

/** How often any of the tools has been called so far. */
export const countInvocations = (): number => invocations;

/** The words of a line; what is quoted is one. */
const words = (line: string): string[] =>
  [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');

async function openSides(story: Story): Promise<[real: Side, alias: Side]> {
  const envOf = story.env ?? ((database: TestDatabase) => ({ DATABASE_URL: database.url }));
  const side = async (
    create: (files: Record<string, string>) => Project,
    run: typeof dbMigrate,
    history: (database: TestDatabase, table: string) => Promise<string[]>,
  ): Promise<Side> => {
    const project = create({
      'database.json': JSON.stringify({ dev: { driver: 'pg' } }),
      'package.json': JSON.stringify({ name: 'same' }),
      ...story.files,
    });
    const database = await createDatabase();
    return {
      project,
      database,
      run: (args) => run(project, args, envOf(database)),
      history: (table) => history(database, table),
    };
  };
  return Promise.all([
    side(createLegacyProject, dbMigrate, namesIn),
    side(createAliasProject, runAlias, async (database, table) =>
      asDbMigrateWrites(await namesIn(database, table)),
    ),
  ]);
}

/** Every file that the project was not given, with timestamps that do not depend on the moment. */
function createdFiles({ project }: Side, given: Record<string, string>): Record<string, string> {
  const created: Record<string, string> = {};
  const visit = (folder: string) => {
    for (const entry of readdirSync(join(project.root, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory() && entry.name !== 'node_modules') visit(path);
      if (!entry.isFile() || path in given) continue;
      created[timeless(path, given)] = timeless(project.read(path), given);
    }
  };
  visit('');
  return created;
}

/** A text without the timestamps that a tool has made up. */
function timeless(text: string, given: Record<string, string>): string {
  const known = Object.keys(given).join();
  return text.replace(/\d{14}(?=-)/g, (stamp) => (known.includes(stamp) ? stamp : 'TIMESTAMP'));
}

/** The lines that scripts look for. */
function toldLines(
  { stdout }: Outcome,
  { project }: Side,
  given: Record<string, string>,
): string[] {
  return timeless(stdout, given)
    .replaceAll(project.root, 'ROOT')
    .split('\n')
    .filter((line) =>
      /^\[INFO\] (Processed|Done|No |Migrations to|Created|Deleted|Defaulting|Syncing|check|dry run)/.test(
        line,
      ),
    );
}

/** Runs a story under both tools, and expects the same of both after each step. */
export async function tell(story: Story): Promise<void> {
  const sides = await openSides(story);
  const [real, alias] = sides;
  const { history = { real: 'migrations', alias: 'knex_migrations' } } = story;
  try {
    for (const step of story.steps) {
      const lines = await take(step, sides, story.files);
      const where = JSON.stringify(step);
      expect({ where, ...lines.alias }).toEqual({ where, ...lines.real });
      const names = (side: Side, table: string) =>
        side.history(table).then((list) => list.map((name) => timeless(name, story.files)));
      expect({ where, history: await names(alias, history.alias) }).toEqual({
        where,
        history: await names(real, history.real),
      });
      expect({
        where,
        differences: await differences(real.database, alias.database, ...(story.schemas ?? [])),
      }).toEqual({ where, differences: [] });
      expect({ where, files: createdFiles(alias, story.files) }).toEqual({
        where,
        files: createdFiles(real, story.files),
      });
    }
  } finally {
    for (const { project, database } of sides) {
      project.remove();
      await database.drop();
    }
  }
}

interface Told {
  code?: number | null;
  lines?: string[];
}

async function take(
  step: Step,
  sides: readonly [Side, Side],
  given: Record<string, string>,
): Promise<{ real: Told; alias: Told }> {
  const [real, alias] = sides;
  if (typeof step === 'function') {
    for (const side of sides) await step(side);
    return { real: {}, alias: {} };
  }
  if (typeof step === 'object') {
    expect(DIFFERENCES).toContain(`## ${step.because}\n`);
    await takeEach(step.real, real);
    await takeEach(step.alias, alias);
    sides.forEach((side) => step.cleanUp?.(side));
    return { real: {}, alias: {} };
  }
  invocations += 1;
  const [expected, actual] = await Promise.all([real.run(words(step)), alias.run(words(step))]);
  return {
    real: { code: expected.code, lines: toldLines(expected, real, given) },
    alias: { code: actual.code, lines: toldLines(actual, alias, given) },
  };
}

async function takeEach(lines: Exception['real'], side: Side): Promise<void> {
  for (const [line, code] of lines) {
    invocations += 1;
    const outcome = await side.run(words(line));
    expect({ line, code: outcome.code, stderr: outcome.stderr }).toMatchObject({ line, code });
  }
}
