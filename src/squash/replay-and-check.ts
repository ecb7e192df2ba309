import { type ResolvedConfig } from '../config/resolve.js';
import { type Migration } from '../files/find.js';
import { openReplayed, replay, type ReplayOptions } from '../replay/replay.js';
import { type ShadowSchemas } from '../throwaway/schemas.js';
import { type Shadow } from '../throwaway/shadow.js';
import { type BaselineCheck, findBaseline, proveBaseline } from './check.js';
import { readState } from './state.js';

/** A shadow in which all is replayed, and the state of the project's baseline, if it has one. */
export interface ReplayedWithBaseline {
  shadow: Shadow;
  baseline: BaselineCheck | null;
}

/**
 * Replays what is applied, and proves the baseline with the same replay: where that begins with what
 * the baseline stands for, it is looked at there, and goes on.
 *
 * @param files the project's migrations, of which the baseline's are the first
 */
export async function openReplayedAndCheck(
  config: ResolvedConfig,
  applied: readonly Migration[],
  files: readonly Migration[],
  schemas: ShadowSchemas,
  options: ReplayOptions,
): Promise<ReplayedWithBaseline> {
  const found = await findBaseline(config, files);
  const count = found?.baseline?.migrations.length ?? 0;
  if (!found || count === 0) {
    const shadow = await openReplayed(config, applied, schemas, options);
    return { shadow, baseline: found?.check ?? null };
  }
  const known = files.slice(0, count);
  const { onReplay } = options;
  const beginsWithIt = known.every(({ name }, index) => applied[index]?.name === name);
  const shadow = await openReplayed(config, beginsWithIt ? known : applied, schemas, {
    ...options,
    onReplay: (where) => onReplay?.(where, applied.length),
  });
  try {
    const base = beginsWithIt
      ? shadow
      : await openReplayed(config, known, schemas, { ...options, onReplay: undefined });
    const state = await readState(base.config).finally(() => base !== shadow && base.close());
    const baseline = await proveBaseline(config, found, state);
    if (beginsWithIt) await replay(shadow, applied.slice(count), options);
    return { shadow, baseline };
  } catch (error) {
    await shadow.close();
    throw error;
  }
}
