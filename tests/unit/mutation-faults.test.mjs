import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { FAULTS } from '../../scripts/mutation/faults.mjs';

describe('the faults that the tests are measured by', () => {
  it.each(FAULTS)('$id can still be planted', ({ file, find, replace }) => {
    expect(`${file}: ${readFileSync(file, 'utf8').split(find).length - 1}`).toBe(`${file}: 1`);
    expect(replace).not.toBe(find);
  });
});
