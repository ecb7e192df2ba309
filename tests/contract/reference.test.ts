import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Command } from 'commander';
import { createProgram } from '../../src/cli/main';
import { type Block, blocksOf, documents, textOf } from '../support/documents';
import { leaves } from '../support/commands';
import { createProject, REPOSITORY } from '../support/project';

const pages = readdirSync(join(REPOSITORY, 'docs/reference')).map(
  (name) => `docs/reference/${name}`,
);

/** Ends at what a shell would give to another program, or take for itself. */
const CALL =
  /(?<!npm install )(?<=^|[\s`(])(?:npx )?(knexward(?: +(?:'[^']*'|"[^"]*"|[^\s`|&;<>#'"()]+))*)/g;

/** The calls of knexward that a text shows. */
function callsIn(text: string): string[] {
  return [...text.matchAll(CALL)].map(([, call = '']) => call.trim());
}

/** What the command line would say to this call; nothing is carried out. */
async function complaintAbout(call: string): Promise<string | null> {
  const program = await createProgram();
  const { commands } = program;
  for (const command of [program, ...commands, ...commands.flatMap((each) => each.commands)])
    silence(command);
  const words = [...call.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, bare]) => single ?? double ?? bare ?? '',
  );
  try {
    await program.parseAsync(words.slice(1), { from: 'user' });
    return null;
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return code?.startsWith('commander.help') || code === 'commander.version' ? null : message;
  }
}

function silence(command: Command): void {
  command
    .exitOverride()
    .configureOutput({ writeOut: () => undefined, writeErr: () => undefined })
    .action(() => undefined);
}

describe('docs/reference', () => {
  it('is made from the commands: npm run docs:reference', async () => {
    const project = createProject({});
    const script = join(REPOSITORY, 'scripts/command-pages.mjs');
    expect(await project.node([script, '--check'])).toMatchObject({ code: 0, stderr: '' });
    project.remove();
  });

  it('has a page for each command, with each of its options', async () => {
    for (const { words, command } of await leaves()) {
      const text = textOf(`docs/reference/${words.join('-').replace(':', '-')}.md`);
      const index = textOf('docs/reference/README.md');
      for (const { flags } of command.options) expect(text + index).toContain(`\`${flags}\``);
    }
  });
});

/** The anchors that a document's headings have on GitHub. */
function anchorsOf(document: string): string[] {
  return [...textOf(document).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe('the links of the documents', () => {
  it.each([...documents(), ...pages])('%s: each leads somewhere', (document) => {
    const prose = textOf(document).replaceAll(/^( *)```[\s\S]*?^\1```$/gm, '');
    const wrong = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
      if (/^https?:/.test(target)) return [];
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? document : join(document, '..', path);
      if (!existsSync(join(REPOSITORY, file))) return [target];
      return anchor === undefined || anchorsOf(file).includes(anchor) ? [] : [target];
    });
    expect(wrong).toEqual([]);
  });
});

/** What of a block is typed: not what is printed. */
function typedIn({ language, text }: Block): string {
  if (['sh', 'yaml', 'dockerfile', 'json'].includes(language)) return text;
  return language === 'console' ? (text.match(/^\$ .*$/gm) ?? []).join('\n') : '';
}

/** Where a document shows code: its blocks, and what stands between backticks. */
function codeIn(document: string): string[] {
  const text = textOf(document);
  const prose = text.replaceAll(/^( *)```[\s\S]*?^\1```$/gm, '');
  return [
    ...blocksOf(document).map(typedIn),
    ...[...prose.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code.replaceAll(/\s+/g, ' ')),
  ];
}

/** A command that is spoken of, without what it needs: `knexward create`. */
const ONLY_NAMED = /missing required argument|argument missing/;

describe('what documents and help texts say to type (FR-016)', () => {
  const folders = ['docs/errors', 'docs/reference', 'docs/decisions'].flatMap((folder) =>
    readdirSync(join(REPOSITORY, folder)).map((name) => `${folder}/${name}`),
  );
  // The page about wrong usage shows some.
  const pages = [...documents(), ...folders].filter((page) => !page.endsWith('/USAGE.md'));
  it.each(pages)('%s: every call is one that there is', async (document) => {
    const wrong: string[] = [];
    for (const call of codeIn(document).flatMap(callsIn)) {
      // A pattern, not a call: `knexward up [name]`, `-c N`, `knexward up --scope …`.
      if (/[[…]| N\b/.test(call)) continue;
      const complaint = await complaintAbout(call);
      if (complaint !== null && !ONLY_NAMED.test(complaint)) wrong.push(`${call}: ${complaint}`);
    }
    expect(wrong).toEqual([]);
  });
});
