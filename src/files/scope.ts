/** The scope that stands before a name in the history (`tenant/2019…-x.js`), or an empty text. */
export function scopeOf(name: string): string {
  const scope = name.slice(0, Math.max(0, name.lastIndexOf('/')));
  return scope === '.' ? '' : scope;
}

/** The name without the scope that may stand before it. */
export function withoutScope(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}
