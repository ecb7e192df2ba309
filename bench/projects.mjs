// The tools' projects: made once, and kept for the next run.
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { PEER_MODULES, PROJECTS } from './folders.mjs';

const KEPT = ['migrations', 'node_modules'];

/**
 * @param {string} name the folder's
 * @param {Record<string, string>} files by path
 * @param {string} modules the folder that becomes its node_modules
 * @returns {string} the project's folder
 */
export function ensureProject(name, files, modules = PEER_MODULES) {
  const folder = join(PROJECTS, name);
  const seal = `${folder}.sha256`;
  const hash = createHash('sha256')
    .update(JSON.stringify([files, modules]))
    .digest('hex');
  if (existsSync(seal) && readFileSync(seal, 'utf8') === hash) return folder;
  rmSync(seal, { force: true });
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'migrations'), { recursive: true });
  symlinkSync(modules, join(folder, 'node_modules'), 'junction');
  write(folder, files);
  writeFileSync(seal, hash);
  return folder;
}

/** Makes a project as it was, but for its migrations, which no tool changes. */
export function resetProject(folder, files) {
  for (const entry of readdirSync(folder)) {
    if (!KEPT.includes(entry)) rmSync(join(folder, entry), { recursive: true, force: true });
  }
  write(
    folder,
    Object.fromEntries(Object.entries(files).filter(([path]) => !path.startsWith('migrations/'))),
  );
}

function write(folder, files) {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}
