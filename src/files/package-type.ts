import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What Node.js takes a `.js` file at that path for: the nearest package.json says it. */
export function packageTypeOf(path: string): 'module' | 'commonjs' {
  const folder = dirname(path);
  if (folder === path) return 'commonjs';
  const manifest = join(folder, 'package.json');
  if (!existsSync(manifest)) return packageTypeOf(folder);
  const { type } = JSON.parse(readFileSync(manifest, 'utf8')) as { type?: string };
  return type === 'module' ? 'module' : 'commonjs';
}
