/** What the comment on a template says of it. */
export interface TemplateMark {
  /** The whole key; the template's name has the beginning of it only. */
  key: string;
  /** The project's name as it is; the template's name has a plain form of it. */
  project: string;
  /** The day on which it was last used, `YYYY-MM-DD`. */
  usedOn: string;
}

const TEMPLATE = 'knexward template ';

/** The comment on a database that was made for a test. */
export const TEST_MARK = 'knexward test database: dropped by its test, or when the process is gone';
/** The comment on a template while it is built. */
export const BUILDING_MARK = 'knexward template in the making';

/** The comment on a template. */
export function templateComment({ key, project, usedOn }: TemplateMark): string {
  return TEMPLATE + JSON.stringify({ project, key, usedOn });
}

/** Reads the comment on a template; `undefined` where it is none of knexward's. */
export function readTemplateComment(comment: string | null): TemplateMark | undefined {
  if (!comment?.startsWith(TEMPLATE)) return undefined;
  try {
    const mark = JSON.parse(comment.slice(TEMPLATE.length)) as Partial<TemplateMark>;
    const { key, project, usedOn } = mark;
    return key !== undefined && project !== undefined && usedOn !== undefined
      ? { key, project, usedOn }
      : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a comment says nothing against a database of the moment being ours. */
export function mayBeOurs(comment: string | null): boolean {
  return comment === null || comment === TEST_MARK || comment === BUILDING_MARK;
}

/** The day, as the comment has it. */
export function dayOf(moment: Date): string {
  return moment.toISOString().slice(0, 10);
}
