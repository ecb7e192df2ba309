import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Linux keeps what is written here in memory. */
const IN_MEMORY = '/dev/shm';
/** The tests' databases and projects take up to about half of it at a time. */
const NEEDED_BYTES = 3 * 1024 ** 3;

/**
 * Makes the folder for everything that the tests write: in memory where there is room, because
 * PostgreSQL makes some three hundred files for a database, which takes a disk a tenth of a second.
 */
export function makeScratchFolder(): string {
  const inMemory = hasRoom(IN_MEMORY) ? makeFolder(IN_MEMORY) : null;
  if (inMemory !== null && runsPrograms(inMemory)) return inMemory;
  if (inMemory !== null) rmSync(inMemory, { recursive: true });
  return makeFolder(os.tmpdir());
}

function makeFolder(parent: string): string {
  const folder = mkdtempSync(path.join(parent, 'knexward-tests-'));
  // Under root the server runs as another user, who has to enter the folder.
  chmodSync(folder, 0o755);
  return folder;
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
