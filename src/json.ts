/** What a JSON text holds; editors on Windows put a byte order mark before it. */
export function parseJson(text: string): unknown {
  return JSON.parse(text.replace(/^\uFEFF/, ''));
}
