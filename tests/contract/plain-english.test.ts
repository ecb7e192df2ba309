import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '../support/project';

/** What texts once said that no native writer would, and what they say instead. */
const REPLACED = {
  'return when nothing is pending and nobody is running': 'wait until all migrations are applied',
  'what became of': 'the outcome of',
  'Their times have no zone': 'These times have no time zone',
  'was not to be had': 'Could not lock',
  'left no trace': 'was rolled back',
  'is there and no migration makes it': 'unexpected',
  'lead back': 'revert',
  'leads back': 'reverts',
  'also not on a terminal': 'disable colours',
  'Found 1 problems': 'Found 1 problem',
} as const;

const FOLDERS = ['src', 'docs', 'site', 'backend/public', 'backend/src', 'examples'];

function textsIn(folder: string): string[] {
  return readdirSync(join(REPOSITORY, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:ts|md|js|mjs|html|vue)$/.test(name) && !name.includes('node_modules'))
    .filter((name) => !/(?:^|\/)(?:cache|dist)\//.test(name))
    .map((name) => join(folder, name));
}

describe('plain English', () => {
  const files = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...FOLDERS.flatMap(textsIn)];

  it.each(Object.keys(REPLACED))('no text that a person reads says "%s"', (phrase) => {
    expect(files.length).toBeGreaterThan(400);
    const found = files.filter((file) =>
      readFileSync(join(REPOSITORY, file), 'utf8').includes(phrase),
    );
    expect(found).toEqual([]);
  });
});
