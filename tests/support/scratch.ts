import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Linux keeps what is written here in memory. */
const IN_MEMORY = '/dev/shm';
/** The machine is a part of the name, because containers may share what is in memory. */
const PREFIX = `knexward-tests-${os.hostname()}.`;
/** The tests' databases and projects take up to about half of it at a time. */
const NEEDED_BYTES = 3 * 1024 ** 3;

/**
 * Makes the folder for everything that the tests write: in memory where there is room, because
 * PostgreSQL makes some three hundred files for a database, which takes a disk a tenth of a second.
 */
export function makeScratchFolder(): string {
  for (const parent of [IN_MEMORY, os.tmpdir()]) removeLeftOvers(parent);
  const inMemory = hasRoom(IN_MEMORY) ? tryToMakeFolder(IN_MEMORY) : null;
  if (inMemory !== null && runsPrograms(inMemory)) return inMemory;
  if (inMemory !== null) rmSync(inMemory, { recursive: true });
  return makeFolder(os.tmpdir());
}

/** `null` where it is mounted read-only, or belongs to others. */
function tryToMakeFolder(parent: string): string | null {
  try {
    return makeFolder(parent);
  } catch {
    return null;
  }
}

function makeFolder(parent: string): string {
  const folder = mkdtempSync(path.join(parent, `${PREFIX}${process.pid}.`));
  // Under root the server runs as another user, who has to enter the folder.
  chmodSync(folder, 0o755);
  return folder;
}

/**
 * Removes what this user's interrupted runs have left. A server of theirs ends by itself within a
 * minute: it looks whether its data directory is still there.
 */
function removeLeftOvers(parent: string): void {
  for (const name of namesIn(parent)) {
    const folder = path.join(parent, name);
    const owner = Number(name.slice(PREFIX.length).split('.')[0]);
    if (!name.startsWith(PREFIX) || isRunning(owner)) continue;
    // Another run may be at it too, and the server may still write.
    if (statSync(folder, { throwIfNoEntry: false })?.uid !== process.getuid?.()) continue;
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function hasRoom(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize >= NEEDED_BYTES;
  } catch {
    return false;
  }
}

/** Containers often mount it in such a way that no program can be started from it. */
function runsPrograms(folder: string): boolean {
  const program = path.join(folder, 'try');
  writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 });
  try {
    execFileSync(program);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(program);
  }
}
