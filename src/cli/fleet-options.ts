import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../config/duration.js';
import { type FleetSize, resolveFleet, readSize } from '../config/fleet.js';
import { resolveConfig, type ResolvedConfig } from '../config/resolve.js';
import { type Output } from '../report/output.js';
import { type CommonOptions, configRequestOf } from './options.js';

/** The options that say which targets, and in which order. */
export interface FleetOptions extends CommonOptions {
  target?: string[];
  order?: string;
  concurrency?: number;
  perServer?: number;
}

/** The configuration of the call, in which its options go before the knexfile's entry `fleet`. */
export async function fleetConfig(
  options: FleetOptions,
  output: Output,
  more: Record<string, unknown> = {},
): Promise<ResolvedConfig> {
  const config = output.uses(await resolveConfig(configRequestOf(options)));
  const { order, concurrency, perServer } = options;
  const given = Object.entries({ order, concurrency, perServer, ...more });
  const said = Object.fromEntries(given.filter(([, value]) => value !== undefined));
  const key = config.knex.knexward?.fleet;
  // Without an entry, the options alone make no fleet: that is told by what reads the targets.
  const fleet = key ? resolveFleet({ ...key, ...said }) : null;
  return { ...config, settings: { ...config.settings, fleet } };
}

/** Collects an option that may be given several times. */
export function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}

/** Parses a number of targets: a count, or a share such as `10%`. */
export function parseSize(value: string): FleetSize {
  return understood(() => (readSize(value, ''), value), 'Give a number, or a share such as 10%.');
}

/** Parses `--canary`, which may be none. */
export function parseCanary(value: string): FleetSize {
  return understood(() => (readSize(value, '', 0), value), 'Give a number, or a share such as 1%.');
}

/** Parses `--waves`: sizes, with commas between them. */
export function parseSizes(value: string): FleetSize[] {
  return value.split(',').map((size) => parseSize(size.trim()));
}

/** Parses `--pause`. */
export function parsePause(value: string): number {
  return understood(() => parseDuration(value, '--pause'), 'Give a duration such as 30s or 5min.');
}

function understood<Value>(parse: () => Value, says: string): Value {
  try {
    return parse();
  } catch {
    throw new InvalidArgumentError(says);
  }
}
