import { KnexwardError } from '../errors.js';
import { type Migration } from '../files/find.js';
import { type RunListener } from '../run/events.js';
import { interrupted } from '../run/interruption.js';
import { run } from '../run/run.js';
import { type Shadow } from './shadow/shadow.js';

/** What a replay may be told. */
export interface ReplayOptions {
  listener?: RunListener | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Applies migrations to an empty shadow, in the order that is given.
 *
 * @throws KnexwardError `REPLAY_FAILED` where one fails, `INTERRUPTED`
 */
export async function replay(
  shadow: Shadow,
  migrations: readonly Migration[],
  { listener, signal }: ReplayOptions,
): Promise<void> {
  const { failed } = await run(shadow.config, {
    direction: 'up',
    extent: { only: migrations.map(({ name }) => name) },
    files: migrations,
    ...(listener && { listener }),
    signal,
  });
  if (!failed) return;
  if (failed.code === 'INTERRUPTED') throw interrupted();
  const place =
    failed.file === null ? '' : ` (${failed.file}${failed.line ? `:${failed.line}` : ''})`;
  throw new KnexwardError('REPLAY_FAILED', {
    message: `${failed.name} is applied, and cannot be replayed on ${shadow.description}: ${failed.message}${place}.`,
    fix:
      failed.fix ??
      'See what it needs that the migrations before it do not make: an extension, a role, data.',
  });
}
