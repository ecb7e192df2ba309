import { commandLine } from '../command-line.js';
import { pageOf } from '../pages.js';
import { type RunEvent, type RunListener } from '../run/events.js';
import { countOf, durationOf } from '../count.js';
import { FEW } from './long-list.js';
import { type LogLevel } from './levels.js';
import { type Output } from './output.js';

/** How often a change that takes long is told of: on a terminal in place, elsewhere as a line. */
const TICK_MS = 1000;
const REMINDER_MS = 30_000;

/** A change that takes so long is told of among many, too. */
const SLOW_MS = 1000;

const LEVELS: Record<RunEvent['type'], Exclude<LogLevel, 'silent'>> = {
  embedded: 'info',
  waiting: 'warn',
  planned: 'debug',
  baseline: 'info',
  baselineUnfit: 'warn',
  started: 'debug',
  retrying: 'warn',
  warned: 'warn',
  done: 'info',
  failed: 'error',
};

/** What progress needs of the output. */
type Target = Pick<Output, 'colors' | 'options' | 'note' | 'status'>;

/**
 * Shows on stderr what a run does: for a person as lines, for a machine as Pino's JSON. Of many
 * migrations a person is told the slow ones, and how far it has come.
 */
export function createProgress(output: Target, verbose = false): RunListener {
  const clock = createClock(output);
  let position = '';
  let told = true;
  let began = 0;
  let total = 0;
  let loaded = 0;
  return (event) => {
    if (event.type === 'baseline') {
      loaded = event.migrations.length;
      began = Date.now() - event.durationMs;
    }
    if (event.type === 'started') {
      if (event.index === 0 && loaded === 0) began = Date.now();
      total = event.index + 1 === event.total ? loaded + event.total : 0;
      position = `${event.index + 1}/${event.total}`;
      told = verbose || isTold(event.index, event.total);
      clock.start(position, event.name);
    }
    if (event.type === 'done' || event.type === 'failed') clock.stop();
    const quiet = event.type === 'done' && !told && event.durationMs < SLOW_MS;
    if (output.options.logFormat === 'text' && quiet) return;
    if (output.options.logFormat === 'text') showAsText(output, event, position);
    else output.note(LEVELS[event.type], '', { message: event.type, fields: fieldsOf(event) });
    if (event.type === 'done' && total > 1 && output.options.logFormat === 'text') {
      const time = durationOf(Date.now() - began);
      output.note('info', `  ${output.colors.dim(`${countOf(total, 'migration')} in ${time}`)}`);
    }
  };
}

/** Each of a few; of many one in each tenth, and the last. */
function isTold(index: number, total: number): boolean {
  const tenth = (count: number): number => Math.floor((count * 10) / total);
  return total <= FEW || tenth(index) !== tenth(index + 1);
}

function showAsText(output: Target, event: RunEvent, position: string): void {
  const { colors: c } = output;
  switch (event.type) {
    case 'planned':
    case 'started':
      break;
    case 'embedded':
      output.note('info', `Using the embedded PostgreSQL in ${event.folder}`);
      break;
    case 'waiting':
      output.note('warn', waitingLine(event));
      break;
    case 'baseline':
      output.note(
        'info',
        `  ${c.green('✓')} ${countOf(event.migrations.length, 'migration')} from the baseline ${event.file} ${c.dim(`${durationOf(event.durationMs)}`)}`,
      );
      break;
    case 'baselineUnfit':
      output.note(
        'warn',
        `  ${c.yellow('!')} The baseline ${event.file} is not used; every migration runs: ${event.reason}. To update it: ${commandLine('baseline')}`,
      );
      break;
    case 'retrying':
      output.note(
        'warn',
        `  ${c.yellow('↻')} ${event.name}: ${event.reason}; attempt ${event.attempt + 1} in ${event.delayMs} ms`,
      );
      break;
    case 'warned':
      output.note('warn', `  ${c.yellow('!')} ${event.name}: ${event.message}`);
      output.note('warn', `    ${c.dim(`page  ${pageOf(event.code)}`)}`);
      break;
    case 'done': {
      const time = durationOf(event.durationMs);
      output.note('info', `  ${c.green('✓')} ${c.dim(position)} ${event.name} ${c.dim(time)}`);
      break;
    }
    case 'failed':
      // A person is told of it once, at the end, and in full; with --json that goes to stdout.
      if (output.options.json) output.note('info', `  ${c.red('✗')} ${event.failure.name}`);
      break;
  }
}

function waitingLine({ holder }: RunEvent & { type: 'waiting' }): string {
  const who = holder
    ? `${holder.role} from ${holder.client}, since ${holder.since}`
    : 'another session';
  return `Waiting for another runner to finish: ${who}`;
}

/** The event as fields of a log line, which call the migration by one name in all of them. */
function fieldsOf(event: RunEvent): Record<string, unknown> {
  if (event.type === 'planned') {
    const { batch, steps } = event.plan;
    return { batch, migrations: steps.map(({ name }) => name) };
  }
  if (event.type === 'failed') {
    const { name, message, ...failure } = event.failure;
    return { migration: name, reason: message, ...failure };
  }
  if (!('name' in event)) {
    const { type: _type, ...fields } = event;
    return fields;
  }
  const { type: _type, name, ...fields } = event;
  return { migration: name, ...fields };
}

/** Tells of a change that takes long for how long it has been at work. */
interface Clock {
  start(position: string, name: string): void;
  stop(): void;
}

function createClock(output: Target): Clock {
  const { colors: c } = output;
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    clearInterval(timer);
    output.status(null);
  };
  return {
    stop,
    start: (position, name) => {
      stop();
      const started = Date.now();
      let reminded = started;
      output.status(`  … ${position} ${name}`);
      timer = setInterval(() => {
        const now = Date.now();
        const seconds = Math.round((now - started) / 1000);
        const shown = output.status(`  … ${position} ${name} ${seconds} s`);
        if (shown || now - reminded < REMINDER_MS) return;
        reminded = now;
        output.note('info', `  … ${c.dim(position)} ${name}, running for ${seconds} s`, {
          message: 'running',
          fields: { migration: name, seconds },
        });
      }, TICK_MS);
      timer.unref();
    },
  };
}
