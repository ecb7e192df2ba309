/*
 * The orders in which a fleet of three is taken from the old release to the new one, back, and
 * forward again. Pure: each order is a list of steps, and the same on every machine.
 */

export type Release = 'old' | 'new';

/** What a late branch's migration, in the old format, comes to first. */
export const LATE = ['nobody', 'the new release only', 'the old one first', 'both'] as const;

/** How one release's instances are replaced by the other's. */
export const MANNERS = ['start, then stop', 'stop, then start', 'all at once'] as const;

const POSITIONS = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
] as const;

/** After how many instances the fleet is rolled back. */
const BACK_AFTER = [1, 2, 3] as const;

/** One order, as it is chosen. */
export interface Order {
  positions: readonly number[];
  backAfter: number;
  late: (typeof LATE)[number];
  manner: (typeof MANNERS)[number];
}

/** An instance: where it is in the fleet, of which release, and whether with the late branch. */
export interface Member {
  position: number;
  release: Release;
  late: boolean;
}

/** One event. Those who are started in one step are started at the same time. */
export type Step =
  | { start: Member[] }
  | { stop: { position: number; release: Release; signal: 'SIGTERM' | 'SIGKILL' }[] };

/** Every order that there is. */
export function everyOrder(): Order[] {
  return POSITIONS.flatMap((positions) =>
    BACK_AFTER.flatMap((backAfter) =>
      LATE.flatMap((late) => MANNERS.map((manner) => ({ positions, backAfter, late, manner }))),
    ),
  );
}

/**
 * Few orders in which, of roll-back, late branch and manner, each value of the one meets each value
 * of the others, and every row of positions occurs.
 */
export function coveringOrders(): Order[] {
  return BACK_AFTER.flatMap((backAfter, row) =>
    LATE.map((late, column) => ({
      ...{ backAfter, late },
      positions: POSITIONS[(row * LATE.length + column) % POSITIONS.length] ?? [0, 1, 2],
      manner: MANNERS[(row + column) % MANNERS.length] ?? 'start, then stop',
    })),
  );
}

/** An order in words. */
export function describeOrder({ positions, backAfter, late, manner }: Order): string {
  return `positions ${positions.join(', ')}; back after ${backAfter}; the late branch to ${late}; ${manner}`;
}

/** The steps: three old ones, forward to where it is rolled back, back, forward to the end. */
export function stepsOf(order: Order): Step[] {
  const { positions, backAfter, late, manner } = order;
  const signal = signals(JSON.stringify(order));
  const forward = positions.slice(0, backAfter);
  const back = [...forward].reverse();
  const withLate = (release: Release, round: 'forward' | 'back' | 'again', index: number) => {
    if (late === 'nobody') return false;
    if (late === 'the new release only') return release === 'new' && round === 'again';
    // A release without the branch starts once more on a database that has it.
    if (late === 'the old one first') return round === 'back' || (round === 'again' && index > 0);
    return round !== 'forward' || index === forward.length - 1;
  };
  const replace = (at: readonly number[], release: Release, round: 'forward' | 'back' | 'again') =>
    replaced(
      at.map((position, index) => ({ position, release, late: withLate(release, round, index) })),
      manner,
      signal,
    );
  const member = (position: number): Member => ({ position, release: 'old', late: false });
  const guest: Member = { ...member(3), late: late === 'the old one first' || late === 'both' };
  return [
    { start: [0, 1, 2].map(member) },
    ...replace(forward, 'new', 'forward'),
    ...replace(back, 'old', 'back'),
    ...replace(positions, 'new', 'again'),
    // An old one that comes last, as a roll-back would bring it.
    { start: [guest] },
  ];
}

function replaced(members: Member[], manner: Order['manner'], signal: () => Signal): Step[] {
  const stopOf = ({ position, release }: Member) => ({
    ...{ position, signal: signal() },
    release: release === 'old' ? ('new' as const) : ('old' as const),
  });
  if (manner === 'all at once') {
    // db-migrate takes no lock: what is pending is run by one old instance, as docs say.
    const first = members[0]?.release === 'old' && members[0].late ? members.slice(0, 1) : [];
    const others = members.slice(first.length);
    return [
      ...(first.length > 0 ? [{ start: first }] : []),
      ...(others.length > 0 ? [{ start: others }] : []),
      { stop: members.map(stopOf) },
    ];
  }
  return members.flatMap((member): Step[] => {
    const steps: Step[] = [{ start: [member] }, { stop: [stopOf(member)] }];
    return manner === 'start, then stop' ? steps : steps.reverse();
  });
}

type Signal = 'SIGTERM' | 'SIGKILL';

/** A third of them SIGKILL, and for one order always the same. */
function signals(text: string): () => Signal {
  let state = [...text].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7);
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0;
    return (state >>> 16) % 3 === 0 ? 'SIGKILL' : 'SIGTERM';
  };
}
