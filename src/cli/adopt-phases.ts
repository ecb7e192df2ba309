import { type FinishRequest } from '../adopt/phases/finish.js';
import { type Undo } from '../adopt/phases/undo.js';
import { type Output } from '../report/output.js';

/** What both take from the command line, and whether they may ask. */
export interface PhaseOptions {
  request: Omit<FinishRequest, 'confirm'>;
  yes: boolean;
}

/** `adopt --finish`: shows, asks, carries out. */
export async function finish(output: Output, { request, yes }: PhaseOptions): Promise<void> {
  const { finishTakeover } = await import('../adopt/phases/finish.js');
  const { renderFinish, renderFinishPlan } = await import('../report/takeover-text.js');
  let shown = false;
  const show = (plan: Parameters<typeof renderFinishPlan>[0]): void => {
    shown = true;
    if (plan.tables.length > 0) output.line(renderFinishPlan(plan).trimEnd());
  };
  const done = await finishTakeover({
    ...request,
    confirm: async (plan) => {
      show(plan);
      await output.confirm('Finish the takeover?', yes);
    },
  });
  if (!shown) show(done);
  const { action, environment, dryRun, tables } = done;
  output.result({ action, environment, dryRun, tables }, () => renderFinish(done));
}

/** `adopt --undo`: shows, asks, carries out. */
export async function undo(output: Output, { request, yes }: PhaseOptions): Promise<void> {
  const { undoTakeover } = await import('../adopt/phases/undo.js');
  const { renderUndo, renderUndoPlan } = await import('../report/takeover-text.js');
  let shown = false;
  const show = (plan: Undo): void => {
    shown = true;
    const text = renderUndoPlan(plan, output.colors);
    if (text !== '') output.line(text.trimEnd());
  };
  const done = await undoTakeover({
    ...request,
    confirm: async (plan) => {
      show(plan);
      await output.confirm('Go back to db-migrate?', yes);
    },
  });
  if (!shown) show(done);
  const { action, environment, dryRun, tables, rows, warnings } = done;
  const files = done.files.map(({ path, action: does }) => ({ path, action: does }));
  output.result({ action, environment, dryRun, tables, rows, files, warnings }, () =>
    renderUndo(done),
  );
}
