import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

/** Sends one request; rejects where the answer is not what it should be. */
export type Send = (index: number) => Promise<void>;

/** What a load met with. Milliseconds. */
export interface Latencies {
  requests: number;
  /** What failed, in words; empty where nothing did. */
  failures: string[];
  p50: number;
  p99: number;
  max: number;
}

/**
 * Sends requests at a steady rate until it is told to stop, however long the answers take: slow
 * answers do not make it ask less. A wait counts from the moment at which the request was due.
 */
export async function steadyLoad(
  perSecond: number,
  send: Send,
  until: Promise<unknown>,
): Promise<Latencies> {
  const waits: number[] = [];
  const failures: string[] = [];
  const open = new Set<Promise<void>>();
  let isOver = false;
  void until.finally(() => (isOver = true)).catch(() => undefined);
  const started = performance.now();
  for (let index = 0; !isOver; index++) {
    const due = started + (index * 1000) / perSecond;
    await sleep(Math.max(0, due - performance.now()));
    const request = send(index)
      .catch((error: unknown) => void failures.push(String(error)))
      .finally(() => {
        waits.push(performance.now() - due);
        open.delete(request);
      });
    open.add(request);
  }
  await Promise.all(open);
  return { requests: waits.length, failures, ...quantiles(waits) };
}

function quantiles(waits: number[]): Pick<Latencies, 'p50' | 'p99' | 'max'> {
  const sorted = [...waits].sort((a, b) => a - b);
  const at = (share: number): number =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}
