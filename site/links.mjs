// The pages of docs/ link to other files of the repository. On the site, such a link goes to the
// repository's public address. As long as there is none, the link becomes plain text.
import { existsSync, statSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { DOCS } from './pages.mjs';

const ROOT = dirname(DOCS);

/**
 * Rewrites links that leave docs/.
 *
 * @param {string | null} repository the repository's public address
 */
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
  // A link to a missing file stays, so that VitePress reports it as dead.
  if (!existsSync(join(ROOT, file))) return href;
  const kind = statSync(join(ROOT, file)).isDirectory() ? 'tree' : 'blob';
  return `${repository}/${kind}/main/${file}${anchor === undefined ? '' : `#${anchor}`}`;
}

/** Turns the token into empty text, so that only the link's text is left. */
function drop(token) {
  token.type = 'text';
  token.tag = '';
  token.content = '';
  token.nesting = 0;
}

/** The anchor of a heading by GitHub's rule, so that a link works on GitHub and on the site. */
export function slugOf(heading) {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, '')
    .replaceAll(' ', '-');
}
