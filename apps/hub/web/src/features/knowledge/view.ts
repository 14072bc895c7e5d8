/** What part of the map is seen, and what of it can be read. Pure. */
import type { Place } from "./force.ts";

export interface View {
  readonly zoom: number;
  /** What lies in the middle, in the map's own square. */
  readonly x: number;
  readonly y: number;
}
export interface Size {
  readonly width: number;
  readonly height: number;
}

export const WHOLE: View = { zoom: 1, x: 0.5, y: 0.5 };
const [LEAST, MOST, STEP, PAN] = [1, 6, 1.5, 0.2];
/** Room for half of a name at the sides, and for a name below. */
const MARGIN = { x: 56, y: 40 };

const within = (value: number, least: number, most: number) => Math.min(most, Math.max(least, value));

/** Nobody gets lost: the middle of what is seen stays on the map. */
const kept = ({ zoom, x, y }: View): View => {
  const half = 0.5 / zoom;
  return { zoom, x: within(x, half, 1 - half), y: within(y, half, 1 - half) };
};
export const zoomed = (view: View, direction: 1 | -1): View =>
  kept({ ...view, zoom: within(view.zoom * STEP ** direction, LEAST, MOST) });
export const panned = (view: View, { x, y }: Place): View =>
  kept({ ...view, x: view.x + (x * PAN) / view.zoom, y: view.y + (y * PAN) / view.zoom });
/** So that a place is seen, moved no further than needed. */
export function showing(view: View, { x, y }: Place): View {
  const half = 0.4 / view.zoom;
  return kept({ ...view, x: within(view.x, x - half, x + half), y: within(view.y, y - half, y + half) });
}

export const screenOf =
  ({ zoom, x, y }: View, { width, height }: Size) =>
  (place: Place): Place => ({
    x: width / 2 + (place.x - x) * zoom * (width - 2 * MARGIN.x),
    y: height / 2 + (place.y - y) * zoom * (height - 2 * MARGIN.y),
  });

const [LETTER, LINE, MARK] = [7.2, 20, 11];
const SIDES = ["below", "above"] as const;
export const LONGEST_LABEL = 22;
export const shortened = (title: string): string => {
  const letters = [...title];
  return letters.length <= LONGEST_LABEL
    ? title
    : `${letters
        .slice(0, LONGEST_LABEL - 1)
        .join("")
        .trimEnd()}…`;
};

/** From the middle of a mark to the line of its name. */
const AWAY = { below: 26, above: -18 } as const;
const halfOf = (title: string): number => ([...shortened(title)].length * LETTER) / 2;

/** In the middle below a mark, or above, and moved to the side where the window ends. */
export function nameAt(title: string, at: Place, { width }: Size, side: keyof typeof AWAY = "below"): Place {
  const half = Math.min(halfOf(title), width / 2);
  return { x: within(at.x, half, width - half), y: at.y + AWAY[side] };
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}
const overlap = (a: Box, b: Box): boolean =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
const around = ({ x, y }: Place, halfWidth: number, up: number, down: number): Box => ({
  left: x - halfWidth,
  right: x + halfWidth,
  top: y - up,
  bottom: y + down,
});

/**
 * Names that cover no other name and no mark, the most linked first, below or else above: the others show when one goes
 * there, or nearer.
 */
export function readable(
  nodes: readonly {
    readonly id: string;
    readonly title: string;
    readonly weight: number;
    readonly at: Place;
  }[],
  size: Size,
): ReadonlyMap<string, Place> {
  const shown = new Map<string, Place>();
  const marks = nodes.map(({ id, at }) => ({ id, box: around(at, MARK, MARK, MARK) }));
  const names: Box[] = [];
  for (const { id, title, at } of nodes.toSorted((a, b) => b.weight - a.weight || (a.id < b.id ? -1 : 1))) {
    // A mark that is not seen has no name that could be.
    if (at.x < 0 || at.x > size.width || at.y < 0 || at.y > size.height) continue;
    for (const side of SIDES) {
      const name = nameAt(title, at, size, side);
      const box = around(name, halfOf(title), LINE - 5, 5);
      if (box.top < 0 || box.bottom > size.height || names.some((other) => overlap(other, box))) continue;
      if (marks.some((mark) => mark.id !== id && overlap(mark.box, box))) continue;
      names.push(box);
      shown.set(id, name);
      break;
    }
  }
  return shown;
}
