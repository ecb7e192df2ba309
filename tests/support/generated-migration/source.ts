import { type DriverCall, type GeneratedMigration, type Style } from './migration.js';

/** The file's text: what a person would have written. */
export function sourceOf({ style, tables, calls }: GeneratedMigration): string {
  return `'use strict';

function called(call) {
  return new Promise((resolve, reject) => call((error) => (error ? reject(error) : resolve())));
}

exports.setup = function () {};

exports.up = ${UP[style](tables, calls)};

exports.down = function () {
  return null;
};
`;
}

type Calls = readonly DriverCall[];

const UP: Record<Style, (tables: Calls, calls: Calls) => string> = {
  promises: (tables, calls) => `function (db) {
  return Promise.resolve()${lines([...tables, ...calls], (call) => `.then(() => ${asPromise(call)})`)};
}`,
  await: (tables, calls) => `async function (db) {${lines(
    [...tables, ...calls],
    (call) => `await ${asPromise(call)};`,
  )}
}`,
  callbacks: (tables, calls) => `function (db, callback) {
  const steps = [${lines([...tables, ...calls], (call) => `(done) => ${withCallback(call)},`)}
  ];
  const next = (error) => (error || steps.length === 0 ? callback(error) : steps.shift()(next));
  next();
}`,
  'all at once': (tables, calls) => `async function (db) {${lines(
    tables,
    (call) => `await ${asPromise(call)};`,
  )}
  await Promise.all([${lines(calls, (call) => `${asPromise(call)},`)}
  ]);
}`,
};

function lines(calls: Calls, write: (call: DriverCall) => string): string {
  return calls.map((call) => `\n    ${write(call)}`).join('');
}

function asPromise(call: DriverCall): string {
  return call.answers === 'callback' ? `called((done) => ${written(call, 'done')})` : written(call);
}

function withCallback(call: DriverCall): string {
  return call.answers === 'promise' ? `${written(call)}.nodeify(done)` : written(call, 'done');
}

function written({ method, args }: DriverCall, ...more: string[]): string {
  return `db.${method}(${[...args.map((value) => JSON.stringify(value)), ...more].join(', ')})`;
}
