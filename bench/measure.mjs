// Runs one whole process, start-up included, and says what it took.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { watchMemory } from './process-memory.mjs';

/**
 * @typedef {{ program: string, args: string[], cwd: string, env: Record<string, string> }} Command
 * @typedef {object} Measured
 * @property {number} wallMs
 * @property {number | null} cpuMs user and system time, of the process and all that it waited for
 * @property {number | null} memoryBytes
 * @property {number | null} code
 * @property {string} output of stdout and stderr together
 */

/** bash tells CPU time in milliseconds; the sh of many systems in hundredths of a second. */
const SHELL = ['/bin/bash', '/usr/bin/bash', '/bin/sh'].find((path) => existsSync(path));
const SCRIPT = '"$@"; code=$?; times >&3; exit $code';

/** @type {import('node:child_process').ChildProcess | undefined} */
let running;

/** Kills the process that is being measured, with all that it started. */
export function killMeasured() {
  if (running?.pid === undefined || running.exitCode !== null) return;
  try {
    process.kill(-running.pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

/**
 * @param {Command} command
 * @returns {Promise<Measured>}
 */
export function measure({ program, args, cwd, env }) {
  const [file, argv] = SHELL ? [SHELL, ['-c', SCRIPT, 'bench', program, ...args]] : [program, args];
  return new Promise((resolve, reject) => {
    const start = performance.now();
    /** @type {import('node:child_process').StdioOptions} */
    const stdio = ['ignore', 'pipe', 'pipe', 'pipe'];
    const child = spawn(file, argv, { cwd, env, stdio, detached: SHELL !== undefined });
    running = child;
    const memory = watchMemory(child.pid ?? 0);
    let output = '';
    let times = '';
    let wallMs = 0;
    let memoryBytes = null;
    const [, stdout, stderr, spent] = /** @type {import('node:stream').Readable[]} */ (child.stdio);
    for (const stream of [stdout, stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    }
    spent.setEncoding('utf8').on('data', (text) => (times += text));
    child.on('error', reject);
    child.on('exit', () => {
      wallMs = performance.now() - start;
      memoryBytes = memory();
    });
    child.on('close', (code) =>
      resolve({ wallMs, cpuMs: cpuTime(times), memoryBytes, code, output }),
    );
  });
}

/**
 * Reads what a shell's `times` says: a line for itself, then one for what it waited for, each
 * with user and system time (`0m1.234s 0m0.056s`).
 *
 * @param {string} times
 * @returns {number | null} milliseconds; `null` where there is no such line
 */
export function cpuTime(times) {
  const [, children] = times.trim().split('\n');
  const parts = [...(children ?? '').matchAll(/(\d+)m([\d.]+)s/g)];
  if (parts.length !== 2) return null;
  return parts.reduce(
    (sum, [, minutes, seconds]) => sum + (Number(minutes) * 60 + Number(seconds)) * 1000,
    0,
  );
}
