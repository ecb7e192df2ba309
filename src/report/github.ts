import { appendFileSync } from 'node:fs';
import { isAbsolute, relative } from 'node:path';
import { escaped, printable } from '../printable.js';
import { redact } from '../secrets.js';
import { type Finding } from './finding.js';

/** GitHub shows so many annotations of a step, for each level, and drops the others unsaid. */
const SHOWN_PER_LEVEL = 10;

/** A step's summary may have 1 MiB; what is longer is not shown at all. */
const LONGEST_SUMMARY = 500_000;

/**
 * A step of a GitHub workflow: its annotations, which stand beside the lines of a pull request, and
 * its summary.
 * Source: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
 */
export class GitHubStep {
  constructor(
    private readonly env: NodeJS.ProcessEnv,
    private readonly command: string,
  ) {}

  /** The lines that the runner makes annotations of, and the same for the summary. */
  annotate(findings: readonly Finding[]): string[] {
    this.append(
      findings.map(({ level, title, message, file, line }) => {
        const place = file ? ` (${this.inRepository(file)}${line ? `:${line}` : ''})` : '';
        const mark = level === 'error' ? '❌' : '⚠️';
        return `- ${mark} **${inline(title)}**${inline(place)}: ${inline(message)}`;
      }),
    );
    return (['error', 'warning'] as const).flatMap((level) =>
      this.linesOf(findings.filter((finding) => finding.level === level)),
    );
  }

  /** Adds what a person would read on a terminal to the step's summary. */
  summarize(text: string): void {
    if (text.trim() === '') return;
    const longestFence = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
    const fence = '`'.repeat(longestFence + 1);
    const shown = text.length > LONGEST_SUMMARY ? `${text.slice(0, LONGEST_SUMMARY)}\n…\n` : text;
    this.append([`${fence}text`, redact(shown).trimEnd(), fence]);
  }

  private linesOf(findings: readonly Finding[]): string[] {
    const all = findings.map((finding) => this.lineOf(finding));
    const [first] = findings;
    if (all.length <= SHOWN_PER_LEVEL || !first) return all;
    const shown = all.slice(0, SHOWN_PER_LEVEL - 1);
    const rest = `And ${all.length - shown.length} more: see the summary of the job.`;
    return [...shown, this.lineOf({ level: first.level, title: first.title, message: rest })];
  }

  private lineOf({ level, title, message, file, line }: Finding): string {
    const properties = [
      ...(file ? [`file=${property(escaped(this.inRepository(file)))}`] : []),
      ...(file && line ? [`line=${line}`] : []),
      `title=${property(escaped(`knexward: ${title}`))}`,
    ];
    return `::${level} ${properties.join(',')}::${data(printable(redact(message)))}`;
  }

  /** A path as GitHub knows it: from the root of the repository. */
  private inRepository(path: string): string {
    const root = this.env['GITHUB_WORKSPACE'];
    const inside = root === undefined ? path : relative(root, path);
    return inside.startsWith('..') || isAbsolute(inside) ? path : inside.replaceAll('\\', '/');
  }

  private headed = false;

  private append(lines: readonly string[]): void {
    const file = this.env['GITHUB_STEP_SUMMARY'];
    if (!file || lines.length === 0) return;
    const heading = this.headed ? [] : [`### knexward ${this.command}`, ''];
    this.headed = true;
    try {
      appendFileSync(file, [...heading, ...lines, '', ''].join('\n'));
    } catch {
      // A summary that cannot be written must not fail a migration.
    }
  }
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/** As one line of Markdown that is shown as it is. */
function inline(text: string): string {
  return printable(redact(text))
    .replace(/\s*\n\s*/g, ' ')
    .replace(/[\\`*_[\]<>|#~]/g, '\\$&');
}
