import { type Size, sizeAmong } from '../config/fleet.js';
import { type Target } from './targets.js';

/** The targets that are migrated together, before any of the next ones. */
export interface Wave<Item = Target> {
  /** Where one of them fails, no other wave begins. */
  canary: boolean;
  targets: Item[];
}

/**
 * Distributes targets over waves, in their order: the canaries, then each wave of its size; the last
 * size repeats. Each target is in one wave. Pure.
 */
export function planWaves<Item>(
  targets: readonly Item[],
  { canary, waves }: { canary: Size; waves: readonly Size[] },
): Wave<Item>[] {
  const planned: Wave<Item>[] = [];
  const canaries = sizeAmong(canary, targets.length);
  if (canaries > 0) planned.push({ canary: true, targets: targets.slice(0, canaries) });
  const rest = targets.length - canaries;
  for (let from = canaries, wave = 0; from < targets.length; wave++) {
    const size = waves[Math.min(wave, waves.length - 1)] ?? { share: 1 };
    const end = from + Math.max(sizeAmong(size, rest), 1);
    planned.push({ canary: false, targets: targets.slice(from, end) });
    from = end;
  }
  return planned;
}

/** Numbers by their value, texts by their letters; who has no such label comes last. Pure. */
export function inOrder(targets: readonly Target[], label: string | null): Target[] {
  if (label === null) return [...targets];
  const valueOf = ({ labels }: Target) =>
    Object.hasOwn(labels, label) ? labels[label] : undefined;
  const rank = (value: unknown) => ['number', 'string'].indexOf(typeof value) + 1 || 3;
  const compare = (one: Target, other: Target): number => {
    const [a, b] = [valueOf(one), valueOf(other)];
    if (rank(a) !== rank(b)) return rank(a) - rank(b);
    if (a === b || a === undefined || b === undefined) return 0;
    return a < b ? -1 : 1;
  };
  return [...targets].sort(compare);
}
