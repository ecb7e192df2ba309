/*
 * What has to agree before a tag is released. Pure: the script beside this folder reads the files.
 */

/**
 * What is wrong with a release, as sentences; empty where it may go out.
 *
 * @param {string} tag such as `v0.1.0`
 * @param {Record<string, any>} main knexward's package.json
 * @param {Record<string, any>} alias knexward-db-migrate's package.json
 * @param {string} changelog CHANGELOG.md
 */
export function problemsOf(tag, main, alias, changelog) {
  const version = tag.replace(/^v/, '');
  const needed = alias.dependencies?.knexward;
  return [
    // npm would give a pre-release such as v1.0.0-rc.1 to everybody who asks for the latest version.
    ...(/^v\d+\.\d+\.\d+$/.test(tag)
      ? []
      : [`"${tag}" is not a tag such as v0.1.0. A pre-release is not possible.`]),
    ...[main, alias]
      .filter((one) => one.version !== version)
      .map((one) => `${one.name} has the version ${one.version}, not ${version}.`),
    ...(needed === version ? [] : [`${alias.name} depends on knexward ${needed}, not ${version}.`]),
    ...[main, alias]
      .filter((one) => !one.repository?.url)
      .map((one) => `${one.name} has no repository.url: npm refuses provenance without it.`),
    ...(main.repository?.url === alias.repository?.url
      ? []
      : ['The two packages name different repositories.']),
    ...(main.scripts?.prepare
      ? ['knexward has a prepare script: npm would run it for users.']
      : []),
    ...(notesOf(version, changelog) ? [] : [`CHANGELOG.md has nothing under "## ${version}".`]),
  ];
}

/** The text of one version in a changelog, without its heading; empty where there is none. */
export function notesOf(version, changelog) {
  const sections = changelog.split(/^## /m).slice(1);
  const section = sections.find(
    (text) => text.split(/[\s]/, 1)[0].replace(/[[\]]/g, '') === version,
  );
  return section === undefined ? '' : section.slice(section.indexOf('\n') + 1).trim();
}
