import {
  type Catalog,
  type CatalogObject,
  idOf,
  type ObjectKind,
} from '../../src/schema/catalog/model.js';
import { nameOf } from '../../src/schema/catalog/model.js';
import { compareCatalogs } from '../../src/schema/compare.js';

const catalog = (...objects: CatalogObject[]): Catalog => ({
  ...{ postgres: 18, objects, notDescribed: [], dependencies: new Map() },
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

const users = object('table', 'app.users');
const id = object('column', 'id', { type: 'bigint', notNull: true }, users);
const email = object('column', 'email', { type: 'text' }, users);

describe('comparing two catalogs', () => {
  it('finds no difference where there is none, whatever the order of the keys', () => {
    const turned = object('column', 'id', { notNull: true, type: 'bigint' }, users);
    expect(compareCatalogs(catalog(users, id), catalog(users, turned))).toEqual([]);
  });

  it('names an object that is missing, and one that is not expected', () => {
    expect(compareCatalogs(catalog(users, id), catalog(users, email))).toEqual([
      { kind: 'column', object: 'app.users.email', expected: null, actual: email.parts },
      { kind: 'column', object: 'app.users.id', expected: id.parts, actual: null },
    ]);
  });

  it('tells of an object only the parts that differ', () => {
    const other = object('column', 'id', { type: 'integer', notNull: true, default: '1' }, users);
    expect(compareCatalogs(catalog(users, id), catalog(users, other))).toEqual([
      {
        kind: 'column',
        object: 'app.users.id',
        expected: { type: 'bigint', default: null },
        actual: { type: 'integer', default: '1' },
      },
    ]);
  });

  it('of a missing table, does not name its columns, comments and owned sequences as well', () => {
    const comment = object('comment', '', { text: 'x' }, id);
    const sequence = object('sequence', 'app.users_id_seq', { ownedBy: 'app.users.id' });
    expect(compareCatalogs(catalog(sequence, users, id, comment), catalog())).toEqual([
      { kind: 'table', object: 'app.users', expected: {}, actual: null },
    ]);
  });

  it('names a missing sequence whose column is there', () => {
    const sequence = object('sequence', 'app.users_id_seq', { ownedBy: 'app.users.id' });
    expect(compareCatalogs(catalog(sequence, users, id), catalog(users, id))).toMatchObject([
      { kind: 'sequence', object: 'app.users_id_seq' },
    ]);
  });

  it('compares the order only of the columns that both have', () => {
    const middle = object('column', 'middle', { type: 'text' }, users);
    expect(compareCatalogs(catalog(users, id, email), catalog(users, id, middle, email))).toEqual([
      { kind: 'column', object: 'app.users.middle', expected: null, actual: { type: 'text' } },
    ]);
    const turned = compareCatalogs(catalog(users, id, email), catalog(users, email, id));
    expect(turned).toEqual([
      {
        kind: 'table',
        object: 'app.users',
        expected: { columnOrder: ['id', 'email'] },
        actual: { columnOrder: ['email', 'id'] },
      },
    ]);
    const options = { ignoreColumnOrder: true };
    expect(compareCatalogs(catalog(users, id, email), catalog(users, email, id), options)).toEqual(
      [],
    );
  });

  it('does not mind another version of an extension, and minds another schema', () => {
    const extension = (version: string, schema: string): Catalog =>
      catalog(object('extension', 'citext', { version, schema }));
    expect(compareCatalogs(extension('1.5', 'app'), extension('1.6', 'app'))).toEqual([]);
    expect(compareCatalogs(extension('1.5', 'app'), extension('1.6', 'public'))).toEqual([
      {
        kind: 'extension',
        object: 'citext',
        expected: { schema: 'app' },
        actual: { schema: 'public' },
      },
    ]);
  });

  it('finds what is not described to be there or not', () => {
    const cast = { kind: 'cast', name: '(text AS integer)' };
    expect(compareCatalogs({ ...catalog(), notDescribed: [cast] }, catalog())).toEqual([
      { kind: 'cast', object: '(text AS integer)', expected: {}, actual: null },
    ]);
  });
});
