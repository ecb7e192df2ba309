// Where the project is public. package.json is the one place that says so: docs/releasing.md.

/**
 * The addresses of the repository and the site.
 *
 * @param {{ repository?: string | { url?: string }, homepage?: string }} manifest package.json
 * @returns {{ repository: string | null, site: string | null, base: string }} the repository's and the
 * site's address, or `null` while they have none; and the path below which the site is served
 */
export function addressOf({ repository, homepage }) {
  const url = typeof repository === 'string' ? repository : repository?.url;
  const [, owner, name] =
    /github\.com[/:]([\w.-]+)\/([\w.-]+?)(?:\.git)?(?:[#?/].*)?$/.exec(url ?? '') ?? [];
  const own = homepage && new URL(homepage).hostname !== 'github.com' ? homepage : null;
  const site = own ?? (owner === undefined ? null : pagesOf(owner.toLowerCase(), name));
  return {
    repository: owner === undefined ? null : `https://github.com/${owner}/${name}`,
    site: site === null ? null : site.replace(/\/*$/, '/'),
    base: site === null ? '/' : new URL(site).pathname.replace(/\/*$/, '/'),
  };
}

/** Where GitHub Pages serves a repository's site. */
function pagesOf(owner, name) {
  const host = `${owner}.github.io`;
  return name.toLowerCase() === host ? `https://${host}/` : `https://${host}/${name}/`;
}
