import { tokensOf } from '../../sql/tokens.js';
import { type PartsOf } from './model.js';

/** A name of no letters, which the server writes, and cannot read. */
const NO_NAME = '""';

/**
 * A routine with a body in SQL as the server would write it once it has read that.
 *
 * - Of arguments without a name beside others that have one, the server writes the name: it is none.
 * - A column that is an argument gets its name, which `$1` has not given it.
 */
export function readableRoutine({
  inputs = [],
  ...parts
}: PartsOf['function'] & { inputs?: readonly string[] }): PartsOf['function'] {
  const named = inputs.filter((name) => name !== NO_NAME);
  const definition = withNumber(parts.definition, inputs.indexOf(NO_NAME) + 1);
  return { ...parts, definition: withColumnNames(definition, new Set(named)) };
}

function withNumber(definition: string, number: number): string {
  if (number === 0 || !definition.includes(NO_NAME)) return definition;
  const texts = tokensOf(definition).map(({ text }) => text);
  texts.forEach((text, at) => {
    if (text !== NO_NAME) return;
    texts[at] = `$${number}`;
    // Behind the name of the routine.
    if (texts[at - 1] === '.') texts.fill('', at - 2, at);
  });
  return texts.join('');
}

/** The server writes each column of a SELECT on a line of its own. */
function withColumnNames(definition: string, names: ReadonlySet<string>): string {
  if (names.size === 0) return definition;
  const [, routine = ''] = /([\w$]+|"(?:[^"]|"")+")\(/.exec(definition) ?? [];
  let isColumn = false;
  const lines = definition.split('\n').map((line) => {
    const [, before = '', item = '', end = ''] =
      /^(.*\bSELECT (?:DISTINCT )?|\s+)?(.*?)([,;)]*)$/.exec(line) ?? [];
    isColumn = isColumn || before.includes('SELECT ');
    const name = item.startsWith(`${routine}.`) ? item.slice(routine.length + 1) : item;
    const isArgument = isColumn && names.has(name);
    isColumn = isColumn && end.startsWith(',');
    return isArgument ? `${before}${item} AS ${name}${end}` : line;
  });
  return lines.join('\n');
}
