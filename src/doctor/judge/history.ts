import { commandLine } from '../../command-line.js';
import { type Status } from '../../plan/status.js';
import { type Check, green, red, yellow } from '../check.js';
import { type Failure } from '../facts.js';
import { type HistoryFacts } from '../look/history.js';

/** What a run that is at work leaves visible until it has ended. */
const OF_A_RUN: ReadonlySet<string> = new Set(['LEFT_LOCK', 'UNFINISHED']);

/** Where the migrations stand. */
export function judgeHistory({
  applied,
  pending,
  problems,
  blockingProblems,
  runner,
}: HistoryFacts): Check[] {
  const told = problems.filter(({ code }) => runner === null || !OF_A_RUN.has(code));
  return [
    green('HISTORY', `${applied} migrations are applied`),
    green('PENDING', pending === 0 ? 'nothing is pending' : `${pending} migrations are pending`),
    runner === null
      ? green('RUNNER', 'nobody is running migrations')
      : yellow(
          'RUNNER',
          `${runner.role} from ${runner.client} has been running migrations since ${runner.since}; another "up" waits for it`,
          commandLine('wait'),
        ),
    ...told.map((problem) =>
      judgeProblem(problem, blockingProblems.includes(problem) ? red : yellow),
    ),
  ];
}

/** Red is what `up` stops at. */
function judgeProblem(
  { code, migration, message, fix }: Status['problems'][number],
  judge: typeof red,
): Check {
  return judge(code, migration === null ? message : `${migration}: ${message}`, fix);
}

/** The history could not be read: `up` cannot read it either. */
export function judgeUnreadableHistory({ message, fix }: Failure): Check {
  const next =
    fix ??
    `Look at the checks of privileges and at OPEN_TRANSACTION, then run: ${commandLine('doctor')}`;
  return red('HISTORY', `the history cannot be read: ${message}`, next);
}
