// What docs/ links to is the repository, which the site is a part of: a link that leaves docs/ goes to
// the repository's public address. As long as there is none, it is plain text.
import { existsSync, statSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { DOCS } from './pages.mjs';

const ROOT = dirname(DOCS);

/** @param {string | null} repository its public address */
export function linksToRepository(md, repository) {
  md.core.ruler.push('links-to-repository', ({ tokens, env }) => {
    const folder = posix.dirname(posix.join('docs', env.relativePath ?? ''));
    for (const { children } of tokens) if (children) rewrite(children, folder, repository);
  });
}

function rewrite(tokens, folder, repository) {
  const open = [];
  for (const token of tokens) {
    if (token.type === 'link_open') {
      const target = targetOf(token.attrGet('href') ?? '', folder, repository);
      open.push(target);
      if (target === null) drop(token);
      else token.attrSet('href', target);
    }
    if (token.type === 'link_close' && open.pop() === null) drop(token);
  }
}

/** @returns the link that the site has; `null` for none */
function targetOf(href, folder, repository) {
  if (/^([a-z]+:|#|\/)/i.test(href)) return href;
  const [path = '', anchor] = href.split('#');
  const file = posix.join(folder, decodeURI(path));
  if (file.startsWith('docs/')) return href.replace(/(^|\/)README\.md(?=#|$)/, '$1index.md');
  if (repository === null) return null;
  // A page that does not exist stays a link that VitePress finds dead.
  if (!existsSync(join(ROOT, file))) return href;
  const kind = statSync(join(ROOT, file)).isDirectory() ? 'tree' : 'blob';
  return `${repository}/${kind}/main/${file}${anchor === undefined ? '' : `#${anchor}`}`;
}

/** The token stays, with nothing to show: what is between the two is the text. */
function drop(token) {
  token.type = 'text';
  token.tag = '';
  token.content = '';
  token.nesting = 0;
}

/** What a heading is called in an address, by GitHub's rule, so that a link fits both. */
export function slugOf(heading) {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, '')
    .replaceAll(' ', '-');
}
