// The peak memory of a process and all that it starts, from /proc (Linux).
import { existsSync, readFileSync } from 'node:fs';
import { clearInterval, setInterval } from 'node:timers';

const POLL_MS = 10;

/** Whether this system tells: Linux does, and others leave the figure out. */
export const TELLS_MEMORY = existsSync(`/proc/${process.pid}/task/${process.pid}/children`);

/**
 * Watches the processes below a shell that does nothing but start the measured one; the shell
 * itself does not count. Each process counts with its own peak (VmHWM) as last seen: the kernel
 * keeps it, so nothing between two looks is lost but the very last.
 *
 * @param {number} shell its process id
 * @returns {() => number | null} ends the watch and says how many bytes; `null` where it cannot be told
 */
export function watchMemory(shell) {
  if (!TELLS_MEMORY) return () => null;
  /** @type {Map<number, number>} */
  const peaks = new Map();
  const look = () => {
    for (const pid of descendants(shell)) {
      const peak = highWaterMark(pid);
      if (peak !== undefined) peaks.set(pid, Math.max(peak, peaks.get(pid) ?? 0));
    }
  };
  const timer = setInterval(look, POLL_MS);
  return () => {
    clearInterval(timer);
    return peaks.size === 0 ? null : [...peaks.values()].reduce((sum, peak) => sum + peak, 0);
  };
}

/** @returns {number[]} */
function descendants(pid) {
  const children = read(`/proc/${pid}/task/${pid}/children`).trim();
  if (children === '') return [];
  return children
    .split(' ')
    .map(Number)
    .flatMap((child) => [child, ...descendants(child)]);
}

function highWaterMark(pid) {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`)) ?? [];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

/** Empty where the process is gone. */
function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
