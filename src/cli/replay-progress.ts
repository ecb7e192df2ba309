import { countOf } from '../count.js';
import { type Output } from '../report/output.js';
import { type ReplayOptions } from '../replay/replay.js';

/** Shows where a replay is: what is replayed where, and which migration it is at. */
export function replayProgress(
  output: Output,
): Required<Pick<ReplayOptions, 'onReplay' | 'listener'>> {
  return {
    onReplay: (where, count) =>
      output.note('info', `Replaying ${countOf(count, 'migration')} on ${where} …`),
    listener: (event) => {
      if (event.type !== 'started') return;
      output.status(`  … ${event.index + 1}/${event.total} ${event.name}`);
    },
  };
}
