import { upOrDown } from '../adopt/up-or-down.js';
import { findMigrations } from '../files/find.js';
import { findHistory } from '../history/find.js';
import { type Plan, planFor, type PlanRequest } from '../plan/plan.js';
import { type Status } from '../plan/status.js';
import { type RunListener } from '../run/events.js';
import { refuseInterrupted } from '../transaction/interruption.js';
import { type RunResult } from '../run/result.js';
import { type Resolution, resolveMigration, type Verdict } from '../maintain/resolve.js';
import { readStatus } from '../maintain/status.js';
import { waitUntilMigrated } from '../maintain/wait.js';
import { KnexwardError } from '../errors.js';
import { describeFrozen } from '../squash/frozen.js';
import { type WrittenBaseline } from '../squash/write.js';
import { resolveFor } from './configuration.js';
import { harmless } from './listener.js';
import {
  type BaselineCallOptions,
  type CallOptions,
  type DownOptions,
  type MigratorOptions,
  type ResolveOptions,
  type UpOptions,
  type WaitForOthersOptions,
} from './options.js';

/** `up` and `down` of a migrator. */
export async function runMigrations(
  options: MigratorOptions,
  direction: 'up' | 'down',
  given: DownOptions & Pick<UpOptions, 'baseline'>,
): Promise<RunResult> {
  const { name, count, all, confirm, signal, baseline } = given;
  refuseInterrupted(signal);
  return upOrDown(await resolveFor(options), {
    direction,
    extent: { name, count, all },
    listener: listenerOf(options, given),
    signal,
    baseline,
    ...(confirm && { confirm }),
  });
}

/** `status` of a migrator. */
export async function tellStatus(options: MigratorOptions): Promise<Status> {
  return readStatus(await resolveFor(options), embeddedListener(options));
}

/** `plan` of a migrator. */
export async function tellPlan(options: MigratorOptions, request: PlanRequest): Promise<Plan> {
  const { config, history } = await findHistory(
    await resolveFor(options),
    embeddedListener(options),
  );
  return planFor(request, await findMigrations(config), history);
}

/** `baseline` of a migrator. */
export async function writeBaseline(
  options: MigratorOptions,
  given: BaselineCallOptions,
): Promise<WrittenBaseline> {
  const { name, freeze = false, signal } = given;
  refuseInterrupted(signal);
  const { takeBaseline } = await import('../squash/write.js');
  return takeBaseline(await resolveFor(options), name, {
    listener: listenerOf(options, given),
    signal,
    onEmbedded: embeddedListener(options),
    confirmFrozen: (frozen) => {
      if (freeze) return Promise.resolve();
      throw new KnexwardError('CONFIRMATION_REQUIRED', {
        message: `${describeFrozen(frozen)} Nothing was written.`,
        fix: 'Give { freeze: true } if every database may have the same values.',
      });
    },
  });
}

/** `wait` of a migrator. */
export async function waitForOthers(
  options: MigratorOptions,
  given: WaitForOthersOptions,
): Promise<void> {
  const { signal, timeoutMs } = given;
  const listener = listenerOf(options, given);
  refuseInterrupted(signal);
  await waitUntilMigrated(await resolveFor(options), {
    timeoutMs,
    signal,
    onWaiting: ({ holder }) => listener({ type: 'waiting', holder }),
  });
}

/** `resolve` of a migrator. */
export async function resolveByHand(
  options: MigratorOptions,
  { name, verdict }: ResolveOptions,
): Promise<Resolution<Verdict | 'checksum'>> {
  const config = await resolveFor(options);
  if (verdict !== 'checksum') return resolveMigration(config, name, verdict);
  const { acceptChecksum } = await import('../maintain/accept-checksum.js');
  return acceptChecksum(config, name);
}

function listenerOf(options: MigratorOptions, given: CallOptions): RunListener {
  return harmless(given.listener ?? options.listener);
}

function embeddedListener(options: MigratorOptions): (folder: string) => void {
  const listener = listenerOf(options, {});
  return (folder) => listener({ type: 'embedded', folder });
}
