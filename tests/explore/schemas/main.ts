/*
 * Draws schemas, restores each from its snapshot, its baseline and a fix script, and holds what is
 * there then against what was there: by knexward's own comparison, and by pg_dump.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { createDatabase } from '../../support/database';
import { TEST_SERVER_VARIABLE } from '../../support/postgres-address';
import { OwnServer } from '../../support/own-server';
import { schema, type Step } from './draw';
import { majorOfPgDump } from '../../support/pg-dump';
import { type Finding, type MakeDatabase, type Outcome, travel } from './trips';

const USAGE = `Usage: node scripts/schemas.mjs [--count N] [--seed S] [--only K] [--lanes N] [--postgres MAJOR] [--keep-going] [--no-shrink]
`;

/** The server versions that the tests can fetch. */
const MAJORS = [14, 15, 16, 17, 18];

/** What to draw. */
interface Drawing {
  count: number;
  seed: number;
  /** The number of the only one that is asked for. */
  only?: number | undefined;
  /** How many are on their way at a time. */
  lanes?: number;
}

export interface Summary {
  schemas: number;
  statements: number;
  /** Schemas of which something was lost. */
  lost: { number: number; steps: Step[]; outcome: Outcome }[];
}

/** On an idle server, files are copied in a tenth of the time that it takes to write them to the log. */
const makeDatabase: MakeDatabase = (copyOf) =>
  createDatabase(copyOf, process.env['PG_MAJOR'] === '14' ? '' : 'STRATEGY file_copy');

/** The version of the server to test with: the highest that pg_dump can read. */
export function majorFor(pgDump: number): number | null {
  return MAJORS.filter((major) => major <= pgDump).at(-1) ?? null;
}

/** Draws so many schemas, some at a time, and tells what is lost of them. */
export async function explore(
  { count, seed, only, lanes = 1 }: Drawing,
  onSchema: (number: number, outcome: Outcome, steps: Step[]) => boolean,
): Promise<Summary> {
  const summary: Summary = { schemas: 0, statements: 0, lost: [] };
  const waiting = [...fc.sample(schema, { numRuns: count, seed }).entries()].filter(
    ([number]) => only === undefined || number === only,
  );
  const inOneLane = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [number, steps] = next;
      const outcome = await travel(steps, makeDatabase);
      summary.schemas += 1;
      summary.statements += Object.values(outcome.statements).flat().length;
      if (outcome.findings.length > 0) summary.lost.push({ number, steps, outcome });
      if (!onSchema(number, outcome, steps)) waiting.length = 0;
    }
  };
  await Promise.all(Array.from({ length: lanes }, inOneLane));
  return summary;
}

/** Takes steps out for as long as something of the same kind is still lost. */
export async function shrink(steps: readonly Step[], outcome: Outcome): Promise<Outcome> {
  const signature = ({ trip, judge, what }: Finding): string =>
    // What the server says, and of which statement; else the kind of the object.
    [trip, judge, what.slice(0, 14), /, in: (\w+ \w+)/.exec(what)?.[1] ?? ''].join(' ');
  const first = outcome.findings[0] as Finding;
  const wanted = signature(first);
  let [kept, smallest] = [[...steps], outcome];
  for (
    let size = Math.ceil(kept.length / 2);
    size >= 1;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (let at = 0; at < kept.length;) {
      const fewer = [...kept.slice(0, at), ...kept.slice(at + size)];
      const again = await travel(fewer, makeDatabase, first);
      if (again.findings.some((finding) => signature(finding) === wanted))
        [kept, smallest] = [fewer, again];
      else at += size;
    }
  }
  return smallest;
}

/** Starts the server that `createDatabase` goes to. */
export async function startServer(major: number): Promise<OwnServer> {
  process.env['PG_MAJOR'] = String(major);
  const server = await OwnServer.create({
    ...{ synchronous_commit: 'off', jit: 'off', shared_buffers: '128MB', max_connections: '60' },
  });
  process.env[TEST_SERVER_VARIABLE] = JSON.stringify(server.address);
  return server;
}

/** The script's way in. */
export async function main(words: readonly string[]): Promise<number> {
  const options = parse(words);
  if (options === null) {
    process.stderr.write(USAGE);
    return 2;
  }
  const pgDump = await majorOfPgDump();
  const major = options.postgres ?? majorFor(pgDump ?? 0);
  if (pgDump === null || major === null) {
    process.stdout.write('Skipped: there is no pg_dump, or none that reads the server.\n');
    return 0;
  }
  const server = await startServer(major);
  try {
    const summary = await explore(options, (number, { findings }) => {
      if (number % 50 === 49) process.stderr.write(`${number + 1} of ${options.count}\n`);
      if (findings.length === 0) return true;
      process.stdout.write(
        `Schema ${number} (--seed ${options.seed} --only ${number} --count ${options.count}):\n`,
      );
      for (const finding of findings.slice(0, 6)) process.stdout.write(`  ${told(finding)}\n`);
      return options.keepGoing;
    });
    const [first] = summary.lost;
    if (first && !options.keepGoing && options.shrink)
      tell(await shrink(first.steps, first.outcome));
    process.stdout.write(
      `${summary.schemas} schemas, ${summary.statements} statements, PostgreSQL ${major}, ${summary.lost.length} failed\n`,
    );
    return summary.lost.length > 0 ? 1 : 0;
  } finally {
    await server.remove();
    await sleep(0);
  }
}

function told({ trip, judge, what }: Finding): string {
  return `${trip}, ${judge}: ${what.slice(0, 1500).replaceAll('\n', '\n    ')}`;
}

function tell({ findings, statements }: Outcome): void {
  process.stdout.write('\nThe smallest that still fails:\n');
  for (const [place, list] of Object.entries(statements)) {
    for (const statement of list) process.stdout.write(`  ${place}: ${statement};\n`);
  }
  for (const finding of findings) process.stdout.write(`  ${told(finding)}\n`);
}

interface Options extends Drawing {
  postgres?: number;
  keepGoing: boolean;
  shrink: boolean;
}

function parse(words: readonly string[]): Options | null {
  const options: Options = { count: 25, seed: 1, keepGoing: false, shrink: true };
  for (let at = 0; at < words.length; at++) {
    const word = words[at];
    if (word === '--keep-going') options.keepGoing = true;
    else if (word === '--no-shrink') options.shrink = false;
    else {
      const name = /^--(count|seed|only|lanes|postgres)$/.exec(word ?? '')?.[1];
      const value = Number(words[++at]);
      if (name === undefined || !Number.isSafeInteger(value) || value < 0) return null;
      options[name as 'count' | 'seed' | 'only' | 'lanes' | 'postgres'] = value;
    }
  }
  return options.postgres === undefined || MAJORS.includes(options.postgres) ? options : null;
}
