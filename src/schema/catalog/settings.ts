/**
 * How the server writes names and constants down depends on the session. With an empty search path
 * every name is qualified; the others are fixed so that the same value is always the same text.
 */
export const RENDERING_SETTINGS: Readonly<Record<string, string>> = {
  search_path: '',
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  extra_float_digits: '1',
  bytea_output: 'hex',
  xmlbinary: 'base64',
  lc_monetary: 'C',
  quote_all_identifiers: 'off',
  standard_conforming_strings: 'on',
};
