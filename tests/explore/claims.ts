import { type RunnerOutcome } from './runners.js';
import { documentOf } from './recover.js';

/** A change that a runner says it has made. */
export interface Claim {
  name: string;
  direction: 'up' | 'down';
}

/** What a runner said, in one form for commands and library. */
export interface Claims {
  /** It lived to say everything. */
  complete: boolean;
  /** It was to say it in one JSON document, and did. */
  document: Document | null;
  done: Claim[];
  /** `done` is all that it did. */
  tellsAll: boolean;
  failed: string | null;
  error: string | null;
  runId: string | null;
}

interface RunDocument {
  runId?: string;
  done?: (string | { name: string })[];
  /** The names that it showed before it began. */
  shown?: string[];
  failed?: { name: string; code?: string; sqlstate?: string | null } | null;
}

/** Any document that a command may print. */
export interface Document extends RunDocument {
  direction?: 'up' | 'down';
  error?: { code: string | null; message: string };
  down?: RunDocument;
  up?: RunDocument | null;
  resolved?: { name: string; verdict: string; changed?: boolean };
}

/** Signals that a runner may end by before it listens for them. */
const SIGNALS = new Set(['kill', 'interrupt', 'terminate', 'stall']);

/** Reads what a runner said. */
export function claimsOf(outcome: RunnerOutcome): Claims {
  const { planned, code, signal, hung } = outcome;
  const { command, json } = planned;
  const complete = code !== null && signal === null && !hung;
  const speaksJson = command.kind === 'library' || (json && command.kind !== 'knex');
  const document = complete && speaksJson ? documentOf<Document>(outcome) : null;
  const up = command.kind === 'redo' ? document?.up : document;
  const down = command.kind === 'redo' ? document?.down : null;
  const direction = document?.direction ?? 'up';
  const runs = [
    ...claimsIn(up ?? null, command.kind === 'redo' ? 'up' : direction),
    ...claimsIn(down ?? null, 'down'),
  ];
  const failed = (up?.failed ?? down?.failed)?.name ?? null;
  const error = document?.error ? (document.error.code ?? 'unknown') : null;
  return {
    ...{ complete, document, done: runs, failed, error },
    tellsAll: document !== null && !document.error && isRun(outcome),
    runId: document?.runId ?? null,
  };
}

function claimsIn(document: RunDocument | null, direction: 'up' | 'down'): Claim[] {
  return (document?.done ?? []).map((done) => ({
    name: typeof done === 'string' ? done : done.name,
    direction,
  }));
}

export function isRun({ planned: { command } }: RunnerOutcome): boolean {
  return ['up', 'down', 'redo', 'library'].includes(command.kind);
}

/** Whether a signal may have ended it before it listened. */
export function mayDie({ struck }: RunnerOutcome): boolean {
  return struck.some((kind) => SIGNALS.has(kind));
}
