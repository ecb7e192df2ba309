import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { REPOSITORY } from './project';

/**
 * What `npm install` does, without the registry: knexward comes out of its own tarball, so that only
 * what is in the package is there, and every other package is a link to the repository's.
 */
export function install(root: string, packages: readonly string[]): void {
  const manifest = join(root, 'package.json');
  const content = existsSync(manifest)
    ? (JSON.parse(readFileSync(manifest, 'utf8')) as { dependencies?: Record<string, string> })
    : {};
  for (const name of packages) {
    if (name === 'knexward') installKnexward(root);
    else link(root, name);
    if (name === 'jest') symlinkBin(root, 'jest', 'jest/bin/jest.js');
    content.dependencies = { ...content.dependencies, [name]: '*' };
  }
  writeFileSync(manifest, `${JSON.stringify(content, null, 2)}\n`);
}

function installKnexward(root: string): void {
  const target = join(root, 'node_modules/knexward');
  cpSync(packed(), target, { recursive: true });
  const { dependencies, optionalDependencies } = JSON.parse(
    readFileSync(join(target, 'package.json'), 'utf8'),
  ) as Record<string, Record<string, string>>;
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) link(root, name);
  symlinkBin(root, 'knexward', 'knexward/bin/knexward.js');
}

let unpacked: string | undefined;

/** The folder of knexward's tarball, packed once and unpacked. */
function packed(): string {
  if (unpacked === undefined) {
    const folder = mkdtempSync(join(tmpdir(), 'knexward-packed-'));
    const args = ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder];
    execFileSync('npm', args, { cwd: REPOSITORY });
    const [tarball = ''] = readdirSync(folder);
    execFileSync('tar', ['-xzf', tarball], { cwd: folder });
    unpacked = join(folder, 'package');
  }
  return unpacked;
}

/** Puts a link to one of the repository's packages into a project. */
export function link(root: string, name: string): void {
  const source = join(REPOSITORY, 'node_modules', name);
  const target = join(root, 'node_modules', name);
  // The embedded PostgreSQL of another platform is not installed here either.
  if (!existsSync(source) || existsSync(target)) return;
  mkdirSync(dirname(target), { recursive: true });
  symlinkSync(source, target, 'dir');
}

/** Makes a command of a package's file. */
export function symlinkBin(root: string, name: string, path: string): void {
  const folder = join(root, 'node_modules/.bin');
  mkdirSync(folder, { recursive: true });
  if (!existsSync(join(folder, name))) symlinkSync(join('..', path), join(folder, name));
}

/** Removes that folder again; to be called when the last project is done with. */
export function removePacked(): void {
  if (unpacked !== undefined) rmSync(dirname(unpacked), { recursive: true, force: true });
  unpacked = undefined;
}
