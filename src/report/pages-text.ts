import { pageOf } from '../pages.js';
import { type Colors } from './output.js';

/** The pages to read on: one for each kind of thing that a list tells of. */
export function pagesOf(list: readonly { code: string }[], c: Colors): string[] {
  const codes = [...new Set(list.map(({ code }) => code))];
  return codes.map((code) => `  ${c.dim(`page  ${pageOf(code)}`)}`);
}
