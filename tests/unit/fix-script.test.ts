import {
  type Catalog,
  type CatalogObject,
  idOf,
  nameOf,
  type ObjectKind,
} from '../../src/schema/catalog/model.js';
import { compareCatalogs } from '../../src/schema/compare.js';
import { renderFixScript } from '../../src/repair/fix-script.js';
import { findFixes, type Fixes } from '../../src/repair/fixes.js';
import { conversionOf, narrows } from '../../src/schema/sql/alter/type-change.js';

/** Objects, each of which may need others by their ids. */
const catalog = (
  objects: CatalogObject[],
  dependencies: Record<string, string[]> = {},
): Catalog => ({
  ...{ postgres: 18, objects, notDescribed: [] },
  dependencies: new Map(Object.entries(dependencies).map(([id, needed]) => [id, new Set(needed)])),
});
const object = (
  kind: ObjectKind,
  own: string,
  parts: object = {},
  parent: CatalogObject | null = null,
): CatalogObject =>
  ({
    kind,
    own,
    name: nameOf(kind, own, parent),
    parent: parent && idOf(parent),
    parts,
  }) as CatalogObject;
const fixed = (expected: Catalog, actual: Catalog): Fixes =>
  findFixes(expected, actual, compareCatalogs(expected, actual));

const users = object('table', 'app.users');
const id = object('column', 'id', { type: 'bigint', notNull: true }, users);
const name = object('column', 'name', { type: 'text' }, users);
const shortName = object('column', 'name', { type: 'character varying(20)' }, users);
const view = object('view', 'app.names', {
  columns: ['name text'],
  definition: ' SELECT name\n   FROM app.users',
});
const select = object('privileges', 'reader', { granted: ['SELECT'] }, view);

describe('what fixes a difference (FR-015)', () => {
  it('nothing, where nothing differs', () => {
    expect(fixed(catalog([users, id]), catalog([users, id]))).toEqual({
      differences: [],
      script: [],
      singleTransaction: true,
    });
  });

  it('a missing table comes with all that belongs to it, in order', () => {
    const comment = object('comment', '', { text: "it's" }, id);
    const index = object(
      'index',
      'app.by_name',
      { definition: 'CREATE INDEX by_name ON app.users USING btree (name)' },
      users,
    );
    const rights = object('privileges', 'reader', { granted: ['SELECT'] }, users);
    const { script, differences } = fixed(
      catalog([users, id, comment, name, index, rights]),
      catalog([]),
    );
    expect(differences).toMatchObject([{ kind: 'table', losesData: false, fix: script }]);
    expect(script).toEqual([
      'CREATE TABLE app.users (\n  id bigint NOT NULL,\n  name text\n)',
      "COMMENT ON COLUMN app.users.id IS 'it''s'",
      'CREATE INDEX by_name ON app.users USING btree (name)',
      'GRANT SELECT ON TABLE app.users TO reader',
    ]);
  });

  it('a table that is unexpected goes after what dependencies it, and loses data', () => {
    const actual = catalog([users, name, view], { [idOf(view)]: [idOf(name)] });
    const { script, differences } = fixed(catalog([]), actual);
    expect(script).toEqual(['DROP VIEW app.names', 'DROP TABLE app.users']);
    expect(differences.find(({ kind }) => kind === 'table')).toMatchObject({
      ...{ losesData: true, fix: script },
    });
    expect(differences.find(({ kind }) => kind === 'view')).toMatchObject({
      ...{ losesData: false, fix: ['DROP VIEW app.names'] },
    });
  });

  it('a view over a column whose type changes goes first, and comes again with its rights', () => {
    const dependencies = { [idOf(view)]: [idOf(name)] };
    const expected = catalog([users, name, view, select], dependencies);
    const { script } = fixed(expected, catalog([users, shortName, view, select], dependencies));
    expect(script).toEqual([
      'DROP VIEW app.names',
      'ALTER TABLE app.users ALTER COLUMN name TYPE text',
      'CREATE OR REPLACE VIEW app.names AS\n SELECT name\n   FROM app.users',
      'GRANT SELECT ON TABLE app.names TO reader',
    ]);
  });

  it('in the script, what a new column is needed by comes after it', () => {
    const expected = catalog([users, id, name, view], { [idOf(view)]: [idOf(name)] });
    const { script } = fixed(expected, catalog([users, id]));
    expect(script).toEqual([
      'ALTER TABLE app.users ADD COLUMN name text',
      'CREATE OR REPLACE VIEW app.names AS\n SELECT name\n   FROM app.users',
    ]);
  });

  it('the same from a file, which does not say what dependencies what', () => {
    const other = object('view', 'app.a_first', {
      columns: ['name text'],
      definition: ' SELECT name\n   FROM app.names',
    });
    const { script } = fixed(catalog([users, name, other, view]), catalog([users, name]));
    expect(script.map((one) => one.split('\n')[0])).toEqual([
      'CREATE OR REPLACE VIEW app.names AS',
      'CREATE OR REPLACE VIEW app.a_first AS',
    ]);
  });

  it('what PostgreSQL has no statement for is a comment that says so, on one line', () => {
    const { differences } = fixed(catalog([users, id, name]), catalog([users, name, id]));
    expect(differences).toMatchObject([{ kind: 'table', losesData: false }]);
    expect(differences[0]?.fix).toEqual([expect.stringMatching(/^-- .*moves a column.*$/)]);
    const [operator] = fixed(
      { ...catalog([]), notDescribed: [{ kind: 'operator', name: 'app.<->(a\nb)' }] },
      catalog([]),
    ).differences;
    expect(operator?.fix).toEqual([expect.stringMatching(/^-- .*by hand.*$/)]);
  });

  it('labels are added in their place; one too many has the type made anew', () => {
    const mood = (...labels: string[]) => object('enum', 'app.mood', { labels });
    expect(fixed(catalog([mood('a', 'b', 'c')]), catalog([mood('b')])).script).toEqual([
      "ALTER TYPE app.mood ADD VALUE 'a' BEFORE 'b'",
      "ALTER TYPE app.mood ADD VALUE 'c' AFTER 'b'",
    ]);
    const column = object('column', 'mood', { type: 'app.mood' }, users);
    const dependencies = { [idOf(column)]: ['enum app.mood'] };
    const { script, differences } = fixed(
      catalog([mood('a'), users, column], dependencies),
      catalog([mood('a', 'b'), users, column], dependencies),
    );
    expect(script).toEqual([
      'ALTER TYPE app.mood RENAME TO "mood_before"',
      "CREATE TYPE app.mood AS ENUM ('a')",
      'ALTER TABLE app.users ALTER COLUMN mood TYPE app.mood USING mood::text::app.mood',
      'DROP TYPE app."mood_before"',
    ]);
    expect(differences).toMatchObject([{ losesData: false }]);
  });

  it('rights: only what is too much is revoked, and only what is missing granted', () => {
    const rights = (parts: object) => object('privileges', 'reader', parts, users);
    const of = (expected: object, actual: object): string[] =>
      fixed(catalog([users, rights(expected)]), catalog([users, rights(actual)])).script;
    expect(of({ granted: ['INSERT', 'SELECT'] }, { granted: ['DELETE', 'SELECT'] })).toEqual([
      'REVOKE DELETE ON TABLE app.users FROM reader',
      'GRANT INSERT ON TABLE app.users TO reader',
    ]);
    expect(of({ granted: ['SELECT'] }, { grantable: ['SELECT'] })).toEqual([
      'REVOKE GRANT OPTION FOR SELECT ON TABLE app.users FROM reader',
    ]);
    expect(of({ granted: ['SELECT'] }, { granted: ['SELECT'], revoked: ['USAGE'] })).toEqual([
      'GRANT USAGE ON TABLE app.users TO reader',
    ]);
  });

  it.each([
    ['integer', 'bigint', false],
    ['bigint', 'integer', true],
    ['character varying(80)', 'character varying(90)', false],
    ['character varying(90)', 'character varying(80)', true],
    ['text', 'character varying(80)', true],
    ['character varying(80)', 'text', false],
    ['numeric(6,2)', 'numeric(8,3)', false],
    ['numeric(6,2)', 'numeric(6,3)', true],
    ['numeric', 'numeric(6,2)', true],
    ['timestamp with time zone', 'date', true],
    ['text', 'integer', true],
    ['jsonb', 'text', false],
  ])('from %s to %s loses data: %s', (from, to, loses) => {
    expect(narrows(from, to)).toBe(loses);
  });

  it('USING is said only where PostgreSQL would not cast by itself', () => {
    expect(conversionOf('a', 'character varying(9)', 'text')).toBeUndefined();
    expect(conversionOf('a', 'bigint', 'integer')).toBeUndefined();
    expect(conversionOf('a', 'text', 'integer')).toBe('a::integer');
    expect(conversionOf('a', 'text', 'app.mood')).toBe('a::app.mood');
    expect(conversionOf('a', 'boolean', 'integer')).toBe('a::integer');
  });

  it('what has no cast in PostgreSQL goes by way of text, or is made JSON', () => {
    expect(conversionOf('a', 'app.size', 'date')).toBe('a::text::date');
    expect(conversionOf('a', 'date', 'app.size')).toBe('a::text::app.size');
    expect(conversionOf('a', 'app.size', 'jsonb')).toBe('pg_catalog.to_jsonb(a)');
  });

  it('the file names what is lost at its top, and is no one transaction where an enum grows', () => {
    const difference = { kind: 'column', object: 'app.users.a\nb', expected: null, actual: {} };
    const file = (script: string[], singleTransaction = true): string => {
      const differences = [{ ...difference, fix: script, losesData: true }];
      return renderFixScript({ differences, script, singleTransaction });
    };
    expect(file(['ALTER TABLE app.users DROP COLUMN a'])).toContain(
      '-- IT LOSES DATA, of:\n--   column app.users.a b\n',
    );
    expect(file(['-- by hand'])).toContain('psql --single-transaction');
    expect(file(['-- by hand'])).not.toContain('by hand;');
    const label = "ALTER TYPE app.mood ADD VALUE 'a'";
    expect(file([label], false)).not.toContain('--single-transaction');
  });
});
