import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { canReach } from '../../src/embedded/server-user.js';

const STRANGER = { uid: 54321, gid: 54321 };

describe('canReach', () => {
  let folder: string;
  let program: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'knexward-reach-'));
    program = path.join(folder, 'program');
    await writeFile(program, '');
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it.each([
    { folderMode: 0o755, programMode: 0o755, expected: true },
    { folderMode: 0o711, programMode: 0o755, expected: true },
    { folderMode: 0o750, programMode: 0o755, expected: false },
    { folderMode: 0o755, programMode: 0o750, expected: false },
    { folderMode: 0o754, programMode: 0o755, expected: false },
  ])('of a stranger: $folderMode, $programMode → $expected', async (given) => {
    await chmod(folder, given.folderMode);
    await chmod(program, given.programMode);
    expect(await canReach(program, STRANGER)).toBe(given.expected);
  });

  it('counts the owner and the group by bits of their own', async () => {
    const { uid, gid } = await stat(folder);
    await chmod(program, 0o755);
    await chmod(folder, 0o700);
    expect(await canReach(program, { uid, gid })).toBe(true);
    await chmod(folder, 0o710);
    expect(await canReach(program, { uid: STRANGER.uid, gid })).toBe(true);
    await chmod(folder, 0o701);
    expect(await canReach(program, { uid: STRANGER.uid, gid })).toBe(false);
  });
});
