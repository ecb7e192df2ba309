export { adopt, type Adoption, type AdoptRequest } from './adopt/adopt.js';
export { type AdoptedRow, type Warning } from './adopt/plan.js';
export { upOrDown as run } from './adopt/up-or-down.js';
export { type ConfigRequest, resolveConfig, type ResolvedConfig } from './config/resolve.js';
export {
  type Config,
  type Duration,
  type EnvironmentConfig,
  type KnexwardKey,
  type MigrationFormat,
} from './config/settings.js';
export { type Check, type CheckCode, type CheckStatus } from './doctor/check.js';
export { diagnose, type Diagnosis } from './doctor/diagnose.js';
export { type EmbeddedOptions, type EmbeddedServer, startEmbedded } from './embedded/index.js';
export { type ErrorCode, KnexwardError, type ProblemCode } from './errors.js';
export {
  type KnexwardMigrationSource,
  migrationSource,
  type MigrationSourceOptions,
} from './files/source.js';
export { type Extent, type Plan } from './plan/plan.js';
export { type Problem } from './plan/problems.js';
export { type Status } from './plan/status.js';
export { type RunEvent, type RunListener } from './run/events.js';
export { type MigrationFailure } from './run/failure.js';
export { type RunResult } from './run/result.js';
export { type RunRequest } from './run/run.js';
export { readStatus as status } from './run/status.js';
