import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { GUARDS } from '../../scripts/explore-mutation/guards.mjs';

describe('the guards that the explorer is measured by', () => {
  it.each(GUARDS)('$name can still be taken away', ({ edits }) => {
    for (const { file, find, replace } of edits) {
      expect(`${file}: ${readFileSync(file, 'utf8').split(find).length - 1}`).toBe(`${file}: 1`);
      expect(replace).not.toBe(find);
    }
  });

  it('stand in the documentation, each with the schedule that shows its loss', () => {
    const page = readFileSync('docs/architecture.md', 'utf8');
    const rows = [...page.matchAll(/^\| `([a-z-]+)` +\| +(\d+) \|/gm)];
    expect(rows.map(([, name, at]) => `${name} ${at}`)).toEqual(
      GUARDS.map(({ name, at }) => `${name} ${at}`),
    );
  });

  it('have names of their own', () => {
    expect(new Set(GUARDS.map(({ name }) => name)).size).toBe(GUARDS.length);
  });
});
