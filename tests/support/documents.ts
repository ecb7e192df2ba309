import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from './project';

/** What a comment before a block, invisible to readers, says about it: `<!-- name: value -->`. */
export interface Directive {
  name: string;
  value: string;
}

/** A fenced block of a document. */
export interface Block {
  /** `docs/x.md:12`: where it begins. */
  place: string;
  language: string;
  text: string;
  /** The comments since the block before it. */
  directives: Directive[];
}

/** The documents that people read: README.md and docs/*.md. */
export function documents(): string[] {
  const names = readdirSync(join(REPOSITORY, 'docs')).filter((name) => name.endsWith('.md'));
  return ['README.md', ...names.sort().map((name) => `docs/${name}`)];
}

/** The text of a document. */
export function textOf(document: string): string {
  return readFileSync(join(REPOSITORY, document), 'utf8');
}

const BLOCK_OR_COMMENT =
  /^( *)```(\w*)[^\n]*\n([\s\S]*?)^\1```$|<!-- ([a-z][a-z ]*)(?:: ([\s\S]*?))? -->/gm;

/** The fenced blocks of a document, each with the comments before it. */
export function blocksOf(document: string): Block[] {
  const text = textOf(document);
  const blocks: Block[] = [];
  let directives: Directive[] = [];
  for (const match of text.matchAll(BLOCK_OR_COMMENT)) {
    const [, indent = '', language = '', body, name, value = ''] = match;
    if (body === undefined) {
      directives.push({ name: name ?? '', value: value.trim() });
      continue;
    }
    const line = text.slice(0, match.index).split('\n').length;
    const dedented = body.replaceAll(new RegExp(`^${indent}`, 'gm'), '');
    blocks.push({ place: `${document}:${line}`, language, text: dedented, directives });
    directives = [];
  }
  return blocks;
}

/** The value of a block's comment of that name. */
export function directive(block: Block, name: string): string | undefined {
  return block.directives.find((each) => each.name === name)?.value;
}
