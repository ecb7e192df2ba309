/** More than so many that are done become a summary: how many, and the newest of them. */
export const FEW = 20;

/** So many of them are shown then. */
export const NEWEST = 10;

/** What is still to come is listed up to so many: it is what a person has to look at. */
export const TO_COME = 100;

/** How long lists are shown. */
export interface Listing {
  /** All of it, each moment in full. */
  verbose: boolean;
  /** Short local times, for a person on a terminal. */
  local: boolean;
}

/** The first lines of a list, and how many more there are. */
export function firstOf(lines: readonly string[], limit: number, verbose: boolean): string[] {
  const hidden = verbose ? 0 : lines.length - limit;
  if (hidden <= 0) return [...lines];
  return [...lines.slice(0, limit), `  … and ${hidden} more; --verbose lists them`];
}

/** A batch and a moment in every line, the moments below each other. */
export function batchesAndTimes(
  rows: readonly { batch: number; appliedAt: string | null }[],
  { local, verbose }: Listing,
): string[] {
  const width = Math.max(0, ...rows.map(({ batch }) => `batch ${batch},`.length));
  return rows.map(({ batch, appliedAt }) => {
    const time = appliedAt !== null && local && !verbose ? shortTime(appliedAt) : appliedAt;
    return `${`batch ${batch},`.padEnd(width)} ${time ?? 'time unknown'}`;
  });
}

/** A moment by this machine's clock, to the minute; what is no moment stays as it is. */
export function shortTime(moment: string): string {
  const at = new Date(moment);
  if (Number.isNaN(at.getTime())) return moment;
  const two = (part: number): string => String(part).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}`;
}
