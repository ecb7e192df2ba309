/** A number and what it counts: `1 migration`, `2 migrations`. */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** What they make together: `1 migration makes`, `2 migrations make`. */
export function madeBy(count: number, one: string): string {
  return count === 1 ? `${count} ${one} makes` : `${count} ${one}s make`;
}
