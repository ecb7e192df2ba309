import { type Catalog, type CatalogObject, idOf, type ObjectId, type ObjectKind } from './model.js';

/** A catalog by id, and by what belongs to what. */
export class CatalogLookup {
  private readonly byId = new Map<ObjectId, CatalogObject>();
  private readonly members = new Map<ObjectId, CatalogObject[]>();
  private readonly owned = new Map<string, CatalogObject<'sequence'>>();

  constructor(readonly catalog: Catalog) {
    for (const object of catalog.objects) {
      this.byId.set(idOf(object), object);
      if (object.parent !== null) {
        const siblings = this.members.get(object.parent);
        if (siblings) siblings.push(object);
        else this.members.set(object.parent, [object]);
      }
      if (object.kind === 'sequence' && object.parts.identity && object.parts.ownedBy) {
        this.owned.set(object.parts.ownedBy, object);
      }
    }
  }

  get(id: ObjectId | null): CatalogObject | undefined {
    return id === null ? undefined : this.byId.get(id);
  }

  table(name: string): CatalogObject<'table'> | undefined {
    const object = this.get(idOf({ kind: 'table', name }));
    return object?.kind === 'table' ? object : undefined;
  }

  /** What belongs to an object, of one kind. */
  membersOf<K extends ObjectKind>(owner: CatalogObject, kind: K): CatalogObject<K>[] {
    const members = this.members.get(idOf(owner)) ?? [];
    return members.filter((member) => member.kind === kind) as CatalogObject<K>[];
  }

  /** Whatever belongs to an object. */
  allMembersOf(owner: ObjectId): readonly CatalogObject[] {
    return this.members.get(owner) ?? [];
  }

  /** The sequence behind an identity column. */
  identitySequence(column: CatalogObject<'column'>): CatalogObject<'sequence'> | undefined {
    return this.owned.get(column.name);
  }
}
