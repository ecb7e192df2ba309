/** Why somebody has to agree before values are written that differ from replay to replay. */
export function describeFrozen(frozen: readonly string[]): string {
  const shown = frozen.slice(0, 10).join(', ') + (frozen.length > 10 ? ', …' : '');
  return `The values that migrations write into ${shown} are different in each replay, and no default produces them: every database would get the same values.`;
}
