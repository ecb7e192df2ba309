// The documentation for language models (llmstxt.org): an index, all pages in one file, and each page
// as Markdown beside its HTML.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PARTS, pagesInOrder, textOf, titleOf } from './pages.mjs';

/**
 * @param {string} folder where the site was built
 * @param {{ description: string, root: string }} about the sentence, and what addresses begin with
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

/** The index: the pages by who reads them, each with what it is about. */
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
