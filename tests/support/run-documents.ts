import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Block, blocksOf, directive } from './documents';
import { fits, type Placeholders, substitute } from './shown-output';

/*
 * Runs what a document shows. Comments that readers do not see say what is needed:
 *
 *   <!-- runs in: a shop -->       from here on, in a project that was made for it
 *   <!-- not run: why -->          the next block is not run
 *   <!-- run -->                   the next block is SQL, for the project's database
 *   <!-- file: path/of/it -->      the next block is that file; a * stands for what create put there
 *   <!-- varies: 6 ms, 1.2 s -->   in the next block, these differ from run to run
 *   <!-- stands for: 20261122 -->  in the rest of the document, this is one and the same other text
 *   <!-- exits with: 6 -->         the last command of the next block
 */

/** Where the commands of a document run. */
export interface Place {
  root: string;
  env: Record<string, string>;
  /** Carries out `npm install …`, from what is at hand. */
  install: (folder: string, packages: readonly string[]) => void;
  /** Sends SQL to the project's database, where it has one of its own. */
  query?: (sql: string) => Promise<unknown>;
  remove: () => Promise<void>;
}

/** The languages of blocks that hold commands. */
export const COMMANDS = ['console', 'sh'];

/** Why a block of commands is not run, or `undefined` where it is. */
export function reasonNotToRun(block: Block): string | undefined {
  return directive(block, 'not run');
}

/**
 * Runs all commands of a document, in order, and compares what they print with what it shows.
 *
 * @returns what does not fit, each with its place.
 */
export async function runDocument(
  document: string,
  makePlace: (name: string) => Promise<Place>,
): Promise<string[]> {
  const run = new DocumentRun(makePlace);
  try {
    for (const block of blocksOf(document)) await run.take(block);
  } finally {
    await run.end();
  }
  return run.complaints;
}

class DocumentRun {
  readonly complaints: string[] = [];
  private place: Place | undefined;
  private cwd = '';
  private readonly standsFor: Placeholders['standsFor'] = new Map();

  constructor(private readonly makePlace: (name: string) => Promise<Place>) {}

  async take(block: Block): Promise<void> {
    const name = directive(block, 'runs in');
    if (name !== undefined) await this.goTo(name);
    for (const text of listOf(directive(block, 'stands for'))) this.standsFor.set(text, undefined);
    const path = directive(block, 'file');
    if (path !== undefined) this.write(block, path);
    if (directive(block, 'run') !== undefined) await this.place?.query?.(block.text);
    if (COMMANDS.includes(block.language) && reasonNotToRun(block) === undefined) {
      await this.runBlock(block);
    }
  }

  async end(): Promise<void> {
    await this.place?.remove();
    this.place = undefined;
  }

  private async goTo(name: string): Promise<void> {
    await this.end();
    this.place = await this.makePlace(name);
    this.cwd = this.place.root;
  }

  private write(block: Block, shown: string): void {
    const pattern = substitute(shown, { varies: [], standsFor: this.standsFor });
    const [path = pattern, ...others] = pattern.includes('*') ? this.find(pattern) : [];
    if (others.length > 0) this.complaints.push(`${block.place} ${pattern} fits several files`);
    if (path.includes('*')) this.complaints.push(`${block.place} there is no ${pattern}`);
    mkdirSync(dirname(join(this.cwd, path)), { recursive: true });
    writeFileSync(join(this.cwd, path), block.text);
  }

  /** The files that a path with a `*` in its name fits. */
  private find(pattern: string): string[] {
    const [start = '', end = ''] = basename(pattern).split('*');
    return readdirSync(join(this.cwd, dirname(pattern)))
      .filter((name) => name.startsWith(start) && name.endsWith(end))
      .map((name) => join(dirname(pattern), name));
  }

  private async runBlock(block: Block): Promise<void> {
    const calls = callsOf(block);
    const placeholders = {
      varies: listOf(directive(block, 'varies')),
      standsFor: this.standsFor,
    };
    for (const [index, { command, shown }] of calls.entries()) {
      const last = index === calls.length - 1;
      const expected = last ? Number(directive(block, 'exits with') ?? 0) : 0;
      const { code, printed } = await this.runCommand(substitute(command, placeholders));
      const asShown = shown === undefined || fits(shown, printed, placeholders);
      if (code === expected && asShown) continue;
      this.complaints.push(
        `${block.place} $ ${command}\nexit code ${code}, expected ${expected}; ` +
          `${asShown ? 'output as shown' : `shown:\n${shown}\n`}\nprinted:\n${printed}`,
      );
    }
  }

  private async runCommand(command: string): Promise<{ code: number | null; printed: string }> {
    if (!this.place) return { code: null, printed: 'No project is named for it (runs in).' };
    const { env, install, root } = this.place;
    const [, variable, value] = /^export (\w+)=(.*)$/.exec(command) ?? [];
    if (variable !== undefined) env[variable] = value ?? '';
    const [, packages] = /^npm install ((?:[\w@][\w@/-]* ?)+)$/.exec(command) ?? [];
    if (packages !== undefined) install(this.cwd, packages.trim().split(' '));
    if (variable !== undefined || packages !== undefined) return { code: 0, printed: '' };
    // Beside the project: a file inside of it would show.
    const [log, cwdFile] = [`${root}.log`, `${root}.cwd`];
    const output = openSync(log, 'w');
    // Jest's own limit for a test is five seconds, which a busy machine may exceed.
    const patient = command.replace(/^npx jest\b/, '$& --testTimeout=600000');
    const script = `${patient}\ncode=$?; pwd > '${cwdFile}'; exit $code`;
    const child = spawn('sh', ['-c', script], {
      cwd: this.cwd,
      env,
      stdio: ['ignore', output, output],
    });
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    closeSync(output);
    if (existsSync(cwdFile)) this.cwd = readFileSync(cwdFile, 'utf8').trim();
    return { code, printed: readFileSync(log, 'utf8') };
  }
}

interface Call {
  command: string;
  /** What the document shows of its output; `undefined` where it shows commands only. */
  shown?: string;
}

/** `$ command` and the lines that it prints; in a block of `sh`, a command a line. */
function callsOf({ language, text }: Block): Call[] {
  if (language === 'sh') {
    const lines = text.replaceAll('\\\n', ' ').split('\n');
    return lines.filter((line) => line.trim() !== '').map((command) => ({ command }));
  }
  const [, ...pieces] = text.split(/^\$ /m);
  return pieces.map((piece) => {
    const [command = '', ...lines] = piece.split('\n');
    return { command, shown: lines.join('\n') };
  });
}

function listOf(value: string | undefined): string[] {
  return value?.split(/, +/).filter(Boolean) ?? [];
}
