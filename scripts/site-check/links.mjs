// Checks the links of a built site: each leads to a file of the site, and each anchor to an element in it.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileOf } from './serve.mjs';

/**
 * Finds dead links.
 *
 * @returns {{ pages: number, links: number, dead: string[] }}
 */
export function checkLinks(folder, base) {
  const files = readdirSync(folder, { encoding: 'utf8', recursive: true })
    .filter((name) => name.endsWith('.html'))
    .map((name) => join(folder, name));
  const pages = new Map(files.map((file) => [file, readPage(file)]));
  const dead = [];
  let links = 0;
  for (const [file, { targets }] of pages) {
    const path = relative(folder, file).replaceAll('\\', '/');
    const address = new URL(`http://site${base}${path.replace(/(index)?\.html$/, '')}`);
    for (const target of targets) {
      const { origin, pathname, hash } = new URL(target, address);
      if (origin !== address.origin) continue;
      links++;
      const found = fileOf(folder, base, pathname);
      const anchor = decodeURIComponent(hash.slice(1));
      const isThere = found && (anchor === '' || pages.get(found)?.ids.has(anchor) !== false);
      if (!isThere) dead.push(`${path}: ${target}`);
    }
  }
  return { pages: files.length, links, dead };
}

function readPage(file) {
  const html = readFileSync(file, 'utf8');
  const all = (pattern) => [...html.matchAll(pattern)].map(([, value]) => unescape(value));
  return {
    targets: all(/<(?:a|link|img|script)\b[^>]*? (?:href|src)="([^"]*)"/g),
    ids: new Set(all(/ id="([^"]*)"/g)),
  };
}

function unescape(text) {
  return text
    .replaceAll('&amp;', '&')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>');
}
