import { type CatalogLookup } from '../../catalog/lookup.js';
import { type CatalogObject } from '../../catalog/model.js';
import { commentOn } from '../comment.js';
import { changeDefaultPrivileges, changeGrants } from '../privileges.js';
import { alterPublication } from '../publication.js';
import { type Alteration, RECREATE } from './alteration.js';
import {
  alterAggregate,
  alterEventTrigger,
  alterFiring,
  alterPolicy,
  alterRoutine,
} from './program.js';
import {
  alterConstraint,
  alterIndex,
  alterMaterializedView,
  alterSequence,
  alterView,
} from './relation.js';
import { alterComposite, alterDomain, alterEnum } from './type.js';

/** What is altered as a whole; a table and its columns know of each other (`table.ts`, `column.ts`). */
type Whole = Exclude<CatalogObject, { kind: 'table' | 'column' }>;

/**
 * The statements that make of an object another of the same kind and name.
 *
 * @param lookup The catalog of what it is to be.
 * @returns `RECREATE` where PostgreSQL has none
 */
export function alter(lookup: CatalogLookup, from: Whole, to: Whole): Alteration | typeof RECREATE {
  // Both are of one kind, which TypeScript cannot see.
  const as = <K extends Whole['kind']>(_: K): CatalogObject<K> => from as CatalogObject<K>;
  switch (to.kind) {
    case 'enum':
      return alterEnum(as('enum'), to);
    case 'composite type':
      return alterComposite(as('composite type'), to);
    case 'domain':
      return alterDomain(as('domain'), to);
    case 'extension':
      return { statements: [`ALTER EXTENSION ${to.name} SET SCHEMA ${to.parts.schema}`] };
    case 'sequence':
      return alterSequence(lookup, as('sequence'), to);
    case 'view':
      return alterView(lookup, as('view'), to);
    case 'materialized view':
      return alterMaterializedView(as('materialized view'), to);
    case 'constraint':
      return alterConstraint(lookup, as('constraint'), to);
    case 'index':
      return alterIndex(lookup, as('index'), to);
    case 'statistics':
      return alterStatistics(as('statistics'), to);
    case 'function':
    case 'procedure':
      return alterRoutine(as('function'), to);
    case 'aggregate':
      return alterAggregate(as('aggregate'), to);
    case 'trigger':
    case 'rule':
      return alterFiring(lookup, as('trigger'), to);
    case 'policy':
      return alterPolicy(lookup, as('policy'), to);
    case 'event trigger':
      return alterEventTrigger(as('event trigger'), to);
    case 'publication':
      return orAnew(alterPublication(as('publication'), to));
    case 'privileges':
      return { statements: changeGrants(lookup, to, as('privileges').parts, to.parts) };
    case 'default privileges': {
      const { parts } = as('default privileges');
      return { statements: changeDefaultPrivileges(to, parts, to.parts) };
    }
    case 'comment':
      return { statements: commentOn(lookup, to) };
    default:
      return RECREATE;
  }
}

function alterStatistics(
  { parts: a }: CatalogObject<'statistics'>,
  { name, parts: e }: CatalogObject<'statistics'>,
): Alteration | typeof RECREATE {
  if (a.definition !== e.definition) return RECREATE;
  return { statements: [`ALTER STATISTICS ${name} SET STATISTICS ${e.target ?? -1}`] };
}

function orAnew(statements: string[] | null): Alteration | typeof RECREATE {
  return statements ? { statements } : RECREATE;
}
