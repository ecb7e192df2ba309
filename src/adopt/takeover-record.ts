import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { KnexwardError } from '../errors.js';
import { findRepository, isInsideFolder } from './callers/repository.js';
import { stateOf } from '../files/as-planned.js';
import { writeAtomically } from '../files/write.js';
import { type FileAction } from './file-plan.js';
import { checkTimeZone } from './inspect-database.js';
import { describeBefore, describeThrough, textBefore, type TextBefore } from './text-before.js';

/**
 * The file that remembers what a takeover did to the others, so that it can be undone. It is in the
 * project, beside them, because that is where it is needed: in every checkout.
 */
export const RECORD_FILE = 'knexward-adopted.json';

/** What was done to one file. Paths are relative to the project, with forward slashes. */
export type FileStep = { path: string } & (
  | { kind: 'created'; sha256: string }
  | ({ kind: 'rewritten' } & Rewriting)
  | { kind: 'scripts'; scripts: ScriptStep[] }
  | { kind: 'renamed'; to: string }
);

/** What a text was, told by what it has become: a password in it is not written down a second time. */
export interface Rewriting {
  /** Of the text that was written. */
  sha256: string;
  /** Of the text before. */
  sha256Before: string;
  before: TextBefore;
}

/** The same of a script: of its value in package.json, as JSON writes it. */
export type ScriptStep = { name: string } & Rewriting;

/** How one text became another. */
export function rewriting(
  from: string,
  to: string,
  before: TextBefore = describeBefore(from, to),
): Rewriting {
  return { sha256: hashOf(to), sha256Before: hashOf(from), before };
}

/**
 * How scripts became others.
 *
 * @param rawOf a script as it stood in the file: JSON has more than one way to write a text
 */
export function scriptSteps(
  changes: readonly { name: string; from: string; to: string }[],
  rawOf: (name: string) => string | undefined,
): ScriptStep[] {
  return changes.map(({ name, from, to }) => {
    const raw = rawOf(name) ?? JSON.stringify(from);
    return { name, ...rewriting(raw, JSON.stringify(to)) };
  });
}

/** The text before, from the text that was written; `null` where it does not come out as it was. */
export function restored({ before, sha256Before }: Rewriting, written: string): string | null {
  const text = textBefore(before, written);
  return hashOf(text) === sha256Before ? text : null;
}

/** SHA-256 of a text. */
export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * What earlier takeovers did to the files; `null` where none is remembered.
 *
 * @throws KnexwardError `NOT_A_DB_MIGRATE_PROJECT` where the file is something else.
 */
export function readRecord(root: string): FileStep[] | null {
  return readDocument(root)?.files ?? null;
}

/** The zone that an earlier takeover was told; `null` where none was. */
export function keptTimeZone(root: string): string | null {
  return readDocument(root)?.timeZone ?? null;
}

/** The form of the record. */
const VERSION = 2;

interface RecordDocument {
  version: number;
  files: FileStep[];
  /** In which zone db-migrate's times are, as a person has said: it counts for every environment. */
  timeZone?: string | undefined;
}

function readDocument(root: string): Omit<RecordDocument, 'version'> | null {
  const path = join(root, RECORD_FILE);
  if (!existsSync(path)) return null;
  try {
    const document = JSON.parse(readFileSync(path, 'utf8')) as RecordDocument;
    const { version, files, timeZone } = document;
    if (version !== VERSION) throw new Error(`it is of version ${version}, not ${VERSION}`);
    const inside = files.every(
      (step) => isInside(root, step.path) && (step.kind !== 'renamed' || isInside(root, step.to)),
    );
    if (!inside) throw new Error('it names files outside of the repository');
    return { files, timeZone: timeZone === undefined ? timeZone : checkTimeZone(timeZone) };
  } catch (error) {
    throw new KnexwardError('NOT_A_DB_MIGRATE_PROJECT', {
      message: `${path} is not what knexward wrote: ${(error as Error).message}. Nothing was changed.`,
      fix: 'Restore it from version control, or remove it and restore the files by hand.',
      cause: error,
    });
  }
}

/** In the project, or, for what is there already, in the repository around it. */
function isInside(root: string, path: string): boolean {
  if (/^([/\\]|[A-Za-z]:)/.test(path)) return false;
  if (!path.split(/[/\\]/).includes('..')) return true;
  const repository = findRepository(root);
  if (repository.projectFolder === '.') return false;
  const at = posix.join(repository.projectFolder, path.replaceAll('\\', '/'));
  if (at.startsWith('../')) return false;
  const absolute = join(repository.root, at);
  return !existsSync(absolute) || isInsideFolder(repository.root, absolute);
}

/** Writes down what the actions are about to do; it goes before them, so that a crash loses nothing. */
export function recordAction(
  root: string,
  actions: readonly FileAction[],
  told: string | null,
): FileAction[] {
  const steps = actions.flatMap(({ step }) => step ?? []);
  const known = readDocument(root);
  if (steps.length === 0 && known === null) return [];
  const files = mergeSteps(known?.files ?? [], steps);
  const timeZone = told ?? known?.timeZone;
  if (JSON.stringify({ files, timeZone }) === JSON.stringify(known)) return [];
  const about =
    'What "knexward adopt" did to the files of this project; "knexward adopt --undo" needs it.';
  const content = `${JSON.stringify({ version: VERSION, about, timeZone, files }, null, 2)}\n`;
  return [
    {
      path: RECORD_FILE,
      action: known === null ? 'create' : 'rewrite',
      notes: ['what --undo needs to bring the files back; commit it with them'],
      apply: () => writeAtomically(join(root, RECORD_FILE), content),
      expects: [stateOf(join(root, RECORD_FILE))],
    },
  ];
}

/** The first takeover knows what a file was before; the last one, what it was made into. */
function mergeSteps(known: readonly FileStep[], added: readonly FileStep[]): FileStep[] {
  const byPath = new Map(known.map((step) => [step.path, step]));
  for (const step of added) {
    const before = byPath.get(step.path);
    byPath.set(step.path, before === undefined ? step : mergeStep(before, step));
  }
  return [...byPath.values()];
}

function mergeStep(known: FileStep, step: FileStep): FileStep {
  if (known.kind === 'rewritten' && step.kind === 'rewritten') {
    return { ...step, ...mergeRewriting(known, step) };
  }
  if (known.kind !== 'scripts' || step.kind !== 'scripts') return step;
  const scripts = new Map(known.scripts.map((script) => [script.name, script]));
  for (const script of step.scripts) {
    const first = scripts.get(script.name);
    scripts.set(script.name, { ...script, ...(first && mergeRewriting(first, script)) });
  }
  return { ...step, scripts: [...scripts.values()] };
}

/** What a person has changed in between stays: it is undone to there. */
function mergeRewriting(first: Rewriting, last: Rewriting): Rewriting {
  if (first.sha256 !== last.sha256Before) return last;
  const before = describeThrough(first.before, last.before);
  return { sha256: last.sha256, sha256Before: first.sha256Before, before };
}
