import { resolveConfig, type ResolvedConfig } from '../config/resolve.js';
import { KnexwardError } from '../errors.js';
import { type Output } from '../report/output.js';
import { type RunRequest } from '../run/request.js';
import { type RunResult } from '../run/result.js';
import { type CommonOptions, configRequestOf, outputOf } from './options.js';
import { endWithUnlessSet } from './exit.js';
import { asDryRun, rehearseForCommand } from './rehearse-for-command.js';
import { stopOnSignals } from './signals.js';

const MIGRATION_FAILED = 1;

/** Runs migrations in one direction for a command, reports, and sets the exit code. */
export async function runAndReport(
  options: CommonOptions & { yes?: boolean; verbose?: boolean },
  request: RunRequest,
): Promise<void> {
  const output = await outputOf(options);
  const config = output.uses(await resolveConfig(configRequestOf(options)));
  const result = await runForCommand(config, request, output, options);
  if (result.dryRun && result.batch !== null) {
    return reportDryRun(config, { request, result, verbose: options.verbose ?? false }, output);
  }
  const { renderRun } = await import('../report/run-text.js');
  const { alone, name } = request.extent ?? {};
  output.result(toDocument(result), () => renderRun(result, alone ? name : undefined));
  await reportFailure(result, output);
}

/** The names of what would run, and the SQL of each where there is a database to rehearse on. */
async function reportDryRun(
  config: ResolvedConfig,
  told: { request: RunRequest; result: RunResult; verbose: boolean },
  output: Output,
): Promise<void> {
  const { request, result, verbose } = told;
  const { renderRun } = await import('../report/run-text.js');
  const { changesDocument, renderChanges } = await import('../report/plan-text.js');
  const rehearsal = await rehearseForCommand(config, request, output).catch((error: unknown) => {
    if (!(error instanceof KnexwardError) || error.code === 'INTERRUPTED') throw error;
    output.note('warn', `No SQL is shown. ${error.message}\n  ${error.fix}`);
    return null;
  });
  const rehearsed = { ...result, failed: rehearsal?.failed ?? null };
  const changes = rehearsal && changesDocument(rehearsal);
  output.result(
    { ...toDocument(rehearsed), changes },
    () =>
      renderRun(result, undefined, verbose) +
      (rehearsal ? renderChanges(rehearsal, output.colors) : ''),
  );
  if (rehearsal) await reportFailure(asDryRun(rehearsal, result.runId), output);
}

/** Runs with progress on stderr, and asks before it reverts anything in production. */
export async function runForCommand(
  config: ResolvedConfig,
  request: RunRequest,
  output: Output,
  { yes = false, verbose = false }: { yes?: boolean; verbose?: boolean },
): Promise<RunResult> {
  const { upOrDown } = await import('../adopt/up-or-down.js');
  const { createProgress } = await import('../report/progress.js');
  const { renderDownQuestion } = await import('../report/run-text.js');
  const asks = request.direction === 'down' && config.production && config.settings.confirmDown;
  const stop = stopOnSignals((name) => output.note('warn', `${name}: stopping …`));
  try {
    const running = upOrDown(config, {
      ...request,
      runId: output.runId,
      listener: createProgress(output, verbose),
      signal: stop.signal,
      ...(asks && { confirm: (plan) => output.confirm(renderDownQuestion(plan), yes) }),
    });
    const result = await Promise.race([running, stop.overdue]);
    if (result.failed?.code === 'INTERRUPTED') stop.endWithSignal();
    const unhandled = stop.unhandled();
    if (!result.failed && unhandled) {
      // What is done is done; but something that a migration began and did not wait for has failed.
      output.note('error', unhandled.message);
      endWithUnlessSet(MIGRATION_FAILED);
    }
    return result;
  } catch (error) {
    stop.endWithSignal();
    throw error;
  } finally {
    stop.release();
  }
}

/** Shows what went wrong on stderr, and sets the exit code that says so. */
export async function reportFailure(result: RunResult, output: Output): Promise<void> {
  const { failed } = result;
  if (!failed) return;
  const { ERROR_CODES } = await import('../errors.js');
  const { renderFailure } = await import('../report/failure-text.js');
  endWithUnlessSet(ERROR_CODES[failed.code === 'LOCK_LOST' ? 'LOCK_LOST' : 'MIGRATION_FAILED']);
  const { findingOfFailure } = await import('../report/finding.js');
  output.point([findingOfFailure(failed)]);
  // Where the log is JSON, the failure is a line of it already.
  if (output.options.json || output.options.logFormat === 'json') return;
  output.note('error', renderFailure(result, failed, output.colors).trimEnd());
}

/** The result in the form that the contract gives it. */
export function toDocument(result: RunResult): Record<string, unknown> {
  const { runId, environment, direction, batch, done, failed, notReached, dryRun, baseline } =
    result;
  const rounded = done.map(({ name, durationMs }) => ({
    name,
    durationMs: Math.round(durationMs * 10) / 10,
  }));
  return {
    ...{ runId, environment, direction, batch, done: rounded, failed, notReached },
    ...(dryRun && { dryRun }),
    ...(baseline && {
      baseline: { ...baseline, durationMs: Math.round(baseline.durationMs * 10) / 10 },
    }),
  };
}
