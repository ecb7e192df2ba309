// What a few numbers say together: pure.

/** @typedef {{ runs: number, min: number, q1: number, median: number, q3: number, max: number }} Summary */

/**
 * The value below which a share of the numbers lies, between two of them by proportion.
 *
 * @param {readonly number[]} sorted at least one, ascending
 * @param {number} share 0 to 1
 */
export function quantile(sorted, share) {
  const at = (sorted.length - 1) * share;
  const below = Math.floor(at);
  const above = Math.ceil(at);
  return sorted[below] + (sorted[above] - sorted[below]) * (at - below);
}

/**
 * @param {readonly (number | null)[]} values `null` where a run has no such figure
 * @returns {Summary | null} `null` where no run has one
 */
export function summarize(values) {
  const sorted = values.filter((value) => value !== null).sort((a, b) => a - b);
  if (sorted.length === 0) return null;
  return {
    runs: sorted.length,
    min: sorted[0],
    q1: quantile(sorted, 0.25),
    median: quantile(sorted, 0.5),
    q3: quantile(sorted, 0.75),
    max: sorted[sorted.length - 1],
  };
}

/**
 * How many times the other one's median this one's is.
 *
 * @param {Summary | null | undefined} one
 * @param {Summary | null | undefined} other
 * @returns {number | null} `null` where one of the two is missing
 */
export function ratio(one, other) {
  return one && other && other.median > 0 ? one.median / other.median : null;
}
