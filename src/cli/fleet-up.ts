import { type Command } from 'commander';
import { type FleetSize } from '../config/fleet.js';
import { type ResolvedConfig } from '../config/resolve.js';
import { KnexwardError } from '../errors.js';
import { type FleetResult } from '../fleet/result.js';
import { type Output } from '../report/output.js';
import { endWithUnlessSet } from './exit.js';
import {
  collect,
  fleetConfig,
  type FleetOptions,
  parseCanary,
  parsePause,
  parseSize,
  parseSizes,
} from './fleet-options.js';
import { outputOf, parseCount, withCommonOptions } from './options.js';
import { stopOnSignals } from './signals.js';

const TARGET_FAILED = 1;

type FleetUpOptions = FleetOptions & {
  resume?: boolean;
  dryRun?: boolean;
  verbose?: boolean;
  canary?: FleetSize;
  waves?: FleetSize[];
  pause?: number;
  stopAt?: FleetSize;
};

export function addFleetUpCommand(fleet: Command): void {
  withCommonOptions(
    fleet
      .command('up')
      .description('apply all pending migrations to every target of the fleet')
      .option('--target <id>', 'only this target; may be given several times', collect)
      .option('--resume', 'continue the last run: its targets that are not up to date')
      .option('--dry-run', 'show the waves and what is pending; change nothing')
      .option('--canary <size>', 'how many targets go first (3, or 1%)', parseCanary)
      .option('--waves <sizes>', 'how many targets each wave has (10,10%,50%)', parseSizes)
      .option('--pause <duration>', 'how long to wait between waves (30s)', parsePause)
      .option('--concurrency <n>', 'how many targets to migrate at once', parseCount)
      .option('--per-server <n>', 'how many of them on one server', parseCount)
      .option('--stop-at <size>', 'begin no more targets after so many failures', parseSize)
      .option('--order <label>', 'order the targets by this label')
      .option('--verbose', 'print every target'),
  )
    .addHelpText(
      'after',
      `
The targets are those of knexward.fleet in the knexfile, which also has the defaults of these options.
Each target is migrated as by up, with its own lock and history. A target that fails does not stop the
others, unless it is a canary or the limit of --stop-at is reached.

SIGINT and SIGTERM let the targets that have begun finish, and begin no more. A second signal stops
those as well: their migrations are rolled back.

Examples:
  $ knexward fleet up --dry-run
  $ knexward fleet up --canary 1 --waves 10,10%,50% --pause 30s
  $ knexward fleet up --target acme            catch up a new tenant
  $ knexward fleet up --resume                 after a failure, or an interruption`,
    )
    .action(async (options: FleetUpOptions) => {
      if (options.resume && options.target) refuseBoth();
      const output = await outputOf(options);
      const { canary, waves, pause, stopAt } = options;
      const config = await fleetConfig(options, output, { canary, waves, pause, stopAt });
      const result = await runFleet(config, options, output);
      const { renderFleetUp } = await import('../report/fleet-text.js');
      output.result({ ...result }, () => renderFleetUp(result, output.colors, given(options)));
      if (result.failed.length > 0) endWithUnlessSet(TARGET_FAILED);
    });
}

async function runFleet(
  config: ResolvedConfig,
  { target, resume, dryRun, verbose = false }: FleetUpOptions,
  output: Output,
): Promise<FleetResult> {
  const { fleetUp } = await import('../fleet/up.js');
  const { createFleetProgress } = await import('../report/fleet-progress.js');
  const progress = createFleetProgress(output, verbose);
  const stop = stopOnSignals((name, drains) => output.note('warn', signalLine(name, drains)), true);
  try {
    const running = fleetUp(config, {
      ...{ targets: target, resume, dryRun, runId: output.runId, listener: progress.listener },
      ...{ drain: stop.drain, signal: stop.signal },
      onEmbedded: (folder) => output.note('info', `Using the embedded PostgreSQL in ${folder}`),
    });
    const result = await Promise.race([running, stop.overdue]);
    if (result.interrupted) stop.endWithSignal();
    const unhandled = stop.unhandled();
    if (unhandled) {
      output.note('error', unhandled.message);
      endWithUnlessSet(TARGET_FAILED);
    }
    return result;
  } catch (error) {
    stop.endWithSignal();
    throw error;
  } finally {
    progress.end();
    stop.release();
  }
}

/** The options that say how a run goes, as they are typed. */
function given(options: FleetUpOptions): string[] {
  const { canary, waves, pause, stopAt, concurrency, perServer, order } = options;
  const values = {
    ...{ canary, waves: waves?.join(','), pause: pause === undefined ? pause : `${pause}ms` },
    ...{ concurrency, 'per-server': perServer, 'stop-at': stopAt, order },
  };
  return Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)],
  );
}

function signalLine(name: string, drains: boolean): string {
  return drains
    ? `${name}: no more targets begin; those that have begun finish. A second signal stops them.`
    : `${name}: stopping …`;
}

function refuseBoth(): never {
  throw new KnexwardError('USAGE', {
    message: '--resume and --target each say which targets are meant. Nothing was changed.',
    fix: 'Give only one of them.',
  });
}
