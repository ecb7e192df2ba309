// Writes docs/reference, a page a command and an index, from the commands themselves (as they are built).
// With --check it writes nothing, and fails where a page is stale, missing or left over.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';

const { createProgram } = createRequire(import.meta.url)('../dist/cli/main.js');
const FOLDER = fileURLToPath(new URL('../docs/reference/', import.meta.url));
const CONTRACT = readFileSync(new URL('../docs/contract.md', import.meta.url), 'utf8');

/** What a page adds to what its command says: the exit codes that it may end with, and where more is. */
const RUNS = ['0', '1', '2', '3', '4', '5', '129, 130, 143'];
const READS = ['0', '2', '3', '5'];
const EXTRAS = {
  up: { exits: RUNS, more: ['production', 'writing-migrations', 'pipelines'] },
  down: { exits: RUNS, more: ['production'] },
  redo: { exits: RUNS },
  status: { exits: [...READS, '6'], more: ['data-model', 'production'] },
  reset: { exits: ['0', '1', '2', '3', '4', '5', '129, 130, 143'] },
  init: { exits: ['0', '2'] },
  db: { exits: ['0', '2'] },
  completion: { exits: ['0', '2'] },
  seed: { exits: ['0', '1', '2', '3'] },
  'seed:make': { exits: ['0', '2'] },
  currentVersion: { exits: READS },
  create: { exits: ['0', '2'], more: ['configuration', 'writing-migrations'] },
  wait: { exits: [...READS, '6', '129, 130, 143'], more: ['production'] },
  adopt: { more: ['taking-over', 'data-model'] },
  doctor: { exits: ['0', '2', '3', '6'], more: ['doctor', 'production'] },
  verify: { more: ['verify', 'pipelines'] },
  plan: { more: ['pipelines', 'writing-migrations'] },
  baseline: { more: ['baseline', 'pipelines'] },
  snapshot: { exits: ['0', '2', '3', '6'], more: ['snapshot', 'pipelines'] },
  report: { exits: ['0', '2', '3', '129, 130, 143'], more: ['report', 'pipelines'] },
  unlock: { exits: [...READS, '4'], more: ['production'] },
  resolve: { exits: [...READS, '4'], more: ['production'] },
  'fleet up': { exits: ['0', '1', '2', '3', '5', '129, 130, 143'], more: ['fleet'] },
  'fleet status': { exits: [...READS, '6'], more: ['fleet'] },
};

const MEANINGS = Object.fromEntries(
  [...CONTRACT.matchAll(/^\| (\d[\d, ]*?) +\| (.*?) +\|$/gm)].map(([, code, text]) => [code, text]),
);

const program = await createProgram();
/** Of a command with verbs, each verb. */
const commands = program.commands.flatMap((each) =>
  each.commands.length > 0 ? each.commands : [each],
);
const common = commands
  .filter((command) => command.name() !== 'completion')
  .map(({ options }) => options.map(({ flags }) => flags))
  .reduce((shared, flags) => shared.filter((flag) => flags.includes(flag)));

const cell = (text) => text.replaceAll('|', '\\|').replaceAll('<', '\\<');
const row = (...cells) => `| ${cells.join(' | ')} |`;
const table = (head, rows) => [row(...head), row(...head.map(() => '-')), ...rows].join('\n');
const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}.`;

function main() {
  const pages = { 'README.md': indexPage() };
  for (const command of commands) pages[`${pageOf(command)}.md`] = commandPage(command);
  return pages;
}

/** The words that call it. */
function wordsOf(command) {
  const { parent } = command;
  return parent === program ? command.name() : `${parent.name()} ${command.name()}`;
}

/** A file's name cannot have a colon in it everywhere. */
function pageOf(command) {
  return wordsOf(command).replace(/[: ]/, '-');
}

function commandPage(command) {
  const { prose, examples } = help(command);
  const { exits = Object.keys(MEANINGS), more = [] } = EXTRAS[wordsOf(command)] ?? {};
  const links = linksTo(more);
  const own = command.options.filter(({ flags }) => !common.includes(flags));
  const also = command.aliases().map((alias) => `\`knexward ${alias}\``);
  return parts(
    `# knexward ${wordsOf(command)}`,
    sentence(command.description()),
    `\`\`\`text\nknexward ${wordsOf(command)} ${command.usage()}\n\`\`\``,
    also.length > 0 && `Also: ${also.join(', ')}.`,
    command.registeredArguments.length > 0 && `## Arguments\n\n${argumentTable(command)}`,
    command.name() !== 'completion' &&
      `## Options\n\n${own.length > 0 ? `${optionTable(own)}\n\n` : ''}And [those that every command takes](README.md#options-of-every-command).`,
    prose && `## What it does\n\n${prose}`,
    examples.length > 0 && `## Examples\n\n\`\`\`sh\n${examples.join('\n')}\n\`\`\``,
    `## Exit codes\n\n${exitTable(exits)}`,
    `With \`--json\`: [the contract](../contract.md#json).`,
    links && `More: ${links}`,
  );
}

function indexPage() {
  const shared = commands[0].options.filter(({ flags }) => common.includes(flags));
  return parts(
    '# The commands',
    'Made from the commands themselves by `npm run docs:reference`; `knexward <command> --help` says the same.',
    table(
      ['command', 'does'],
      commands.map((command) =>
        row(
          `[\`knexward ${wordsOf(command)}\`](${pageOf(command)}.md)`,
          cell(command.description()),
        ),
      ),
    ),
    `## Options of every command\n\n${optionTable(shared)}`,
    `## Exit codes\n\n${exitTable(Object.keys(MEANINGS))}`,
    'Results go to stdout, progress and logs to stderr. [The contract](../contract.md) says what of it is stable.',
  );
}

const argumentTable = ({ registeredArguments }) =>
  table(
    ['argument', 'is'],
    registeredArguments.map((each) =>
      row(`\`${each.name()}\`${each.required ? '' : ' (optional)'}`, cell(each.description)),
    ),
  );

const optionTable = (options) =>
  table(
    ['option', 'does'],
    options.map(({ flags, description, argChoices, defaultValue, negate }) =>
      row(
        `\`${flags}\``,
        cell(description) +
          (argChoices ? `: ${argChoices.map((choice) => `\`${choice}\``).join(', ')}` : '') +
          (defaultValue === undefined || negate ? '' : ` (default: \`${defaultValue}\`)`),
      ),
    ),
  );

const exitTable = (codes) =>
  table(
    ['code', 'means'],
    codes.map((code) => row(code, MEANINGS[code])),
  );

/** What a command's help says below its options: its prose as Markdown, and its examples. */
function help(command) {
  let written = '';
  command.configureOutput({ writeOut: (text) => (written += text) }).outputHelp();
  const after = written.slice(command.helpInformation().length).trim();
  const [prose = '', shown = ''] = after.split(/^Examples?:\n/m);
  const examples = shown.split('\n').filter((line) => line.trim() !== '');
  return { prose: asMarkdown(prose.trim()), examples: aligned(examples) };
}

/** Lines that stand further in keep their shape; the rest is text. */
function asMarkdown(prose) {
  const pieces = [];
  for (const line of prose.split('\n')) {
    const kind = line === '' ? 'gap' : line.startsWith('  ') ? 'block' : 'text';
    if (pieces.at(-1)?.kind !== kind) pieces.push({ kind, lines: [] });
    pieces.at(-1).lines.push(line);
  }
  return pieces
    .filter(({ kind }) => kind !== 'gap')
    .map(({ kind, lines }) =>
      kind === 'text'
        ? lines.join('\n').replaceAll(/[_*<]/g, '\\$&')
        : `\`\`\`text\n${lines.map((line) => line.slice(2)).join('\n')}\n\`\`\``,
    )
    .join('\n\n');
}

/** `$ command   what it does` becomes `command   # what it does`. */
function aligned(lines) {
  const pairs = lines.map((line) => /^ *\$ (.*?)(?: {2,}(.*))?$/.exec(line)?.slice(1) ?? [line]);
  const width = Math.max(...pairs.filter(([, does]) => does).map(([call]) => call.length), 0);
  return pairs.map(([call, does]) => (does ? `${call.padEnd(width)}  # ${does}` : call));
}

/** The documents that are there, by their titles. */
function linksTo(pages) {
  return pages
    .map((page) => ({ page, path: new URL(`../docs/${page}.md`, import.meta.url) }))
    .filter(({ path }) => existsSync(path))
    .map(({ page, path }) => [/^# (.*)$/m.exec(readFileSync(path, 'utf8'))[1], page])
    .map(([title, page]) => `[${title}](../${page}.md)`)
    .join(' · ');
}

function parts(...all) {
  return `${all.filter(Boolean).join('\n\n')}\n`;
}

const style = { ...(await resolveConfig(FOLDER + 'README.md')), parser: 'markdown' };
const wanted = {};
for (const [name, text] of Object.entries(main())) wanted[name] = await format(text, style);
const present = existsSync(FOLDER) ? readdirSync(FOLDER) : [];

if (process.argv.includes('--check')) {
  const stale = [...new Set([...Object.keys(wanted), ...present])].filter(
    (name) => !present.includes(name) || readFileSync(FOLDER + name, 'utf8') !== wanted[name],
  );
  if (stale.length > 0) {
    console.error(`docs/reference is stale (${stale.join(', ')}): npm run docs:reference`);
    process.exitCode = 1;
  }
} else {
  mkdirSync(FOLDER, { recursive: true });
  for (const name of present.filter((each) => !(each in wanted))) rmSync(FOLDER + name);
  for (const [name, text] of Object.entries(wanted)) writeFileSync(FOLDER + name, text);
}
