import { parseJson } from '../json.js';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * What Node.js takes a `.js` file at that path for: the nearest package.json says it, up to the
 * folder `node_modules`.
 *
 * @source https://nodejs.org/docs/latest/api/packages.html#determining-module-system
 */
export function packageTypeOf(path: string): 'module' | 'commonjs' {
  const folder = dirname(path);
  if (folder === path || basename(folder) === 'node_modules') return 'commonjs';
  const manifest = join(folder, 'package.json');
  if (!existsSync(manifest)) return packageTypeOf(folder);
  const content = parseJson(readFileSync(manifest, 'utf8')) as { type?: unknown } | null;
  return content?.type === 'module' ? 'module' : 'commonjs';
}
