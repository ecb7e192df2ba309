/** The part of Graphviz that the layout uses. */
export interface Graphviz {
  renderString(graph: object, options: { format: string }): string;
}

/** A box to be placed. Sizes are in pixels. */
export interface Box {
  id: string;
  width: number;
  height: number;
}

/** A line from one box to another; the index is the caller's. */
export interface Line {
  from: string;
  to: string;
}

export interface Point {
  x: number;
  y: number;
}

/** A box and the place of its upper left corner. */
export type PlacedBox = Box & Point;

/** A line as a chain of Bézier curves; `end` is the tip of the arrow. */
export interface PlacedLine {
  line: number;
  points: Point[];
  end: Point | null;
}

/** The places of boxes and lines, and the size of all together. */
export interface Layout {
  width: number;
  height: number;
  boxes: PlacedBox[];
  lines: PlacedLine[];
}

/** Graphviz takes sizes in inches and answers in points; one point is one pixel. */
const POINTS_PER_INCH = 72;
const GAP = 28;

/**
 * Lays out boxes and lines. Graphviz lays out each connected part from left to right; the parts are placed in rows
 * that fit the width. Graphviz gets only sizes and numbers, so no name can break its language.
 */
export function layOut(
  viz: Graphviz,
  boxes: readonly Box[],
  lines: readonly Line[],
  width: number,
): Layout {
  const parts = connectedParts(boxes, lines).map((part) => layOutPart(viz, part, boxes, lines));
  return inRows(
    parts.sort((a, b) => b.height - a.height || b.width - a.width),
    width,
  );
}

/** The boxes that lines connect, by their indexes, and the lines of each part. */
interface Part {
  boxes: number[];
  lines: number[];
}

function connectedParts(boxes: readonly Box[], lines: readonly Line[]): Part[] {
  const indexes = new Map(boxes.map(({ id }, index) => [id, index]));
  const leader = boxes.map((_, index) => index);
  const find = (index: number): number => {
    let at = index;
    while (leader[at] !== at) at = leader[at] as number;
    return at;
  };
  for (const { from, to } of lines) {
    leader[find(indexes.get(from) as number)] = find(indexes.get(to) as number);
  }
  const parts = new Map<number, Part>();
  const partOf = (index: number): Part => {
    const at = find(index);
    const part = parts.get(at) ?? { boxes: [], lines: [] };
    parts.set(at, part);
    return part;
  };
  boxes.forEach((_, index) => partOf(index).boxes.push(index));
  lines.forEach(({ from }, index) => partOf(indexes.get(from) as number).lines.push(index));
  return [...parts.values()];
}

interface GraphvizJson {
  bb: string;
  objects?: { name: string; pos: string }[];
  edges?: { pos?: string; line: string }[];
}

function layOutPart(
  viz: Graphviz,
  part: Part,
  boxes: readonly Box[],
  lines: readonly Line[],
): Layout {
  const output = viz.renderString(graphOf(part, boxes, lines), { format: 'json0' });
  const { bb, objects = [], edges = [] } = JSON.parse(output) as GraphvizJson;
  const [, , width = 0, height = 0] = bb.split(',').map(Number);
  // Graphviz counts upwards.
  const pointOf = (text: string): Point => {
    const [x = 0, y = 0] = text.split(',').map(Number);
    return { x, y: height - y };
  };
  return {
    width,
    height,
    boxes: objects.map(({ name, pos }) => {
      const box = boxes[Number(name)] as Box;
      const { x, y } = pointOf(pos);
      return { ...box, x: x - box.width / 2, y: y - box.height / 2 };
    }),
    lines: edges.flatMap(({ pos = '', line }) => {
      const words = pos.split(' ');
      const start = words.find((word) => word.startsWith('s,'));
      const points = words.filter((word) => /^-?[\d.]/.test(word)).map(pointOf);
      const end = start === undefined ? null : pointOf(start.slice(2));
      return points.length === 0 ? [] : [{ line: Number(line), points, end }];
    }),
  };
}

/** The graph that Graphviz lays out. The names in it are indexes. */
function graphOf(part: Part, boxes: readonly Box[], lines: readonly Line[]): object {
  const indexes = new Map(boxes.map(({ id }, index) => [id, String(index)]));
  return {
    directed: true,
    graphAttributes: { rankdir: 'LR', nodesep: 0.22, ranksep: 0.75, margin: 0 },
    nodeAttributes: { shape: 'box', fixedsize: true, label: '' },
    nodes: part.boxes.map((index) => {
      const { width, height } = boxes[index] as Box;
      const attributes = { width: width / POINTS_PER_INCH, height: height / POINTS_PER_INCH };
      return { name: String(index), attributes };
    }),
    // A referenced table is on the left of those that refer to it.
    edges: part.lines.map((index) => {
      const { from, to } = lines[index] as Line;
      const [tail, head] = [indexes.get(to) as string, indexes.get(from) as string];
      return { tail, head, attributes: { dir: 'back', line: String(index) } };
    }),
  };
}

/** Places the parts in rows, from left to right. */
function inRows(parts: readonly Layout[], most: number): Layout {
  const whole: Layout = { width: 0, height: 0, boxes: [], lines: [] };
  let [x, y, tallest] = [0, 0, 0];
  for (const part of parts) {
    if (x > 0 && x + part.width > most) [x, y, tallest] = [0, y + tallest + GAP, 0];
    const move = (point: Point): Point => ({ x: point.x + x, y: point.y + y });
    whole.boxes.push(...part.boxes.map((box) => ({ ...box, ...move(box) })));
    whole.lines.push(
      ...part.lines.map(({ line, points, end }) => ({
        line,
        points: points.map(move),
        end: end && move(end),
      })),
    );
    whole.width = Math.max(whole.width, x + part.width);
    tallest = Math.max(tallest, part.height);
    whole.height = Math.max(whole.height, y + part.height);
    x += part.width + GAP;
  }
  return whole;
}
