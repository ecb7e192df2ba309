import { type Dirent, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, posix } from 'node:path';
import { rememberName } from '../../printable.js';
import { type Repository } from './repository.js';

/** What kind of file may call db-migrate: those that can be rewritten, and the others. */
export type CallerKind =
  'dockerfile' | 'workflow' | 'procfile' | 'makefile' | 'package' | 'code' | 'other';

/** A file of the project in which db-migrate may be called. */
export interface CallerFile {
  /** Relative to the project's folder, with forward slashes; `../…` where it lies outside of it. */
  path: string;
  /** The folder that it is in, relative to the repository's root; `.` for that root. */
  folder: string;
  /** Whether it lies outside of the project's folder, in the repository around it. */
  isOutside: boolean;
  kind: CallerKind;
  text: string;
}

/** What a search brought. */
export interface CallerSearch {
  files: CallerFile[];
  /** Whether the project has more files than are looked at. */
  cut: boolean;
}

const MOST_FILES = 5000;
const MOST_BYTES = 1024 * 1024;

/** Folders of what others wrote, or of what a build makes. */
const SKIPPED = new Set([
  'node_modules',
  'bower_components',
  'vendor',
  'dist',
  'build',
  'out',
  'coverage',
]);
/** Folders with a dot that pipelines and hooks are in; all others of that kind are tools' own. */
const LOOKED_INTO = new Set([
  '.github',
  '.circleci',
  '.gitlab',
  '.buildkite',
  '.husky',
  '.devcontainer',
]);

const CODE = new Set(['.js', '.cjs', '.mjs', '.jsx', '.ts', '.cts', '.mts', '.tsx']);
const DOCKERFILE = /^(?:dockerfile|containerfile)(?:\..+)?$|\.dockerfile$/i;
const PIPELINE_OR_PLATFORM = new RegExp(
  `^(?:${[
    // Pipelines, compose files, Kubernetes, Helm, Ansible: any may say what a machine runs.
    String.raw`.+\.(?:ya?ml|tpl)`,
    String.raw`(?:nixpacks|fly|railway)\.toml`,
    String.raw`(?:app|railway|vercel|project|turbo|nx)\.json`,
    String.raw`Jenkinsfile[\w.-]*|justfile`,
    String.raw`.+\.(?:sh|bash|zsh|mk|ps1|cmd|bat)`,
  ].join('|')})$`,
);
const LOCK_FILES = new Set(['package-lock.json', 'npm-shrinkwrap.json', 'pnpm-lock.yaml']);
/** Folders whose files are commands even without an extension, or configuration of a pipeline. */
const COMMANDS = new Set(['bin', 'scripts', '.husky']);
const CONFIGURATION = /\.(?:ya?ml|json)$/;

/** What a search is told of the project. */
interface Searched {
  root: string;
  /** Relative to the root: migrations call db-migrate's interface, and go on doing so. */
  migrationsDirectory: string;
}

/**
 * Finds the files in which db-migrate may be called, as far as they name one of these words: those
 * of the project, and those around it in its repository. What git ignores by a plain name,
 * migrations, packages, and what builds make are left out, as are the project's package.json (its
 * scripts are seen to elsewhere), files over 1 MiB, links, and other projects that have a
 * configuration of db-migrate of their own. Reads only.
 */
export function findCallerFiles(
  project: Searched,
  repository: Repository,
  words: readonly string[],
): CallerSearch {
  const own = searchFolder(project.root, words, {
    left: new Set([project.migrationsDirectory, 'package.json']),
    toFile: (path) => ({
      path,
      folder: posix.join(repository.projectFolder, posix.dirname(path)),
      isOutside: false,
    }),
  });
  const { projectFolder } = repository;
  if (projectFolder === '.') return own;
  const around = searchFolder(repository.root, words, {
    left: new Set([projectFolder]),
    isOther: (path) => !projectFolder.startsWith(`${path}/`) && isOther(repository.root, path),
    toFile: (path) => ({
      path: posix.relative(projectFolder, path),
      folder: posix.dirname(path),
      isOutside: true,
    }),
  });
  return { files: [...own.files, ...around.files], cut: own.cut || around.cut };
}

/** A repository of its own, or a project that has a configuration of db-migrate of its own. */
function isOther(root: string, path: string): boolean {
  return ['.git', 'database.json', '.db-migraterc'].some((name) =>
    existsSync(join(root, path, name)),
  );
}

/** What of a folder is searched, and how what is found is named. */
interface FolderSearch {
  left: ReadonlySet<string>;
  isOther?: (path: string) => boolean;
  toFile: (path: string) => Pick<CallerFile, 'path' | 'folder' | 'isOutside'>;
}

function searchFolder(root: string, words: readonly string[], search: FolderSearch): CallerSearch {
  const ignored = new Set([...ignoredPaths(root), ...search.left]);
  const files: CallerFile[] = [];
  let seen = 0;
  for (const path of walk(root, ignored, search.isOther)) {
    const kind = kindOf(path);
    if (kind === undefined) continue;
    if (++seen > MOST_FILES) return { files, cut: true };
    const read = readSmall(join(root, path));
    if (read === undefined || !words.some((word) => read.text.includes(word))) continue;
    // What is not UTF-8 would not be written back as it was: it is listed, and never rewritten.
    files.push({ ...search.toFile(path), kind: read.isUtf8 ? kind : 'other', text: read.text });
  }
  return { files, cut: false };
}

/** The files of the project, those nearest to its root first; links are not followed. */
function* walk(
  root: string,
  ignored: ReadonlySet<string>,
  isLeft: (path: string) => boolean = () => false,
): Generator<string> {
  const folders = [''];
  for (const folder of folders) {
    for (const entry of entriesOf(join(root, folder))) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (ignored.has(path) || ignored.has(`**/${entry.name}`)) continue;
      if (entry.isFile()) yield path;
      if (entry.isDirectory() && isLookedInto(entry.name) && !isLeft(path)) folders.push(path);
    }
  }
}

/** A folder that may not be read, such as the data of a database in a container, has none. */
function entriesOf(folder: string): Dirent[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    for (const { name } of entries) rememberName(name);
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return [];
  }
}

function isLookedInto(name: string): boolean {
  return name.startsWith('.') ? LOOKED_INTO.has(name) : !SKIPPED.has(name);
}

function kindOf(path: string): CallerKind | undefined {
  const name = basename(path);
  const folders = dirname(path).split('/');
  if (DOCKERFILE.test(name)) return 'dockerfile';
  if (/^\.github\/workflows\/[^/]+\.ya?ml$/.test(path)) return 'workflow';
  if (/^Procfile(?:\.\w+)?$/.test(name)) return 'procfile';
  if (/^(?:GNUmakefile|[Mm]akefile)$/.test(name)) return 'makefile';
  if (name === 'package.json') return 'package';
  if (LOCK_FILES.has(name)) return undefined;
  if (CODE.has(extname(name))) return 'code';
  if (PIPELINE_OR_PLATFORM.test(name)) return 'other';
  if (extname(name) === '' && folders.some((folder) => COMMANDS.has(folder))) return 'other';
  const inPipelines = folders.some((folder) => LOOKED_INTO.has(folder));
  return inPipelines && CONFIGURATION.test(name) ? 'other' : undefined;
}

/**
 * What .gitignore names plainly: a path from the root, or, as `**` and a name, that name anywhere.
 * Patterns and exceptions are not followed.
 */
function ignoredPaths(root: string): Set<string> {
  const path = join(root, '.gitignore');
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split(/\r?\n/) : [];
  const plain = lines.map((line) => line.trim()).filter((line) => /^[^#!*?[\]\\]+$/.test(line));
  return new Set(
    plain.map((line) => {
      const name = line.replace(/\/$/, '');
      return name.includes('/') ? name.replace(/^\//, '') : `**/${name}`;
    }),
  );
}

/** The text, or `undefined` for a file that is too large, may not be read or holds no text. */
function readSmall(path: string): { text: string; isUtf8: boolean } | undefined {
  try {
    if (statSync(path).size > MOST_BYTES) return undefined;
    const bytes = readFileSync(path);
    const text = bytes.toString('utf8');
    if (Buffer.from(text, 'utf8').equals(bytes)) return { text, isUtf8: true };
    return bytes.includes(0) ? undefined : { text: bytes.toString('latin1'), isUtf8: false };
  } catch {
    return undefined;
  }
}
