import { pageOf } from '../pages.js';
import { type RunEvent, type RunListener } from '../run/events.js';
import { type LogLevel, type Output } from './output.js';

/** Shows on stderr what a run does: for a person as lines, for a machine as Pino's JSON. */
export async function createProgress(output: Output): Promise<RunListener> {
  return output.options.logFormat === 'json' ? logAsJson(output) : showAsText(output);
}

function showAsText(output: Output): RunListener {
  const { colors: c } = output;
  const position = new Map<string, string>();
  return (event) => {
    switch (event.type) {
      case 'embedded':
        output.note('info', `Using the embedded PostgreSQL in ${event.folder}`);
        break;
      case 'waiting':
        output.note('warn', waitingLine(event));
        break;
      case 'planned':
        break;
      case 'started':
        position.set(event.name, `${event.index + 1}/${event.total}`);
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
        const count = position.get(event.name) ?? '';
        const time = `${event.durationMs.toFixed(0)} ms`;
        output.note('info', `  ${c.green('✓')} ${c.dim(count)} ${event.name} ${c.dim(time)}`);
        break;
      }
      case 'failed':
        // A person is told of it once, at the end, and in full; with --json that goes to stdout.
        if (output.options.json) output.note('info', `  ${c.red('✗')} ${event.failure.name}`);
        break;
    }
  };
}

function waitingLine({ holder }: RunEvent & { type: 'waiting' }): string {
  const who = holder
    ? `${holder.role} from ${holder.client}, since ${holder.since}`
    : 'another session';
  return `Waiting for another runner to finish: ${who}`;
}

const LEVELS: Record<RunEvent['type'], Exclude<LogLevel, 'silent'>> = {
  embedded: 'info',
  waiting: 'warn',
  planned: 'debug',
  started: 'debug',
  retrying: 'warn',
  warned: 'warn',
  done: 'info',
  failed: 'error',
};

async function logAsJson(output: Output): Promise<RunListener> {
  const { default: pino } = await import('pino');
  const destination = pino.destination({ fd: 2, sync: true });
  const logger = pino({ name: 'knexward', level: output.options.logLevel }, destination);
  return (event) => {
    const { type, ...details } = event.type === 'planned' ? summary(event) : event;
    logger[LEVELS[type]](details, type);
  };
}

function summary({ plan }: RunEvent & { type: 'planned' }): {
  type: 'planned';
  batch: number | null;
  names: string[];
} {
  return { type: 'planned', batch: plan.batch, names: plan.steps.map(({ name }) => name) };
}
