/** Whether a version is in a range, as far as ranges are used here: `>=18`, `^3.1.0`, `*`. */
export function isWithin(version: string, range: string): boolean {
  if (range === '*') return true;
  const wanted = numbersOf(range.replace(/^[^\d]+/, ''));
  const given = numbersOf(version);
  if (range.startsWith('^') && given[0] !== wanted[0]) return false;
  for (const [index, number] of wanted.entries()) {
    const other = given[index] ?? 0;
    if (other !== number) return other > number;
  }
  return true;
}

function numbersOf(version: string): number[] {
  return version
    .split('-', 1)
    .join('')
    .split('.')
    .map((part) => Number(part));
}
