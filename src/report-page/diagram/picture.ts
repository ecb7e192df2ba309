import { type Html } from '../html-template.js';
import { type SchemaTables } from '../tables.js';
import { drawTables } from './draw.js';
import { select } from './select.js';

/** A picture of the schema, or why there is none; `null` if no table has a foreign key. */
export type Picture =
  { svg: Html; missing?: undefined } | { svg?: undefined; missing: string } | null;

/** Draws the schema. If Graphviz is not installed or fails, the result is the reason. */
export async function pictureOf(schema: SchemaTables): Promise<Picture> {
  const drawn = select(schema);
  if (drawn.tables.length === 0) return null;
  try {
    return { svg: await drawTables(drawn) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const missing = code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND';
    return {
      missing: missing
        ? 'There is no diagram: the package @viz-js/viz is not installed. Install it (npm install @viz-js/viz), or leave out --omit=optional.'
        : `There is no diagram: the layout failed (${message}).`,
    };
  }
}
