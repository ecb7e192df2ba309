import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { REPOSITORY } from '../support/project';

const REPLACED = ['db-migrate', 'db-migrate-pg'];

type Manifest = Partial<Record<(typeof NEEDED)[number], Record<string, string>>>;
/** What npm installs with a package where it runs. */
const NEEDED = ['dependencies', 'optionalDependencies', 'peerDependencies'] as const;

describe('nothing that runs needs db-migrate or its driver (FR-012)', () => {
  it.each(['.', 'compat/db-migrate', 'backend'])(
    'the package in %s is installed without',
    (path) => {
      const text = readFileSync(join(REPOSITORY, path, 'package.json'), 'utf8');
      const manifest = JSON.parse(text) as Manifest;
      const names = NEEDED.flatMap((kind) => Object.keys(manifest[kind] ?? {}));
      expect(names).not.toEqual([]);
      expect(names.filter((name) => REPLACED.includes(name))).toEqual([]);
    },
  );

  it.each(['src', 'compat/db-migrate/src', 'backend/src', 'backend/scripts'])(
    'no file of %s loads them',
    (folder) => {
      const files = readdirSync(join(REPOSITORY, folder), { recursive: true })
        .map((path) => join(folder, String(path)))
        .filter((path) => path.endsWith('.ts'));
      const loaded = files.flatMap((file) => {
        const text = readFileSync(join(REPOSITORY, file), 'utf8');
        return ts
          .preProcessFile(text, true, true)
          .importedFiles.map(({ fileName }) => ({ file, module: fileName }));
      });
      const isReplaced = ({ module }: { module: string }): boolean =>
        REPLACED.some((name) => module === name || module.startsWith(`${name}/`));
      expect(loaded).not.toEqual([]);
      expect(loaded.filter(isReplaced)).toEqual([]);
    },
  );
});
