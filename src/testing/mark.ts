import { labelOf } from '../throwaway/names.js';

/** What the comment on a template says of it. */
export interface TemplateMark {
  /** The whole key; the template's name has the beginning of it only. */
  key: string;
  /** The project's name as it is; the template's name has a plain form of it. */
  project: string;
  /** The day on which it was last used, `YYYY-MM-DD`. */
  usedOn: string;
  /** The owner of the database in which it was built. */
  builtBy: string;
}

const TEMPLATE = 'knexward template ';
const LABEL = 24;

/** The name of the template that has this key. */
export function templateName(project: string, key: string): string {
  return `knexward_template_${labelOf(project, LABEL)}_${key.slice(0, 16)}`;
}

/** The comment on a template. */
export function templateComment({ key, project, usedOn, builtBy }: TemplateMark): string {
  return TEMPLATE + JSON.stringify({ project, key, usedOn, builtBy });
}

/** Reads the comment on a template; `undefined` where it is none of knexward's. */
export function readTemplateComment(comment: string | null): TemplateMark | undefined {
  if (!comment?.startsWith(TEMPLATE)) return undefined;
  try {
    const mark = JSON.parse(comment.slice(TEMPLATE.length)) as Partial<TemplateMark>;
    const { key, project, usedOn, builtBy = '' } = mark;
    return key !== undefined && project !== undefined && usedOn !== undefined
      ? { key, project, usedOn, builtBy }
      : undefined;
  } catch {
    return undefined;
  }
}

/** The day, as the comment has it. */
export function dayOf(moment: Date): string {
  return moment.toISOString().slice(0, 10);
}
