import { type CatalogLookup } from '../../catalog/lookup.js';
import { type CatalogObject } from '../../catalog/model.js';
import { createAggregate } from '../create.js';
import { headOf } from '../routine.js';
import { FIRING, words } from '../text.js';
import { type Alteration, RECREATE } from './alteration.js';

export function alterRoutine(
  { parts: a }: CatalogObject<'function' | 'procedure'>,
  { parts: e }: CatalogObject<'function' | 'procedure'>,
): Alteration | typeof RECREATE {
  return headOf(a.definition) === headOf(e.definition) ? { statements: [e.definition] } : RECREATE;
}

/** What a replacement of an aggregate may not change. */
const OF_THE_RESULT = ['stype', 'finalfunc', 'finalfunc_extra', 'hypothetical'];

export function alterAggregate(
  { parts: a }: CatalogObject<'aggregate'>,
  to: CatalogObject<'aggregate'>,
): Alteration | typeof RECREATE {
  const { parts: e } = to;
  const same = OF_THE_RESULT.every((option) => a.options[option] === e.options[option]);
  if (!same || a.arguments !== e.arguments) return RECREATE;
  return { statements: [createAggregate(to, true)] };
}

/** A trigger or a rule, of which only when it fires can be changed. */
export function alterFiring(
  lookup: CatalogLookup,
  { parts: a }: CatalogObject<'trigger' | 'rule'>,
  { kind, own, parent, parts: e }: CatalogObject<'trigger' | 'rule'>,
): Alteration | typeof RECREATE {
  if (a.definition !== e.definition) return RECREATE;
  const table = lookup.get(parent)?.name ?? '';
  return { statements: [fire(table, kind, own, e.enabled)] };
}

export function fire(
  table: string,
  kind: 'trigger' | 'rule',
  own: string,
  when: keyof typeof FIRING = 'origin',
): string {
  return `ALTER TABLE ${table} ${FIRING[when]} ${kind.toUpperCase()} ${own}`;
}

export function alterEventTrigger(
  { parts: a }: CatalogObject<'event trigger'>,
  { name, parts: e }: CatalogObject<'event trigger'>,
): Alteration | typeof RECREATE {
  const same =
    a.event === e.event && a.function === e.function && a.tags?.join('\n') === e.tags?.join('\n');
  if (!same) return RECREATE;
  return { statements: [`ALTER EVENT TRIGGER ${name} ${FIRING[e.enabled ?? 'origin']}`] };
}

/** What a policy lets through can be changed, and not be taken away. */
export function alterPolicy(
  lookup: CatalogLookup,
  { parts: a }: CatalogObject<'policy'>,
  { own, parent, parts: e }: CatalogObject<'policy'>,
): Alteration | typeof RECREATE {
  if (a.restrictive !== e.restrictive || a.command !== e.command) return RECREATE;
  if ((a.using && !e.using) || (a.check && !e.check)) return RECREATE;
  return {
    statements: [
      words(
        `ALTER POLICY ${own} ON ${lookup.get(parent)?.name ?? ''}`,
        a.roles.join() !== e.roles.join() && `TO ${e.roles.join(', ')}`,
        a.using !== e.using && `USING (${e.using})`,
        a.check !== e.check && `WITH CHECK (${e.check})`,
      ),
    ],
  };
}
