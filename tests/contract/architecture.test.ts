import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { blocksOf } from '../support/documents';
import { REPOSITORY } from '../support/project';

interface Entry {
  /** From src/ on; a folder ends with a slash. */
  path: string;
  /** What is said of it. */
  purpose: string;
}

/** The tree of docs/architecture.md: two spaces a level, below `src/`. */
function described(): Entry[] {
  const tree = blocksOf('docs/architecture.md').find(({ text }) => text.startsWith('src/\n'));
  const above: string[] = [];
  return [...(tree?.text ?? '').matchAll(/^((?: {2})+)(\S+) *(.*)$/gm)].map(
    ([, indent = '', name = '', purpose = '']) => {
      const level = indent.length / 2 - 1;
      above.splice(level, above.length, name);
      return { path: above.join(''), purpose };
    },
  );
}

describe('docs/architecture.md (SC-010)', () => {
  const entries = described();

  it('names each folder of src, and no other', () => {
    const folders = readdirSync(join(REPOSITORY, 'src'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `${name}/`);
    const named = entries.map(({ path }) => path).filter((path) => /^[^/]+\/$/.test(path));
    expect(named.sort()).toEqual(folders.sort());
  });

  it('names no folder and no file below that is not there', () => {
    const missing = entries.filter(({ path }) => {
      const found = statSync(join(REPOSITORY, 'src', path), { throwIfNoEntry: false });
      return path.endsWith('/') ? !found?.isDirectory() : !found?.isFile();
    });
    expect(missing).toEqual([]);
  });

  it('says of each what lives there', () => {
    expect(entries.filter(({ purpose }) => !/\S{3}/.test(purpose))).toEqual([]);
  });
});
