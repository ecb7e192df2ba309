import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { findPgBouncer } from '../support/pgbouncer.js';
import { REPOSITORY } from '../support/project.js';
import { makeScratchFolder } from '../support/scratch.js';
import { SEED } from '../support/sizes.js';
import { explore, type ScheduleResult } from './explore.js';
import { renderFailure, renderOutcomes, renderTally } from './report.js';
import { shrink } from './shrink.js';
import { type Schedule } from './schedule.js';
import { kindOf, type Violation } from './violation.js';

const USAGE = `npm run explore -- [options]

  --minutes N       for how long (1)
  --count N         so many schedules, however long they take
  --seed S          what is drawn; the day's, unless given
  --only K          the K-th schedule of the seed; more than one: 3,7,12
  --schedule JSON   this schedule, as it is printed with what is smallest
  --times N         with the two above: so many times each, because moments are never quite the same (1)
  --keep-going      goes on after a violation, and shows and shrinks the first of each kind
  --no-shrink       shows what fails as it was drawn
  --package FOLDER  the build to test: a folder with dist/ and bin/ (this one)
  --lanes N         so many schedules at once (2)
  --limit SECONDS   what takes longer hangs (30)
  --verbose         prints what every runner said
`;

/** How long one failure may be shrunk. */
const SHRINK_MS = 60_000;

/** The command line of the explorer. Returns the exit code. */
export async function main(argv: string[]): Promise<number> {
  const options = parse(argv);
  if (options.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const temporary = process.env['TMPDIR'];
  const scratch = makeScratchFolder();
  process.env['TMPDIR'] = scratch;
  const removeScratch = (): void =>
    rmSync(scratch, { recursive: true, force: true, maxRetries: 10 });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      removeScratch();
      process.exit(130);
    });
  }
  try {
    return await run(options);
  } finally {
    removeScratch();
    if (temporary !== undefined) process.env['TMPDIR'] = temporary;
  }
}

type Options = ReturnType<typeof parse>;

function parse(args: string[]) {
  const { values } = parseArgs({
    args,
    options: {
      minutes: { type: 'string', default: '1' },
      count: { type: 'string' },
      seed: { type: 'string', default: String(SEED) },
      only: { type: 'string' },
      schedule: { type: 'string' },
      times: { type: 'string', default: '1' },
      'keep-going': { type: 'boolean', default: false },
      'no-shrink': { type: 'boolean', default: false },
      package: { type: 'string', default: REPOSITORY },
      lanes: { type: 'string', default: '2' },
      limit: { type: 'string', default: '30' },
      verbose: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  return values;
}

async function run(options: Options): Promise<number> {
  const seed = Number(options.seed);
  const packageFolder = resolve(options.package);
  console.log(`Seed ${seed}, ${packageFolder === REPOSITORY ? 'this build' : packageFolder}`);
  if (!findPgBouncer()) console.log('PgBouncer is not installed: its route is left out.');
  const schedules = numbersOf(options);
  const chosen = options.only ?? options.schedule;
  const endless = chosen === undefined && options.count === undefined;
  const deadline = endless ? Date.now() + Number(options.minutes) * 60_000 : Infinity;
  const shown = new Set<string>();
  let stopped = false;
  const onSchedule = async (result: ScheduleResult): Promise<void> => {
    if (options.verbose && result.seen) console.log(renderOutcomes(result.seen));
    const fresh = result.violations.filter((violation) => !shown.has(kindOf(violation)));
    if (fresh.length === 0 || stopped) return;
    if (!options['keep-going']) stopped = true;
    for (const violation of fresh) shown.add(kindOf(violation));
    await show({ ...result, fresh }, seed, options, deadline);
  };
  const tally = await explore({
    ...{ seed, packageFolder, schedules, onSchedule },
    given: options.schedule === undefined ? undefined : (JSON.parse(options.schedule) as Schedule),
    lanes: chosen === undefined ? Number(options.lanes) : 1,
    limitMs: Number(options.limit) * 1000,
    goesOn: () => !stopped && Date.now() < deadline,
  });
  console.log(renderTally(tally));
  return tally.violations.size === 0 ? 0 : 1;
}

function* numbersOf({ only: wanted, schedule, times, count }: Options): Generator<number> {
  const only = wanted ?? (schedule === undefined ? undefined : '1');
  if (only !== undefined) {
    for (let round = 0; round < Number(times); round++) yield* only.split(',').map(Number);
    return;
  }
  for (let number = 1; number <= Number(count ?? Infinity); number++) yield number;
}

/** Prints what fails: as it was drawn, and the smallest that still does. */
async function show(
  { number, schedule, violations, fresh, again }: ScheduleResult & { fresh: Violation[] },
  seed: number,
  options: Options,
  deadline: number,
): Promise<void> {
  const other = resolve(options.package) === REPOSITORY ? '' : ` --package ${options.package}`;
  const which =
    options.schedule === undefined ? `--seed ${seed} --only ${number}` : commandLineOf(schedule);
  const command = `npm run explore -- ${which} --no-shrink${other}`;
  console.log(renderFailure(`schedule ${number} of seed ${seed}`, command, schedule, violations));
  const [first] = fresh;
  if (!first || options['no-shrink']) return;
  // A long run is not to spend its time on one failure.
  const until = Math.min(Date.now() + SHRINK_MS, Math.max(deadline, Date.now() + SHRINK_MS / 2));
  const small = await shrink(schedule, kindOf(first), again, until);
  if (small.violations.length === 0) {
    console.log(`Nothing smaller fails in this way: ${kindOf(first)} (${small.trials} trials).`);
    return;
  }
  const title = `the smallest that still fails in this way: ${kindOf(first)} (${small.trials} trials)`;
  const replay = `npm run explore -- ${commandLineOf(small.schedule)} --no-shrink${other}`;
  console.log(renderFailure(title, replay, small.schedule, small.violations));
}

function commandLineOf(schedule: Schedule): string {
  return `--schedule '${JSON.stringify(schedule).replaceAll("'", "'\\''")}'`;
}
