import { execFile } from 'node:child_process';
import { basename, dirname } from 'node:path';
import { isTextOf } from './checksum.js';

/** How a file differs from what it was in a commit. */
export interface FileChange {
  /** The newest commit that has the file as it was: the first letters of its id. */
  commit: string;
  /** Lines that are new, and lines that are gone, since then. */
  added: number;
  removed: number;
}

/** An applied migration is hardly ever edited: what is not found in so many commits is not sought. */
const COMMITS_SEARCHED = 20;

/**
 * What changed in a file since it had a checksum, as git tells.
 *
 * @returns `null` where git is not there, or does not have the file as it was
 */
export async function changeSince(path: string, checksum: string): Promise<FileChange | null> {
  const folder = dirname(path);
  const file = `./${basename(path)}`;
  const limit = `--max-count=${COMMITS_SEARCHED}`;
  const commits = (await git(folder, ['log', '--format=%h', limit, '--', file]))?.toString() ?? '';
  for (const commit of commits.split('\n').filter(Boolean)) {
    const content = await git(folder, ['show', '--no-textconv', `${commit}:${file}`]);
    if (content === null || !isTextOf(content, checksum)) continue;
    const counted = await git(folder, [...DIFF, commit, '--', file]);
    const [added = '', removed = ''] = counted?.toString().split('\t') ?? [];
    return { commit, added: Number(added), removed: Number(removed) };
  }
  return null;
}

/**
 * When each file below a folder came into the history, as git tells: milliseconds by the file's path
 * from the folder, with forward slashes. Empty where git is not there, or has not the whole history.
 */
export async function datesOfFiles(folder: string): Promise<Map<string, number>> {
  const dates = new Map<string, number>();
  // In a shallow clone every file came with the oldest commit that it has.
  const shallow = await git(folder, ['rev-parse', '--is-shallow-repository']);
  if (shallow?.toString().trim() !== 'false') return dates;
  const log = await git(folder, ['log', ...ADDED_FILES, '--', '.']);
  for (const commit of (log?.toString() ?? '').split('\0\0').filter(Boolean)) {
    const [seconds = '', ...paths] = commit.split(/[\0\n]+/).filter(Boolean);
    // The newest commit comes first, the one that counts last.
    for (const path of paths) dates.set(path, Number(seconds) * 1000);
  }
  return dates;
}

const ADDED_FILES = [
  ...['-z', '--no-renames', '--diff-filter=A', '--format=%x00%ct', '--name-only', '--relative'],
];

/** The plain difference, whatever programs the repository names for showing one. */
const DIFF = ['diff', '--numstat', '--no-ext-diff', '--no-textconv', '--ignore-cr-at-eol'];

function git(folder: string, args: readonly string[]): Promise<Buffer | null> {
  return new Promise((resolve) => {
    execFile(
      'git',
      ['--no-optional-locks', '--literal-pathspecs', '-C', folder, ...args],
      { encoding: 'buffer', maxBuffer: 64 * 1024 * 1024, timeout: 10_000 },
      (error, stdout) => resolve(error ? null : stdout),
    );
  });
}
