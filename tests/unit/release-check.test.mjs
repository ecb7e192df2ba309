import { describe, expect, it } from '@jest/globals';
import { notesOf, problemsOf } from '../../scripts/release/check.mjs';

const REPOSITORY = { url: 'git+https://git.example.org/knexward.git' };
const main = { name: 'knexward', version: '1.2.3', repository: REPOSITORY, scripts: {} };
const alias = {
  name: 'knexward-db-migrate',
  version: '1.2.3',
  repository: REPOSITORY,
  dependencies: { knexward: '1.2.3' },
};
const CHANGELOG = `# Changelog

## Unreleased

- later

## 1.2.3 - 2026-12-01

### Added

- this

## 1.2.2

- before
`;

describe('what has to agree before a release', () => {
  it('nothing is wrong where all agree', () => {
    expect(problemsOf('v1.2.3', main, alias, CHANGELOG)).toEqual([]);
  });

  it.each([
    ['a tag that is no version', ['1.2', main, alias, CHANGELOG], /"1\.2" is not a tag/],
    [
      'a pre-release',
      [
        'v1.2.3-rc.1',
        { ...main, version: '1.2.3-rc.1' },
        { ...alias, version: '1.2.3-rc.1', dependencies: { knexward: '1.2.3-rc.1' } },
        CHANGELOG.replace('## 1.2.3', '## 1.2.3-rc.1'),
      ],
      /^"v1\.2\.3-rc\.1" is not a tag such as v0\.1\.0\. A pre-release is not possible\.$/,
    ],
    ['another version', ['v1.2.4', main, alias, CHANGELOG], /knexward has the version 1\.2\.3/],
    [
      'an alias that needs another version',
      ['v1.2.3', main, { ...alias, dependencies: { knexward: '1.2.2' } }, CHANGELOG],
      /depends on knexward 1\.2\.2/,
    ],
    [
      'no repository',
      ['v1.2.3', { ...main, repository: undefined }, alias, CHANGELOG],
      /knexward has no repository\.url/,
    ],
    [
      'two repositories',
      ['v1.2.3', main, { ...alias, repository: { url: 'git+https://other' } }, CHANGELOG],
      /different repositories/,
    ],
    [
      'a script that npm would run for users',
      ['v1.2.3', { ...main, scripts: { prepare: 'husky' } }, alias, CHANGELOG],
      /prepare script/,
    ],
    [
      'a version that the changelog does not have',
      ['v1.2.3', main, alias, CHANGELOG.replace('## 1.2.3', '## 1.2.5')],
      /nothing under "## 1\.2\.3"/,
    ],
  ])('%s is refused', (_what, given, problem) => {
    expect(problemsOf(...given).join('\n')).toMatch(problem);
  });

  it('the notes are the part of one version', () => {
    expect(notesOf('1.2.3', CHANGELOG)).toBe('### Added\n\n- this');
    expect(notesOf('1.2', CHANGELOG)).toBe('');
  });
});
