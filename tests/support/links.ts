import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { textOf } from './documents';
import { REPOSITORY } from './project';

/** The Markdown files in a folder of the repository, at any depth. */
export function documentsIn(folder: string): string[] {
  const paths = readdirSync(join(REPOSITORY, folder), { encoding: 'utf8', recursive: true });
  return paths.filter((path) => path.endsWith('.md')).map((path) => join(folder, path));
}

/** The links of a document that lead nowhere: to no file, or to no heading of it. */
export function deadLinks(document: string): string[] {
  return linksOf(document).filter((link) => {
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? document : join(dirname(document), decodeURI(path));
    if (!existsSync(join(REPOSITORY, target))) return true;
    if (anchor === undefined || statSync(join(REPOSITORY, target)).isDirectory()) return false;
    return target.endsWith('.md') && !anchorsOf(target).has(anchor);
  });
}

/** Where a document points to within the repository. */
function linksOf(document: string): string[] {
  const text = withoutFences(textOf(document)).replace(/`[^`\n]*`/g, '');
  const links = text.matchAll(
    /\]\(([^)\s]+)[^)]*\)|^\[[^\]]+\]: (\S+)|\b(?:src|srcset|href)="([^"]+)"/gm,
  );
  return [...links]
    .map(([, inline, reference, html]) => inline ?? reference ?? html ?? '')
    .filter((link) => !/^[a-z]+:/.test(link));
}

/** What a `#` may name in a document, by GitHub's rule; a heading's second twin ends with `-1`. */
function anchorsOf(document: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of withoutFences(textOf(document)).matchAll(/^#{1,6} +(.+)$/gm)) {
    const shown = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').trim();
    const slug = shown
      .toLowerCase()
      .replace(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, '')
      .replaceAll(' ', '-');
    let anchor = slug;
    for (let twin = 1; anchors.has(anchor); twin++) anchor = `${slug}-${twin}`;
    anchors.add(anchor);
  }
  for (const [, id = ''] of textOf(document).matchAll(/<\w+[^>]* (?:id|name)="([^"]+)"/g)) {
    anchors.add(id);
  }
  return anchors;
}

function withoutFences(text: string): string {
  return text.replace(/^( *)(```+)[^\n]*\n[\s\S]*?^\1\2$/gm, '');
}
