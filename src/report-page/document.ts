import { type Verification } from '../verify/verify.js';
import { type Report } from './model.js';

/** The report as the contract's JSON. */
export function reportDocument(report: Report): Record<string, unknown> {
  const { madeAt, postgres, applied, pending, plan, drift, checks, schema } = report;
  return {
    environment: report.environment,
    database: report.database,
    madeAt,
    postgres,
    applied: applied.map(({ recorded, ...row }) => ({
      ...row,
      recorded: recorded?.event ?? null,
      runId: recorded?.runId ?? null,
      actor: recorded?.actor ?? null,
      durationMs: recorded?.durationMs ?? null,
      baseline: recorded?.baseline ?? null,
    })),
    pending,
    plan: plan.value ?? null,
    planFailed: plan.failed ? errorOf(plan.failed) : null,
    drift: drift.value ? driftOf(drift.value) : null,
    driftFailed: drift.failed ? errorOf(drift.failed) : null,
    checks,
    tables: schema.tables.map(({ id, change, columns }) => ({
      table: id,
      change,
      columns: columns.map(({ name, primary, foreign, change: ofColumn }) => ({
        name,
        primary,
        foreign,
        change: ofColumn,
      })),
    })),
    foreignKeys: schema.foreignKeys,
  };
}

function errorOf({ code, message, fix }: NonNullable<Report['plan']['failed']>): object {
  return { code, message, fix };
}

function driftOf(drift: Verification): object {
  const { inSync, differences, script, singleTransaction, postgres } = drift;
  const { replayed, shadow, unreplayable } = drift;
  return {
    inSync,
    differences,
    script,
    singleTransaction,
    postgres,
    replayed,
    shadow,
    unreplayable,
  };
}
