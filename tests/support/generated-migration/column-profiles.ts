/** A type with lengths, defaults and values that PostgreSQL takes for it. */
export interface Profile {
  type: string;
  lengths?: unknown[];
  defaults: unknown[];
  values: unknown[];
}

const NUMBERS = { defaults: [5, 0, -3, '7', { raw: '1 + 1' }, { prep: '9' }], values: [1, 2, '3'] };
const MOMENTS = {
  defaults: [{ special: 'CURRENT_TIMESTAMP' }, { raw: 'now()' }, '2001-02-03 04:05:06'],
  values: ['2001-02-03 04:05:06', '1999-12-31'],
};
const TEXTS = {
  defaults: ['x', '', "it''s", { raw: "upper('a')" }, 5, true],
  values: ['a', "it's", 'why?', '', 'ü'],
};

/** The types that are made up from, both db-migrate's and PostgreSQL's own. */
export const PROFILES: readonly Profile[] = [
  { type: 'int', ...NUMBERS },
  { type: 'bigint', ...NUMBERS },
  { type: 'smallint', ...NUMBERS },
  { type: 'real', ...NUMBERS },
  { type: 'decimal', lengths: [8, '10,2'], ...NUMBERS },
  { type: 'numeric', lengths: ['6,3'], ...NUMBERS },
  { type: 'string', lengths: [40, 255, '60', 0], ...TEXTS },
  { type: 'text', ...TEXTS },
  { type: 'char', lengths: [9], ...TEXTS },
  { type: 'varchar', lengths: [80], ...TEXTS },
  { type: 'boolean', defaults: [true, false, 'true'], values: [true, false, 't'] },
  { type: 'date', ...MOMENTS },
  { type: 'datetime', lengths: [3], ...MOMENTS },
  { type: 'timestamp', ...MOMENTS },
  { type: 'timestamptz', ...MOMENTS },
  { type: 'time', defaults: ['04:05:06', { raw: 'now()' }], values: ['04:05:06'] },
  { type: 'timetz', defaults: ['04:05:06'], values: ['04:05:06'] },
  { type: 'blob', defaults: ['\\x01'], values: ['\\x0102'] },
  {
    type: 'uuid',
    defaults: [{ raw: 'gen_random_uuid()' }],
    values: [`${'1'.repeat(8)}-1111-1111-1111-${'1'.repeat(12)}`],
  },
  { type: 'jsonb', defaults: ['{}', { raw: "'[]'" }], values: ['{"a": 1}', '[]'] },
  { type: 'json', defaults: ['{}'], values: ['{"a": 1}'] },
  { type: 'text[]', defaults: ['{}'], values: ['{a,b}'] },
];

/** What PostgreSQL, or db-migrate itself, does not take. */
export const WILD_TYPES = ['binary', 'no_such_type', '', 'INTEGER[', 'varchar(10)', 'serial'];
export const WILD_DEFAULTS = [
  "it's",
  null,
  {},
  { special: 'NEVER' },
  { raw: 'nowhere' },
  'x',
  -1.5,
  [1],
];
export const WILD_LENGTHS = [-1, '1,2,3', 5, 0.5, [3]];
