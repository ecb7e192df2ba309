import { type Snapshot } from './effects.js';
import { truthOf } from './model.js';
import { runCalm, type Scene } from './observe.js';
import { type RunnerOutcome } from './runners.js';

/** `status --json`, as far as it is looked at; an error has no problems. */
export interface StatusDocument {
  problems?: { code: string; migration: string | null }[];
}

/** What a person does after a disturbed run, and what each command said. */
export interface Recovery {
  status: RunnerOutcome;
  unlock: RunnerOutcome | null;
  resolves: { name: string; verdict: string; outcome: RunnerOutcome }[];
  up: RunnerOutcome;
  check: RunnerOutcome;
  wait: RunnerOutcome;
}

/**
 * Goes on as the manual says: status; resolve, with the truth, what is unfinished; unlock where Knex
 * was cut off; up. Then asks twice whether all is well.
 */
export async function recover(
  scene: Scene,
  after: Snapshot,
  outcomes: readonly RunnerOutcome[],
): Promise<Recovery> {
  const status = await runCalm(scene, 'status', '--json');
  const resolves: Recovery['resolves'] = [];
  for (const name of unfinishedIn(documentOf<StatusDocument>(status))) {
    const { verdict, partial } = truthOf(after.effects.filter((effect) => effect.name === name));
    if (partial) await undoByHand(scene, name);
    const outcome = await runCalm(scene, 'resolve', name, `--${verdict}`, '--json');
    resolves.push({ name, verdict, outcome });
  }
  const cutOff = outcomes.some(
    ({ planned, code }) => planned.command.kind === 'knex' && code !== 0,
  );
  const unlock = cutOff && after.isLocked === 1 ? await runCalm(scene, 'unlock', '--yes') : null;
  const up = await runCalm(scene, 'up', '--json');
  const check = await runCalm(scene, 'status', '--check', '--json');
  const wait = await runCalm(scene, 'wait', '--timeout', '300ms', '--json');
  return { status, unlock, resolves, up, check, wait };
}

/** The one JSON document on stdout; `null` where there is none, or more. */
export function documentOf<T>({ stdout }: Pick<RunnerOutcome, 'stdout'>): T | null {
  try {
    return JSON.parse(stdout) as T;
  } catch {
    return null;
  }
}

export function unfinishedIn(status: StatusDocument | null): string[] {
  const problems = status?.problems?.filter(({ code }) => code === 'UNFINISHED') ?? [];
  return [...new Set(problems.flatMap(({ migration }) => migration ?? []))];
}

/** What is there of half a change is taken away, and the witness told. */
async function undoByHand({ database }: Scene, name: string): Promise<void> {
  const admin = await database.admin();
  const table = /m(\d+)\./.exec(name)?.[1] ?? '0';
  await admin.query(`drop table if exists ${database.schema}.t_${table}`);
  await admin.query(`select explorer.effect($1, 'hand', 'end')`, [name]);
}
