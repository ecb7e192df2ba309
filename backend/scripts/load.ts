// Votes and reads at a steady rate against the running application while `knexward up` changes the
// tables that every vote touches: `npm run -w backend load`. What it prints is what clients noticed.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createMigrator, startEmbedded } from 'knexward';
import { Client } from 'pg';
import knexfile from '../src/config/knexfile.js';
import { ROOT } from '../src/config/root.js';
import { HOT_MIGRATIONS, writeNextRelease } from './load/hot-migrations.js';
import { runUp, startServer, type Upgrade } from './load/processes.js';
import { type Latencies, type Send, steadyLoad } from './load/steady-load.js';

/** What came out. Milliseconds. */
interface Report {
  ratePerSecond: number;
  lockTimeout: number;
  /** Before anything is migrated, and for as long while it is. */
  calm: Latencies;
  migrating: Latencies;
  upgrade: Upgrade & { planned: number };
  /** Votes that were answered after a change had given way, and before its reader was done. */
  meanwhile: number;
  /** Votes that clients were told of, and votes in the table. */
  votes: { answered: number; counted: number };
}

const LOCK_TIMEOUT_MS = 1000;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '30' },
      rate: { type: 'string', default: '30' },
      json: { type: 'boolean', default: false },
    },
  });
  const work = mkdtempSync(join(tmpdir(), 'polls-load-'));
  // As root, the embedded PostgreSQL runs under another user.
  chmodSync(work, 0o755);
  const server = process.env['DATABASE_URL']
    ? { url: process.env['DATABASE_URL'], stop: () => Promise.resolve() }
    : await startEmbedded({ folder: join(work, 'postgres') });
  try {
    const request = { rate: Number(values.rate), seconds: Number(values.seconds), work };
    const report = await measure(server.url, request);
    process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : render(report));
  } finally {
    await server.stop();
    rmSync(work, { recursive: true, force: true });
  }
}

async function measure(
  url: string,
  { rate, seconds, work }: { rate: number; seconds: number; work: string },
): Promise<Report> {
  await migrate(url);
  writeNextRelease(work);
  const client = new Client(url);
  await client.connect();
  const application = await startServer(url);
  try {
    const stage = await setStage(client, rate * seconds * 8);
    const voter = voting(application.url, stage);
    await steadyLoad(rate, voter.send, sleep(1000)); // What runs for the first time is slower.
    const calm = await steadyLoad(rate, voter.send, sleep(seconds * 1000));
    const upgrade = sleep(500).then(() => upgradeBehindSlowReader(work, url, voter.votes));
    const over = Promise.all([upgrade, sleep(seconds * 1000)]);
    const migrating = await steadyLoad(rate, voter.send, over);
    return {
      ...{ ratePerSecond: rate, lockTimeout: LOCK_TIMEOUT_MS, calm, migrating },
      ...(await upgrade),
      votes: { answered: voter.votes(), counted: await countVotes(client, stage.questionId) },
    };
  } finally {
    await application.stop();
    await client.end();
  }
}

async function migrate(url: string): Promise<void> {
  const config = { ...knexfile.test, connection: { connectionString: url } };
  const print = console.log;
  console.log = () => undefined; // One of the old migrations prints what it reads.
  const { failed } = await createMigrator({ config, cwd: ROOT }).up();
  console.log = print;
  if (failed) throw new Error(`${failed.name}: ${failed.message}`);
}

/**
 * Upgrades while a transaction reads the votes and does not end before a change gave way to it, and
 * somebody has voted then.
 */
async function upgradeBehindSlowReader(
  project: string,
  url: string,
  votes: () => number,
): Promise<Pick<Report, 'upgrade' | 'meanwhile'>> {
  const reader = new Client(url);
  await reader.connect();
  await reader.query('BEGIN');
  await reader.query('SELECT count(*) FROM votes');
  let meanwhile: Promise<number> | undefined;
  const release = async (): Promise<number> => {
    const before = votes();
    // Where nobody can vote, the report says so.
    const limit = Date.now() + 60_000;
    while (votes() === before && Date.now() < limit) await sleep(5);
    const more = votes() - before;
    await reader.query('COMMIT');
    return more;
  };
  try {
    const upgrade = await runUp(project, url, () => void (meanwhile ??= release()));
    return { upgrade: { ...upgrade, planned: HOT_MIGRATIONS }, meanwhile: (await meanwhile) ?? 0 };
  } finally {
    await reader.end().catch(() => undefined);
  }
}

interface Stage {
  questionId: number;
  options: number[];
  /** The ids of participants who have not voted yet: from here on. */
  firstParticipant: number;
}

async function setStage(client: Client, participants: number): Promise<Stage> {
  const { rows } = await client.query<{ room: number; question: number; options: number[] }>(
    `WITH room AS (
       INSERT INTO rooms (code, title, slug) VALUES ('LDTEST', 'Load', 'load-ldtest') RETURNING id
     ), question AS (
       INSERT INTO questions (room_id, body, state) SELECT id, 'Which?', 'open' FROM room RETURNING id
     ), option AS (
       INSERT INTO options (question_id, label, position)
       SELECT id, 'Option ' || n, n FROM question, generate_series(1, 4) n RETURNING id
     )
     SELECT room.id AS room, question.id AS question, array_agg(option.id) AS options
     FROM room, question, option GROUP BY 1, 2`,
  );
  const [stage] = rows;
  if (!stage) throw new Error('There is no stage.');
  const joined = await client.query<{ first: number }>(
    `WITH joined AS (
       INSERT INTO participants (room_id, display_name)
       SELECT $1, 'Participant ' || n FROM generate_series(1, $2::int) n RETURNING id
     ) SELECT min(id) AS first FROM joined`,
    [stage.room, participants],
  );
  await client.query('ANALYZE');
  const firstParticipant = joined.rows[0]?.first ?? 0;
  return { questionId: stage.question, options: stage.options, firstParticipant };
}

/** Of four requests three vote, each for another participant; the fourth reads the results. */
function voting(url: string, { questionId, options, firstParticipant }: Stage) {
  let participant = firstParticipant;
  let votes = 0;
  const headers = { 'content-type': 'application/json' };
  const send: Send = async (index) => {
    if (index % 4 === 3)
      return expectStatus(await fetch(`${url}/questions/${questionId}/results`), 200);
    const vote = { participantId: participant++, optionId: options[index % options.length] };
    const init = { method: 'POST', headers, body: JSON.stringify(vote) };
    await expectStatus(await fetch(`${url}/questions/${questionId}/votes`, init), 201);
    votes++;
  };
  return { send, votes: () => votes };
}

async function expectStatus(response: Response, status: number): Promise<void> {
  const body = await response.text();
  if (response.status !== status) throw new Error(`${response.status}: ${body}`);
}

async function countVotes(client: Client, questionId: number): Promise<number> {
  const sql = 'SELECT count(*)::int AS votes FROM votes WHERE question_id = $1';
  return (await client.query<{ votes: number }>(sql, [questionId])).rows[0]?.votes ?? 0;
}

function render({ ratePerSecond, lockTimeout, calm, migrating, upgrade, votes }: Report): string {
  const row = (name: string, { requests, failures, p50, p99, max }: Latencies): string =>
    `${name.padEnd(12)}${[requests, failures.length, p50, p99, max].map((value) => String(value).padStart(9)).join('')}`;
  return [
    `${ratePerSecond} requests a second; ${upgrade.applied} of ${upgrade.planned} migrations applied, ${upgrade.retries} times given way`,
    `${''.padEnd(12)}${['requests', 'failed', 'p50 ms', 'p99 ms', 'max ms'].map((name) => name.padStart(9)).join('')}`,
    row('calm', calm),
    row('migrating', migrating),
    `p99 changed by ${migrating.p99 - calm.p99} ms; the lock timeout is ${lockTimeout} ms`,
    `${votes.answered} votes answered, ${votes.counted} in the table`,
    ...new Set([...calm.failures, ...migrating.failures]),
    '',
  ].join('\n');
}

void main().catch((error: unknown) => {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
});
