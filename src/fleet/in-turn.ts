/** How many may be at work at once. */
export interface Caps {
  concurrency: number;
  perServer: number;
}

/**
 * Carries out work for each item, as many at once as the caps let through, in the order of the items as
 * far as their servers have room.
 *
 * @param serverOf what the cap of a server counts by
 * @param mayBegin asked before each; once it says no, none begins any more, and those under way end
 * @returns the items that have not begun
 */
export async function inTurn<Item>(
  items: readonly Item[],
  { concurrency, perServer }: Caps,
  serverOf: (item: Item) => string,
  mayBegin: () => boolean,
  work: (item: Item) => Promise<void>,
): Promise<Item[]> {
  const queues = queuesOf(items, serverOf);
  const busy = new Map<string, number>();
  const running = new Set<Promise<void>>();
  const next = (): Queue<Item> | undefined => {
    const free = queues.filter(
      ({ server, left }) => left.length > 0 && (busy.get(server) ?? 0) < perServer,
    );
    return free.sort((a, b) => placeOf(a) - placeOf(b))[0];
  };
  const begin = ({ server, left }: Queue<Item>): void => {
    const { item } = left.pop() as Waiting<Item>;
    busy.set(server, (busy.get(server) ?? 0) + 1);
    const ended = work(item).finally(() => {
      busy.set(server, (busy.get(server) ?? 0) - 1);
      running.delete(ended);
    });
    running.add(ended);
  };
  for (;;) {
    for (let queue = next(); running.size < concurrency && queue && mayBegin(); queue = next())
      begin(queue);
    if (running.size === 0) break;
    await Promise.race(running);
  }
  const left = queues.flatMap((queue) => queue.left);
  return left.sort((a, b) => a.place - b.place).map(({ item }) => item);
}

interface Waiting<Item> {
  item: Item;
  place: number;
}

/** The items of one server, the next one last. */
interface Queue<Item> {
  server: string;
  left: Waiting<Item>[];
}

const placeOf = <Item>({ left }: Queue<Item>): number => left.at(-1)?.place ?? Infinity;

function queuesOf<Item>(items: readonly Item[], serverOf: (item: Item) => string): Queue<Item>[] {
  const byServer = new Map<string, Waiting<Item>[]>();
  items.forEach((item, place) => {
    const server = serverOf(item);
    const waiting = byServer.get(server) ?? [];
    waiting.push({ item, place });
    byServer.set(server, waiting);
  });
  return [...byServer].map(([server, waiting]) => ({ server, left: waiting.reverse() }));
}
