import { countOf } from '../count.js';
import { type Check } from '../doctor/check.js';
import { type Report } from './model.js';

/** How a finding is marked: good, to be noticed, bad, or not known. */
export type Tone = 'good' | 'notice' | 'bad' | 'unknown';

/** One figure at the top of a report. */
interface Figure {
  label: string;
  value: string;
  note: string;
  tone: Tone;
  /** The section that it links to. */
  section: 'pending' | 'problems' | 'drift' | 'history';
}

/** The figures at the top of a report. Pure. */
export function figuresOf(report: Report): Figure[] {
  return [
    pendingFigure(report),
    problemsFigure(report),
    driftFigure(report),
    appliedFigure(report),
  ];
}

function pendingFigure({ pending, plan }: Report): Figure {
  const failed = plan.value?.failed ?? null;
  const value = String(pending.length);
  const base = { label: 'Pending', value, section: 'pending' } as const;
  if (pending.length === 0) return { ...base, note: 'Already up to date', tone: 'good' };
  if (failed) return { ...base, note: `${failed.name} fails`, tone: 'bad' };
  if (plan.failed) return { ...base, note: 'not rehearsed', tone: 'unknown' };
  return { ...base, note: 'rehearsed without an error', tone: 'notice' };
}

function problemsFigure({ checks }: Report): Figure {
  const { errors, warnings, passed } = problemsOf(checks);
  const count = errors.length + warnings.length;
  const found = [
    ...(errors.length > 0 ? [countOf(errors.length, 'error')] : []),
    ...(warnings.length > 0 ? [countOf(warnings.length, 'warning')] : []),
    `${countOf(passed, 'check')} passed`,
  ];
  const tone = errors.length > 0 ? 'bad' : warnings.length > 0 ? 'notice' : 'good';
  return {
    label: 'Problems',
    value: String(count),
    note: found.join(', '),
    tone,
    section: 'problems',
  };
}

function driftFigure({ drift }: Report): Figure {
  const base = { label: 'Drift', section: 'drift' } as const;
  if (drift.failed) return { ...base, value: '?', note: 'not checked', tone: 'unknown' };
  const { differences, replayed, unreplayable } = drift.value;
  if (differences.length > 0) {
    const note = differences.length === 1 ? 'object differs' : 'objects differ';
    return { ...base, value: String(differences.length), note, tone: 'bad' };
  }
  if (unreplayable.length > 0)
    return { ...base, value: '0', note: `${unreplayable.length} not replayed`, tone: 'notice' };
  return {
    ...base,
    value: '0',
    note: `matches ${countOf(replayed ?? 0, 'migration')}`,
    tone: 'good',
  };
}

function appliedFigure({ applied }: Report): Figure {
  const last = applied.at(-1)?.appliedAt ?? null;
  const note =
    applied.length === 0 ? 'none yet' : last === null ? '' : `last on ${last.slice(0, 10)}`;
  return {
    label: 'Applied',
    value: String(applied.length),
    note,
    tone: 'good',
    section: 'history',
  };
}

/** What `doctor` found, the worst first. Pending migrations have a section of their own. */
export function problemsOf(checks: readonly Check[]): {
  errors: Check[];
  warnings: Check[];
  passed: number;
} {
  const told = checks.filter(({ code }) => code !== 'PENDING');
  return {
    errors: told.filter(({ status }) => status === 'red'),
    warnings: told.filter(({ status }) => status === 'yellow'),
    passed: told.filter(({ status }) => status === 'green').length,
  };
}
