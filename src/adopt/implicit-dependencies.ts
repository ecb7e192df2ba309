import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { type Migration } from '../files/find.js';
import { type Warning } from './plan.js';
import { type PackageJson } from './project.js';

const IMPORTED = /(?:\brequire\s*\(\s*|\bfrom\s+|\bimport\s+)['"]([^'"./][^'"]*)['"]/g;
/** What knexward answers for itself when a migration asks for it. */
const ANSWERED = new Set(['db-migrate', 'db-migrate-shared', 'bluebird', 'knex', 'knexward']);

/**
 * Finds packages that migrations load and package.json does not list. They came along with
 * db-migrate, and go away with it.
 */
export function findImplicitDependencies(
  files: readonly Migration[],
  packageJson: PackageJson | null,
): Warning[] {
  if (!packageJson) return [];
  const users = new Map<string, string>();
  for (const { name, path, format } of files) {
    if (path === null || format !== 'db-migrate') continue;
    for (const [, specifier = ''] of readFileSync(path, 'utf8').matchAll(IMPORTED)) {
      const dependency = packageName(specifier);
      const known = isBuiltin(specifier) || ANSWERED.has(dependency);
      if (!known && !packageJson.dependencies.has(dependency)) users.set(dependency, name);
    }
  }
  return [...users].map(([dependency, user]) => ({
    code: 'IMPLICIT_DEPENDENCY',
    message: `migrations load "${dependency}" (${user}), which package.json does not list; it may go away with db-migrate: npm install ${dependency}`,
  }));
}

function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
