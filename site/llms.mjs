// The documentation for language models (llmstxt.org): an index, all pages in one file, and each page
// as Markdown beside its HTML.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PARTS, pagesInOrder, textOf, titleOf } from './pages.mjs';

/**
 * Writes the index, the file with all pages, and each page.
 *
 * @param {string} folder where the site was built
 * @param {{ description: string, root: string }} about one sentence about the project, and the beginning of all addresses
 */
export function writeForModels(folder, { description, root }) {
  const pages = pagesInOrder();
  write(folder, 'llms.txt', indexOf(pages, { description, root }));
  write(
    folder,
    'llms-full.txt',
    pages.map(({ file }) => `<!-- ${file} -->\n\n${textOf(file)}`).join('\n'),
  );
  for (const { file } of pages) write(folder, file, textOf(file));
}

/** The index: the pages by reader, each with its first sentence. */
export function indexOf(pages, { description, root }) {
  const parts = PARTS.map(({ text }) => {
    const lines = pages
      .filter(({ part }) => part === text)
      .map(({ file }) => `- [${titleOf(file)}](${root}${file})${aboutOf(file)}`);
    return `## ${text}\n\n${lines.join('\n')}\n`;
  });
  const head = `# knexward\n\n> ${description}\n\nAll pages in one file: ${root}llms-full.txt\n`;
  return [head, ...parts].join('\n');
}

/** The first sentence of a page. */
function aboutOf(file) {
  const [, paragraph = ''] =
    /^# .+\n+(?!```|[#|<-])([\s\S]*?)\n\n/.exec(`${textOf(file)}\n\n`) ?? [];
  const plain = paragraph
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[`*]/g, '')
    .replace(/\s+/g, ' ')
    .trim();
  const [sentence = ''] = /^.*?[.:!?](?= |$)/.exec(plain) ?? [plain];
  return sentence === '' ? '' : `: ${sentence.replace(/:$/, '.')}`;
}

function write(folder, path, text) {
  const target = join(folder, path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
}
