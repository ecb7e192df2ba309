import { parseJson } from '../../json.js';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { removeFile, renameFile, writeAtomically } from '../../files/write.js';
import { oldNameOf } from '../../files/old-name.js';
import { type FilePlan } from '../file-plan.js';
import { type Warning } from '../plan.js';
import { chainsOf } from '../scripts/chains.js';
import { locateScripts, replaceScripts } from '../scripts/package-json.js';
import {
  type FileStep,
  hashOf,
  readRecord,
  RECORD_FILE,
  restored,
  type ScriptStep,
} from '../takeover-record.js';
import { type Takeover } from '../takeover.js';
import { describeChange } from '../scripts/shown.js';

/**
 * Plans how the project's files become what they were before the takeover. What a person has changed
 * since is left as it is, and named. Changes nothing yet.
 *
 * What remembers it all goes last, so that an undo that was cut off can be run again.
 */
export function planFilesBack({ project, config, migrations }: Takeover): FilePlan {
  const { root } = project;
  const plan: FilePlan = { actions: [], warnings: [] };
  const steps = readRecord(root);
  if (steps === null) planWithoutRecord(plan, root);
  for (const step of inOrder(steps ?? [])) planStep(plan, root, step);
  if (steps !== null) {
    plan.actions.push({
      ...{ path: RECORD_FILE, action: 'remove', notes: [] },
      apply: () => removeFile(join(root, RECORD_FILE)),
    });
  }
  if (plan.actions.length > 0) plan.warnings.push(...knexFiles(migrations, config.projectRoot));
  return plan;
}

/** The knexfile leads to the database, should the undo be run again. */
function inOrder(steps: readonly FileStep[]): FileStep[] {
  const created = steps.filter(({ kind }) => kind === 'created');
  return [...steps.filter(({ kind }) => kind !== 'created'), ...created];
}

function planStep(plan: FilePlan, root: string, step: FileStep): void {
  if (step.kind === 'renamed') return planRename(plan, root, step.to, step.path);
  const path = join(root, step.path);
  const text = existsSync(path) ? readFileSync(path, 'utf8') : null;
  if (text === null) {
    if (step.kind !== 'created') plan.warnings.push(left(`${step.path} no longer exists`));
    return;
  }
  if (step.kind === 'scripts') return planScripts(plan, path, text, step);
  if (step.kind === 'rewritten' && hashOf(text) === step.sha256Before) return;
  if (hashOf(text) !== step.sha256) {
    plan.warnings.push(left(`${step.path} was changed since the takeover, and is left as it is`));
    return;
  }
  const expects = [{ path, text }];
  if (step.kind === 'created') {
    const apply = (): Promise<void> => removeFile(path);
    plan.actions.push({ path: step.path, action: 'remove', notes: [], apply, expects });
    return;
  }
  const before = restored(step, text);
  if (before === null) {
    plan.warnings.push(left(`${RECORD_FILE} does not give back ${step.path} as it was`));
    return;
  }
  const notes = ['as it was before the takeover'];
  const apply = (): Promise<void> => writeAtomically(path, before);
  plan.actions.push({ path: step.path, action: 'rewrite', notes, apply, expects });
}

function planRename(plan: FilePlan, root: string, from: string, to: string): void {
  if (!existsSync(join(root, from))) {
    if (!existsSync(join(root, to)))
      plan.warnings.push(left(`${from} no longer exists; create ${to} again`));
    return;
  }
  if (existsSync(join(root, to))) {
    plan.warnings.push(left(`${to} is there again; ${from} is left as it is`));
    return;
  }
  plan.actions.push({
    ...{ path: from, action: 'rename', notes: [`to ${basename(to)}`] },
    apply: () => renameFile(join(root, from), join(root, to)),
    expects: [{ path: join(root, to), text: null }],
  });
}

function planScripts(
  plan: FilePlan,
  path: string,
  text: string,
  step: FileStep & { kind: 'scripts' },
): void {
  const { scripts = {} } = parseJson(text) as {
    scripts?: Record<string, string>;
  };
  const places = locateScripts(text);
  const replaced: { name: string; to: string; raw: string }[] = [];
  const notes: string[] = [];
  const toRestore = step.scripts.filter(
    ({ name, sha256Before }) => !isTextOf(places?.get(name)?.raw, sha256Before),
  );
  const texts = new Map(toRestore.map((known) => [known.name, textOf(known, scripts[known.name])]));
  const chains = chainsOf(scripts);
  for (const [name, before] of texts) {
    const changed = [...(chains.get(name) ?? [name])].find((other) => texts.get(other) === null);
    if (before === null) {
      const what = name in scripts ? 'changed' : 'removed';
      plan.warnings.push(
        left(
          `the script "${name}" was ${what} since the takeover; what it was before is in version control`,
        ),
      );
    } else if (changed !== undefined) {
      // One that reverts with one program and applies with the other would be worse than either.
      plan.warnings.push(
        left(
          `the script "${name}" was left, because it belongs together with "${changed}", which was changed since the takeover`,
        ),
      );
    } else {
      const from = JSON.parse(before) as string;
      replaced.push({ name, to: from, raw: before });
      notes.push(describeChange(name, scripts[name] ?? '', from));
    }
  }
  if (notes.length === 0) return;
  const content = replaceScripts(text, replaced);
  const apply = () => writeAtomically(path, content);
  const expects = [{ path, text }];
  plan.actions.push({ path: step.path, action: 'rewrite', notes, apply, expects });
}

/** What a script was, as JSON writes it; `null` where it is no longer what the takeover made of it. */
function textOf(known: ScriptStep, script: string | undefined): string | null {
  const raw = JSON.stringify(script ?? '');
  return script !== undefined && hashOf(raw) === known.sha256 ? restored(known, raw) : null;
}

function isTextOf(text: string | undefined, sha256: string): boolean {
  return text !== undefined && hashOf(text) === sha256;
}

/** A takeover that wrote nothing down, or whose notes are gone: what can be told by the names. */
function planWithoutRecord(plan: FilePlan, root: string): void {
  const [from, to] = ['database.json.bak', 'database.json'];
  if (!existsSync(join(root, from)) || existsSync(join(root, to))) return;
  planRename(plan, root, from, to);
  plan.warnings.push(
    left(`${RECORD_FILE} does not exist: restore package.json's scripts from version control`),
  );
}

function left(message: string): Warning {
  return { code: 'UNDO_LEFT', message };
}

/** db-migrate takes every `.js` file for a migration, and stops at a name that has no hyphen. */
function knexFiles(migrations: Takeover['migrations'], root: string): Warning[] {
  const found = migrations.filter(
    ({ name, path }) => oldNameOf(name) === undefined && path?.endsWith('.js'),
  );
  if (found.length === 0) return [];
  const names = found.map(({ path }) => relative(root, path ?? '').replaceAll('\\', '/'));
  return [
    {
      code: 'KNEX_FILES_LEFT',
      message: `db-migrate stops at files whose names it cannot read; move them out of its folder: ${names.join(', ')}`,
    },
  ];
}
