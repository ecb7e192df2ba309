/** How an object is made what another says, where it can stay where it is. */
export interface Alteration {
  /** What has to go before others can: defaults, an identity. */
  first?: string[];
  statements: string[];
  /** What makes the table one of its parents, once its columns are as those of the parents. */
  attaches?: string[];
  /** What has to wait for indexes and columns. */
  last?: string[];
  /** `false` where others can use what it does only once that is committed. */
  transactional?: boolean;
  losesData?: boolean;
  /** The type of a column changes: what is written over it has to be made anew. */
  changesType?: boolean;
  /** Among the statements is one that makes it anew, with those of its checks that can be in it. */
  makesChecks?: boolean;
  /** PostgreSQL cannot do it, and what the object needs has to stay. */
  impossible?: true;
}

/** There is no statement for it, and the object has to be dropped and made anew. */
export const RECREATE = 'anew';

/** There is no statement for it: a comment in SQL that says why. */
export function cannot(reason: string): Alteration {
  return { statements: [note(reason)], impossible: true };
}

/** A comment in SQL, on one line. */
export function note(text: string): string {
  return `-- ${text.replace(/[\r\n\u2028\u2029\v\f\0]/g, ' ')}`;
}
