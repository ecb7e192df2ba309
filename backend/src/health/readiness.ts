import { createMigrator, type EnvironmentConfig } from 'knexward';
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

  /** A database that is ahead is in order: an old release starts beside it during a roll-back. */
  private async ask(): Promise<Readiness> {
    try {
      const status = await createMigrator({ config: this.config, cwd: ROOT }).status();
      if (status.upToDate) return { ready: true };
      return {
        ready: false,
        reason: 'migrations',
        pending: status.pending.length,
        problems: status.problems.map(({ code }) => code),
      };
    } catch (error) {
      const { code = 'UNKNOWN' } = error as { code?: string };
      return { ready: false, reason: 'database', problems: [code] };
    }
  }
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
