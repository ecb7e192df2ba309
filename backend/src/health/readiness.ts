import { createMigrator, type EnvironmentConfig, type Problem } from 'knexward';
import { ROOT } from '../config/root.js';

/** Whether this instance can serve, and what stands in the way. */
export interface Readiness {
  ready: boolean;
  /** `migrations`: pending, unfinished or not adopted; `database`: no answer; `draining`: stopping. */
  reason?: 'migrations' | 'database' | 'draining';
  pending?: number;
  problems?: string[];
}

/** For so long an answer is given again: probes come often, and from several sides. */
const CACHE_MS = 2000;
/** A probe does not wait longer than that. */
const TIMEOUT_MS = 3000;

/** Asks knexward whether the database is what this release's migrations make it. */
export class ReadinessCheck {
  private draining = false;
  private last: { at: number; answer: Promise<Readiness> } | undefined;

  constructor(
    private readonly config: EnvironmentConfig,
    private readonly cacheMs = CACHE_MS,
  ) {}

  /** From now on the answer is no, so that no balancer sends anything any more. */
  drain(): void {
    this.draining = true;
  }

  get isDraining(): boolean {
    return this.draining;
  }

  async read(): Promise<Readiness> {
    if (this.draining) return { ready: false, reason: 'draining' };
    if (!this.last || Date.now() - this.last.at >= this.cacheMs) {
      this.last = { at: Date.now(), answer: withinTime(this.ask()) };
    }
    return this.last.answer;
  }

  private async ask(): Promise<Readiness> {
    try {
      const { pending, applied, problems } = await createMigrator({
        ...{ config: this.config, cwd: ROOT },
      }).status();
      const names = new Set(applied.map(({ name }) => name));
      if (pending.length === 0 && !problems.some((problem) => isInTheWay(problem, names))) {
        return { ready: true };
      }
      return {
        ready: false,
        reason: 'migrations',
        pending: pending.length,
        problems: problems.map(({ code }) => code),
      };
    } catch (error) {
      const { code = 'UNKNOWN' } = error as { code?: string };
      return { ready: false, reason: 'database', problems: [code] };
    }
  }
}

/**
 * Whether this release cannot serve with it. A database that is ahead is in order, however it came to
 * be: what another release applies, is at, or has failed at, must not take this one out of service,
 * be it the next one with knexward or, during a cut-over, the old one with db-migrate.
 */
function isInTheWay({ code, migration }: Problem, applied: ReadonlySet<string>): boolean {
  if (code === 'KNEX_LOCKED') return true;
  // Applied, and reverted by db-migrate since, or half reverted.
  return ['NOT_ADOPTED', 'UNFINISHED'].includes(code) && applied.has(migration ?? '');
}

async function withinTime(answer: Promise<Readiness>): Promise<Readiness> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Readiness>((resolve) => {
    timer = setTimeout(() => resolve({ ready: false, reason: 'database' }), TIMEOUT_MS);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
