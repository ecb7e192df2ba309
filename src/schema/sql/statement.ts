import { type ObjectId } from '../catalog/model.js';

/** The sections of a dump, as pg_dump has them: what rows need, the rows, and what follows them. */
export type Section = 'pre-data' | 'data' | 'post-data';

/** A statement, with what has to be known of it besides its text. */
export interface Statement {
  /** Without a semicolon. Where PostgreSQL has no statement, a comment that says why. */
  sql: string;
  section: Section;
  /** What it makes, changes or drops. */
  object: ObjectId;
  /** `false` where others can use what it does only once that is committed. */
  transactional: boolean;
}
