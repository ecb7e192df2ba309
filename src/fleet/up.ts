import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { upOrDown } from '../adopt/up-or-down.js';
import { sizeAmong } from '../config/fleet.js';
import { type ResolvedConfig } from '../config/resolve.js';
import { StoppedByMigration } from '../errors.js';
import { asKnexwardError } from '../failure/known-error.js';
import { loadOnce } from '../files/load.js';
import { type RunResult } from '../run/result.js';
import { type Coordinator, lookAtAll, openCoordinator } from './coordinator.js';
import { type FleetFailure, type FleetListener, type Stop } from './events.js';
import { inTurn } from './in-turn.js';
import { FleetJournal, type RunToResume, runToResume } from './journal.js';
import { type FleetUpRequest } from './request.js';
import { type FleetResult } from './result.js';
import { type Look, type Placed } from './sweep.js';
import { selectTargets, type Target } from './targets.js';
import { inOrder, planWaves, type Wave } from './waves.js';

/**
 * Brings the targets of a fleet up to date: looks at all of them, and runs what is pending in waves.
 * Each target is migrated by a run of its own, with its own lock and history: whatever becomes of the
 * fleet's run, none is migrated twice.
 *
 * A target that fails is told in the result and holds no other one up. What is thrown stops the run
 * before any work.
 *
 * @throws KnexwardError as `openCoordinator`; `USAGE` for an unknown target, or nothing to resume
 */
export async function fleetUp(
  config: ResolvedConfig,
  request: FleetUpRequest,
): Promise<FleetResult> {
  const started = performance.now();
  for (const signal of [request.signal, request.drain]) if (signal) setMaxListeners(0, signal);
  const coordinator = await openCoordinator(config, request.onEmbedded);
  try {
    const { session, place } = coordinator;
    const resumed = request.resume ? await runToResume(session.client, place) : null;
    const selection = resumed ? resumed.selection : (request.targets ?? null);
    const selected = select(coordinator.targets, selection, resumed !== null);
    const run = new FleetRun(coordinator, request, resumed);
    const result = await run.carryOut(selected, selection).finally(() => run.close());
    return { ...result, durationMs: Math.round(performance.now() - started) };
  } finally {
    await coordinator.session.close();
  }
}

/** A target of a resumed run may be gone by now; one that was named has to be there. */
function select(
  targets: readonly Target[],
  selection: readonly string[] | null,
  isResumed: boolean,
): readonly Target[] {
  if (!isResumed || selection === null) return selectTargets(targets, selection);
  const wanted = new Set(selection);
  return targets.filter(({ id }) => wanted.has(id));
}

/** Everything that changes while a fleet run goes on. */
class FleetRun {
  private readonly runId: string;
  private readonly listener: FleetListener;
  private readonly done: Set<string>;
  private readonly failed: FleetFailure[] = [];
  private readonly load = loadOnce();
  private upToDate = 0;
  /** How many have failed in waves: what could not be reached before them says nothing of a change. */
  private failures = 0;
  private stopAt = Infinity;
  private stopped: Stop | null = null;
  private journal: FleetJournal | null = null;

  constructor(
    private readonly coordinator: Coordinator,
    private readonly request: FleetUpRequest,
    private readonly resumed: RunToResume | null,
  ) {
    this.runId = resumed?.runId ?? request.runId ?? randomUUID();
    this.listener = request.listener ?? (() => undefined);
    this.done = new Set(resumed?.done);
  }

  async carryOut(
    selected: readonly Target[],
    selection: readonly string[] | null,
  ): Promise<FleetResult> {
    const { settings } = this.coordinator;
    const { placed, looks } = await lookAtAll(
      this.coordinator,
      inOrder(selected, settings.order),
      () => this.mayBegin(),
    );
    const pending = placed.filter(({ target }) => this.needsRun(looks.get(target.id)));
    const waves = this.plan(pending);
    this.countUpToDate(selected, looks);
    const unreached = this.failuresOf(selected, looks);
    this.listener({
      ...{ type: 'swept', targets: selected.length, upToDate: this.upToDate },
      ...{ pending: pending.length, failed: unreached.length, waves: waves.length },
    });
    // A run in which nothing is to be done, or to be resumed, leaves nothing behind.
    const isDone = pending.length === 0 && unreached.length === 0 && looks.size === selected.length;
    if (!this.request.dryRun && !(isDone && !this.resumed))
      await this.openJournal(selected.length, selection);
    for (const failure of unreached) this.fail(failure, null);
    const left = this.request.dryRun ? pending : await this.runWaves(waves);
    const notReached = [
      ...left.map(({ target }) => target.id),
      ...placed.filter(({ target }) => !looks.has(target.id)).map(({ target }) => target.id),
    ];
    const complete = notReached.length === 0 && this.failed.length === 0;
    await this.journal?.end({ complete, upToDate: this.upToDate, stopped: this.stopped });
    return {
      ...{ runId: this.runId, targets: selected.length, done: this.done.size },
      ...{ upToDate: this.upToDate, failed: this.failed, notReached },
      ...{ interrupted: this.stopped === 'signal', durationMs: 0 },
      ...(this.request.dryRun && { waves: waves.map((wave) => shown(wave, looks)) }),
    };
  }

  async close(): Promise<void> {
    await this.journal?.close();
  }

  /** What stands in the way of a run is told by the run itself, as is a lock that was left behind. */
  private needsRun(look: Look | undefined): boolean {
    if (look?.state !== 'seen') return false;
    const { checksums } = this.coordinator.config.settings;
    const tells = (code: string): boolean =>
      code === 'LEFT_LOCK' || (code === 'CHANGED_FILE' && checksums === 'stop');
    return !look.upToDate || look.problems.some(({ code }) => tells(code));
  }

  private countUpToDate(selected: readonly Target[], looks: ReadonlyMap<string, Look>): void {
    const ids = new Set(selected.map(({ id }) => id));
    for (const id of this.done) if (!ids.has(id)) this.done.delete(id);
    for (const id of ids) {
      const look = looks.get(id);
      if (look?.state !== 'seen') this.done.delete(id);
      else if (this.needsRun(look)) this.done.delete(id);
      else if (!this.done.has(id)) this.upToDate++;
    }
  }

  private failuresOf(
    selected: readonly Target[],
    looks: ReadonlyMap<string, Look>,
  ): FleetFailure[] {
    return selected.flatMap(({ id }) => {
      const look = looks.get(id);
      if (look?.state !== 'failed') return [];
      return [{ target: id, code: look.error.code, message: look.error.message }];
    });
  }

  /** Of a resumed run, those that were done before were the first. */
  private plan(pending: readonly Placed[]): Wave<Placed>[] {
    const { canary, waves, stopAt } = this.coordinator.settings;
    const all = pending.length + (this.resumed?.done.length ?? 0);
    const canaries = Math.max(sizeAmong(canary, all) - (this.resumed?.done.length ?? 0), 0);
    this.stopAt = Math.max(
      sizeAmong(stopAt, Math.max(all, 1)),
      'count' in stopAt ? stopAt.count : 1,
    );
    return planWaves(pending, { canary: { count: canaries }, waves });
  }

  private async openJournal(targets: number, selection: readonly string[] | null): Promise<void> {
    const { session, place } = this.coordinator;
    const onError = (error: unknown): void => {
      const { message } = asKnexwardError(error);
      this.listener({ type: 'warned', message: `The journal of the fleet has a gap: ${message}` });
    };
    this.journal = new FleetJournal(() => session.connect(), place, this.runId, onError);
    if (this.resumed) await this.journal.resume();
    else await this.journal.begin({ targets, selection });
  }

  private async runWaves(waves: readonly Wave<Placed>[]): Promise<Placed[]> {
    const { settings } = this.coordinator;
    const left: Placed[] = [];
    for (const [index, { canary, targets }] of waves.entries()) {
      if (index > 0) await this.pause();
      if (!this.mayBegin()) {
        left.push(...targets);
        continue;
      }
      const wave = index + 1;
      const told = { wave, waves: waves.length, canary, targets: targets.length };
      this.listener({ type: 'wave', ...told });
      const before = this.failures;
      const rest = await inTurn(
        targets,
        settings,
        ({ place }) => place.server,
        () => this.mayBegin(),
        (each) => this.migrate(each, wave),
      );
      left.push(...rest);
      if (canary && this.failures > before) this.stop('canary');
    }
    return left;
  }

  private async pause(): Promise<void> {
    const durationMs = this.coordinator.settings.pause;
    if (durationMs === 0 || !this.mayBegin()) return;
    this.listener({ type: 'pausing', durationMs });
    const signals = [this.request.drain, this.request.signal].filter((each) => each !== undefined);
    const waits = new AbortController();
    const wake = (): void => waits.abort();
    signals.forEach((each) => each.addEventListener('abort', wake));
    await sleep(durationMs, undefined, { signal: waits.signal }).catch(() => undefined);
    signals.forEach((each) => each.removeEventListener('abort', wake));
  }

  private mayBegin(): boolean {
    const { drain, signal } = this.request;
    if (signal?.reason instanceof StoppedByMigration) this.stop('process');
    else if (drain?.aborted || signal?.aborted) this.stop('signal');
    return this.stopped === null;
  }

  private stop(reason: Stop): void {
    if (this.stopped !== null) return;
    this.stopped = reason;
    this.listener({ type: 'stopping', reason });
  }

  private async migrate({ target: { id }, config }: Placed, wave: number): Promise<void> {
    const started = performance.now();
    this.listener({ type: 'begun', target: id, wave });
    try {
      const result = await upOrDown(await config(), {
        direction: 'up',
        found: this.coordinator.files,
        load: this.load,
        signal: this.request.signal,
        listener: (event) => this.listener({ type: 'run', target: id, event }),
      });
      this.take(id, wave, result, performance.now() - started);
    } catch (error) {
      const { code, message } = asKnexwardError(error);
      this.failInWave({ target: id, code, message }, wave);
    }
  }

  private take(id: string, wave: number, result: RunResult, durationMs: number): void {
    const { failed, done, runId } = result;
    if (failed) {
      const message = `${failed.name}: ${failed.message}`;
      return this.failInWave({ target: id, code: failed.code, message }, wave);
    }
    if (done.length === 0) {
      // Another run was there first.
      this.upToDate++;
      return this.listener({ type: 'upToDate', target: id, wave });
    }
    this.done.add(id);
    this.journal?.record(wave, id, { runId });
    const migrations = done.length;
    this.listener({ type: 'migrated', target: id, wave, migrations, durationMs });
  }

  private failInWave(failure: FleetFailure, wave: number): void {
    this.failures++;
    this.fail(failure, wave);
    if (this.failures >= this.stopAt) this.stop('failures');
  }

  private fail(failure: FleetFailure, wave: number | null): void {
    this.failed.push(failure);
    this.journal?.record(wave, failure.target, failure);
    this.listener({ type: 'failed', failure, wave });
  }
}

function shown(
  { canary, targets }: Wave<Placed>,
  looks: ReadonlyMap<string, Look>,
): NonNullable<FleetResult['waves']>[number] {
  return {
    canary,
    targets: targets.map(({ target: { id } }) => {
      const look = looks.get(id);
      return { target: id, pending: look?.state === 'seen' ? [...look.pending] : [] };
    }),
  };
}
