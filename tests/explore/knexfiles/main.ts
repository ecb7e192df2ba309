/*
 * Holds what knexward makes of drawn knexfiles and folders against what Knex's own modules make of
 * them: the same database, the same tables, the same migrations in the same order, or a refusal.
 *
 * Called with a number of projects and a seed; prints one JSON document.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { type DrawnProject, project } from './draw';
import { knexSide, type Outcome, ownSide } from './sides';

export interface Comparison {
  projects: number;
  /** Equal in database, tables and list. */
  equal: number;
  /** Refused by both. */
  bothRefused: number;
  /** Knex goes on, knexward refuses: by the code and the start of the message, how many. */
  refused: Record<string, number>;
  /** knexward goes on where Knex does not: how many, by Knex's reason. */
  beyond: Record<string, number>;
  /** Refused by knexward without a code of its own, or as a fault of its own. */
  unexplained: string[];
  /** What must not be. */
  different: { project: DrawnProject; knex: Outcome; own: Outcome }[];
}

export async function compare(count: number, seed: number): Promise<Comparison> {
  const comparison: Comparison = {
    projects: count,
    equal: 0,
    bothRefused: 0,
    refused: {},
    beyond: {},
    unexplained: [],
    different: [],
  };
  const home = mkdtempSync(join(tmpdir(), 'knexward-knexfiles-'));
  const before = { ...process.env };
  try {
    for (const [number, drawn] of fc.sample(project, { numRuns: count, seed }).entries()) {
      const root = join(home, String(number));
      write(root, drawn.files);
      const { knex, own } = await bothSides(drawn, root);
      tally(comparison, drawn, knex, own);
    }
  } finally {
    process.chdir(tmpdir());
    Object.assign(process.env, before);
    rmSync(home, { recursive: true, force: true });
  }
  return comparison;
}

async function bothSides(
  drawn: DrawnProject,
  root: string,
): Promise<{ knex: Outcome; own: Outcome }> {
  for (const name of VARIABLES) delete process.env[name];
  Object.assign(process.env, drawn.variables);
  const folder = join(root, drawn.folder);
  process.chdir(folder);
  const knex = await knexSide(drawn, folder);
  const own = await ownSide(drawn, folder);
  return { knex, own };
}

const VARIABLES = [
  ...['NODE_ENV', 'DB_HOST', 'DB_NAME', 'DB_USER', 'DATABASE_URL', 'CI'],
  ...['PGHOST', 'PGPORT', 'PGDATABASE', 'PGUSER', 'PGPASSWORD', 'PGSERVICE'],
];

function tally(comparison: Comparison, project: DrawnProject, knex: Outcome, own: Outcome): void {
  const count = (where: Record<string, number>, why: string): void => {
    // Without what is another each time.
    const key = why.replace(/\/\S*\/|"[^"]*"/g, '…').slice(0, 90);
    where[key] = (where[key] ?? 0) + 1;
  };
  if ('refused' in own && /^(?:INTERNAL|NO CODE|ERR_|E[A-Z]+:)/.test(own.refused)) {
    comparison.unexplained.push(own.refused);
  }
  if ('target' in knex && 'target' in own) {
    if (isDeepStrictEqual(knex.target, own.target)) comparison.equal += 1;
    else comparison.different.push({ project, knex, own });
  } else if ('refused' in knex && 'refused' in own) {
    comparison.bothRefused += 1;
  } else if ('refused' in own) {
    count(comparison.refused, own.refused);
  } else if ('refused' in knex) {
    count(comparison.beyond, knex.refused);
  }
}

function write(root: string, files: Record<string, string>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

if (process.argv[1]?.endsWith('knexfiles.mjs')) {
  const [count, seed] = process.argv.slice(2).map(Number);
  void compare(count ?? 100, seed ?? 1).then((comparison) =>
    process.stdout.write(JSON.stringify(comparison)),
  );
}
