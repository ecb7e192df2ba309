import { countOf, durationOf } from '../count.js';
import { type FleetEvent, type FleetListener } from '../fleet/events.js';
import { grouped } from './fleet-text.js';
import { type LogLevel } from './levels.js';
import { type Output } from './output.js';

/** How often the line is renewed that says how far the run has come; without a terminal it is a new one. */
const TICK_MS = 500;
const REMINDER_MS = 30_000;

const LEVELS: Record<FleetEvent['type'], Exclude<LogLevel, 'silent'>> = {
  swept: 'info',
  wave: 'info',
  begun: 'debug',
  migrated: 'info',
  upToDate: 'info',
  failed: 'error',
  pausing: 'info',
  stopping: 'warn',
  warned: 'warn',
  run: 'debug',
};

const REASONS = {
  canary: 'A canary failed: no more targets begin.',
  failures: 'The limit of failures is reached: no more targets begin.',
  signal: 'Stopped by a signal: no more targets begin.',
  process: 'The code of a migration would have ended the process: no more targets begin.',
};

/** What progress needs of the output. */
type Target = Pick<Output, 'colors' | 'options' | 'note' | 'status'>;

/** Shows on stderr what a fleet run does: for a person what matters and how far it has come, for a machine each event. */
export function createFleetProgress(
  output: Target,
  verbose: boolean,
): { listener: FleetListener; end: () => void } {
  const isText = output.options.logFormat === 'text';
  const count = { all: 0, ended: 0, failed: 0, wave: 0, waves: 0 };
  let began = Date.now();
  let reminded = began;
  let timer: NodeJS.Timeout | undefined;
  const tell = (): void => {
    const text = `  … ${progressLine(count, Date.now() - began)}`;
    const shown = output.status(text);
    if (shown || !isText || Date.now() - reminded < REMINDER_MS) return;
    reminded = Date.now();
    output.note('info', text);
  };
  const listener: FleetListener = (event) => {
    if (event.type === 'swept') {
      Object.assign(count, { all: event.pending, waves: event.waves });
      began = Date.now();
      if (event.pending > 0) timer = setInterval(tell, TICK_MS).unref();
    }
    if (event.type === 'wave') count.wave = event.wave;
    if (event.type === 'migrated' || event.type === 'upToDate') count.ended++;
    if (event.type === 'failed' && event.wave !== null) {
      count.ended++;
      count.failed++;
    }
    if (!isText) output.note(LEVELS[event.type], '', entryOf(event));
    else showAsText(output, event, verbose);
  };
  const end = (): void => {
    clearInterval(timer);
    output.status(null);
  };
  return { listener, end };
}

function progressLine(
  {
    all,
    ended,
    failed,
    wave,
    waves,
  }: Record<'all' | 'ended' | 'failed' | 'wave' | 'waves', number>,
  ms: number,
): string {
  const rate = ended / Math.max(ms / 1000, 0.001);
  const left = rate > 0 ? `, ${durationOf(((all - ended) / rate) * 1000)} left` : '';
  const failures = failed > 0 ? `, ${grouped(failed)} failed` : '';
  return `wave ${wave} of ${waves}: ${grouped(ended)} of ${countOf(all, 'target')}, ${rate.toFixed(1)} a second${left}${failures}`;
}

/** One name for each thing in all lines: the target, and what the run of its own said. */
function entryOf(event: FleetEvent): { message: string; fields: Record<string, unknown> } {
  if (event.type === 'failed') {
    const { failure, wave } = event;
    const { message: reason, ...fields } = failure;
    return { message: 'failed', fields: { ...fields, reason, wave } };
  }
  if (event.type === 'warned') return { message: 'warned', fields: { reason: event.message } };
  if (event.type === 'run') {
    const { type, ...fields } = event.event;
    return { message: type, fields: { target: event.target, ...fields } };
  }
  const { type, ...fields } = event;
  return { message: type, fields };
}

function showAsText(output: Target, event: FleetEvent, verbose: boolean): void {
  const { colors: c } = output;
  switch (event.type) {
    case 'swept': {
      const { targets, upToDate, pending } = event;
      output.note(
        'info',
        `Found ${countOf(targets, 'target')}: ${grouped(upToDate)} up to date, ${grouped(pending)} to migrate`,
      );
      break;
    }
    case 'wave':
      if (event.waves > 1) {
        const what = event.canary ? 'canaries' : 'targets';
        output.note(
          'info',
          `Wave ${event.wave} of ${event.waves}: ${grouped(event.targets)} ${what}`,
        );
      }
      break;
    case 'migrated': {
      const { target, migrations, durationMs } = event;
      if (!verbose) break;
      const time = c.dim(durationOf(durationMs));
      output.note(
        'info',
        `  ${c.green('✓')} ${target}: ${countOf(migrations, 'migration')} ${time}`,
      );
      break;
    }
    case 'failed': {
      const { target, code, message } = event.failure;
      output.note('error', `  ${c.red('✗')} ${target}: ${code} ${message}`);
      break;
    }
    case 'pausing':
      output.note('info', `Waiting ${durationOf(event.durationMs)} before the next wave`);
      break;
    case 'stopping':
      if (event.reason !== 'signal') output.note('warn', REASONS[event.reason]);
      break;
    case 'warned':
      output.note('warn', `  ${c.yellow('!')} ${event.message}`);
      break;
    case 'run':
      showRunEvent(output, event.target, event.event);
      break;
    case 'begun':
    case 'upToDate':
  }
}

/** Of what each target's own run says, only what somebody may have to look at. */
function showRunEvent(
  output: Target,
  target: string,
  event: Extract<FleetEvent, { type: 'run' }>['event'],
): void {
  const { colors: c } = output;
  if (event.type === 'retrying') {
    output.note('warn', `  ${c.yellow('↻')} ${target}: ${event.name}: ${event.reason}`);
  }
  if (event.type === 'warned') {
    output.note('warn', `  ${c.yellow('!')} ${target}: ${event.name}: ${event.message}`);
  }
}
