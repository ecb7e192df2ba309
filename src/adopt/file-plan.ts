import { type Warning } from './plan.js';
import { type FileStep } from './takeover-record.js';

/** What happens to one file of the project. */
export interface FileAction {
  /** Relative to the project's folder. */
  path: string;
  action: 'create' | 'rewrite' | 'rename' | 'remove' | 'keep';
  /** For a person: what exactly, a line each. */
  notes: string[];
  apply?: () => Promise<void>;
  /** What has to be remembered to take it back. */
  step?: FileStep;
}

/** What the takeover does to the project's files. */
export interface FilePlan {
  actions: FileAction[];
  warnings: Warning[];
}
