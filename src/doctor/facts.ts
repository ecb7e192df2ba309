import { type ErrorCode } from '../errors.js';
import { type ActivityFacts } from './look/activity.js';
import { type ConnectionFacts } from './look/connection.js';
import { type HistoryFacts } from './look/history.js';
import { type MachineFacts } from './look/packages.js';
import { type PoolerFacts } from './look/pooler.js';
import { type ProjectFacts } from './look/project.js';
import { type RightsFacts } from './look/rights.js';
import { type SettingsFacts } from './look/settings.js';

/** Something that was looked at, or why it could not be. */
export type Looked<T> = { value: T; failed?: undefined } | { value?: undefined; failed: Failure };

/** An error as the judge needs it. */
export interface Failure {
  code: ErrorCode | null;
  message: string;
  fix: string | null;
  /** What the process would end with. */
  exitCode: number;
}

/** Everything that was seen. What the judge says follows from it alone. */
export interface Facts {
  environment: string;
  production: boolean;
  machine: MachineFacts;
  /** The configuration, the folders. Where it failed, nothing further was looked at. */
  project: Looked<ProjectFacts>;
  /** What can be seen with a connection; where there is none, why. */
  database: Looked<DatabaseFacts> | null;
}

/** What was seen through the connection. */
export interface DatabaseFacts {
  connection: Looked<ConnectionFacts>;
  pooler: Looked<PoolerFacts>;
  settings: Looked<SettingsFacts>;
  rights: Looked<RightsFacts>;
  activity: Looked<ActivityFacts>;
  history: Looked<HistoryFacts>;
  /** What the configuration asks of every session. */
  asked: { searchPath: string[]; statementTimeoutMs: number | null };
}
