import { type ResolvedConfig } from '../config/resolve.js';
import { lookAtAll, openCoordinator } from './coordinator.js';
import { type FleetStatus, type TargetStatus } from './result.js';
import { type Look } from './sweep.js';
import { selectTargets } from './targets.js';
import { inOrder } from './waves.js';

/** Looks at every target, as `status` does at one. Changes nothing. */
export async function fleetStatus(
  config: ResolvedConfig,
  { targets, onEmbedded }: { targets?: readonly string[]; onEmbedded?: (folder: string) => void },
): Promise<FleetStatus> {
  const coordinator = await openCoordinator(config, onEmbedded);
  try {
    const selected = selectTargets(coordinator.targets, targets ?? null);
    const ordered = inOrder(selected, coordinator.settings.order);
    const { looks } = await lookAtAll(coordinator, ordered);
    return { targets: ordered.map(({ id }) => told(id, looks.get(id) as Look)) };
  } finally {
    await coordinator.session.close();
  }
}

function told(target: string, look: Look): TargetStatus {
  if (look.state === 'seen') {
    const { applied, pending, problems } = look;
    return { target, applied, pending: pending.length, problems: [...problems] };
  }
  const { code, message, fix } = look.error;
  return {
    target,
    applied: null,
    pending: null,
    problems: [{ code, migration: null, message, fix }],
  };
}

/** Whether a check has nothing to say against any target; see `isClean`. */
export function isFleetClean({ targets }: FleetStatus): boolean {
  return targets.every(
    ({ pending, problems }) => pending === 0 && problems.every(({ code }) => code === 'AHEAD'),
  );
}
