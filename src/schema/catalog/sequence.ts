import { type PartsOf, type SequenceOptions } from './model.js';

const LIMITS: Readonly<Record<string, { min: string; max: string }>> = {
  smallint: { min: '-32768', max: '32767' },
  integer: { min: '-2147483648', max: '2147483647' },
  bigint: { min: '-9223372036854775808', max: '9223372036854775807' },
};

/** A sequence without the options that PostgreSQL takes by itself. */
export function plainSequence(parts: PartsOf['sequence']): PartsOf['sequence'] {
  const usual = usualOptions(parts);
  return Object.fromEntries(
    Object.entries(parts).filter(([name, value]) => usual[name as keyof SequenceOptions] !== value),
  );
}

/** What PostgreSQL takes where a sequence of that type and direction does not say otherwise. */
function usualOptions({
  type = 'bigint',
  increment = '1',
  min,
  max,
}: SequenceOptions): SequenceOptions {
  const limits = LIMITS[type];
  const down = increment.startsWith('-');
  const usualMin = down ? limits?.min : '1';
  const usualMax = down ? '-1' : limits?.max;
  const start = down ? (max ?? usualMax) : (min ?? usualMin);
  return {
    ...{ type: 'bigint', increment: '1', cache: '1' },
    ...(usualMin !== undefined && { min: usualMin }),
    ...(usualMax !== undefined && { max: usualMax }),
    ...(start !== undefined && { start }),
  };
}
