import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolveSettings } from '../../src/config/settings';
import { complaintsOf, schemaNames } from '../support/json-schemas';
import { REPOSITORY } from '../support/project';

describe('the JSON Schemas', () => {
  it('come with the package, and the contract names each', () => {
    const { files, exports } = JSON.parse(
      readFileSync(join(REPOSITORY, 'package.json'), 'utf8'),
    ) as { files: string[]; exports: Record<string, unknown> };
    expect(files).toContain('schemas');
    expect(exports['./schemas/*.json']).toBe('./schemas/*.json');
    const contract = readFileSync(join(REPOSITORY, 'docs/contract.md'), 'utf8');
    expect(schemaNames().filter((name) => !contract.includes(`\`${name}\``))).toEqual([]);
  });

  it('a document with a key of no name is found', () => {
    expect(complaintsOf('create', { version: 1, created: [] })).toEqual([]);
    expect(complaintsOf('create', { version: 1, created: [], more: 1 })).not.toEqual([]);
    expect(complaintsOf('create', { version: 1 })).not.toEqual([]);
  });

  it('the key knexward has the entries that it has in a knexfile', () => {
    const known = /Known entries: (.*)\./.exec(
      (() => {
        try {
          resolveSettings({ nothing: 1 } as object);
        } catch (error) {
          return (error as { fix: string }).fix;
        }
        return '';
      })(),
    )?.[1];
    const { properties } = JSON.parse(
      readFileSync(join(REPOSITORY, 'schemas/knexward-key.json'), 'utf8'),
    ) as { properties: object };
    expect(Object.keys(properties).sort()).toEqual(known?.split(', ').sort());
    expect(complaintsOf('knexward-key', { lockTimeout: '3s', outOfOrder: 'refuse' })).toEqual([]);
    expect(complaintsOf('knexward-key', { lockTimeout: 'soon' })).not.toEqual([]);
  });
});
