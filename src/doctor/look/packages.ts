import { parseJson } from '../../json.js';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { version } from '../../version.js';

/** A package that migrations stand on. */
export interface PackageFacts {
  name: string;
  /** The version that the project's own files get, or `null` where they find none. */
  project: string | null;
  /** The version that knexward runs on. */
  own: string | null;
  /** The versions that knexward works with. */
  wanted: string;
}

/** What is installed on this machine. */
export interface MachineFacts {
  node: { version: string; wanted: string };
  knexward: string;
  packages: PackageFacts[];
  /** What the project has installed under db-migrate's name. */
  dbMigrate: { name: string; version: string } | null;
}

interface Manifest {
  name: string;
  version: string;
  engines?: { node?: string };
  dependencies?: Record<string, string>;
}

const OWN_FOLDER = join(__dirname, '../../..');

/** Looks at the versions of Node.js and of the packages. */
export function lookAtMachine(projectRoot: string): MachineFacts {
  const manifest = readManifest(join(OWN_FOLDER, 'package.json'));
  const dbMigrate = manifestOf('db-migrate', projectRoot);
  return {
    node: { version: process.versions.node, wanted: manifest.engines?.node ?? '*' },
    knexward: version,
    packages: ['knex', 'pg'].map((name) => ({
      name,
      project: manifestOf(name, projectRoot)?.version ?? null,
      own: manifestOf(name, OWN_FOLDER)?.version ?? null,
      wanted: manifest.dependencies?.[name] ?? '*',
    })),
    dbMigrate: dbMigrate && { name: dbMigrate.name, version: dbMigrate.version },
  };
}

/** The manifest of the package that a file in this folder gets when it asks for that name. */
function manifestOf(name: string, folder: string): Manifest | null {
  const { resolve } = createRequire(join(folder, 'package.json'));
  // A package need not let its manifest be asked for, so it is looked for where packages lie.
  for (const place of resolve.paths(name) ?? []) {
    const path = join(place, name, 'package.json');
    if (existsSync(path)) return readManifest(path);
  }
  try {
    return readManifest(resolve(`${name}/package.json`));
  } catch {
    return null;
  }
}

function readManifest(path: string): Manifest {
  return parseJson(readFileSync(path, 'utf8')) as Manifest;
}
