/** Where an arrow key leads: to what is linked and lies that way, or else to what lies that way at all. Pure. */
import type { Link, Place } from "./force.ts";

export const ARROWS = {
  ArrowRight: { x: 1, y: 0 },
  ArrowLeft: { x: -1, y: 0 },
  ArrowDown: { x: 0, y: 1 },
  ArrowUp: { x: 0, y: -1 },
} as const satisfies Readonly<Record<string, Place>>;

export const isArrow = (key: string): key is keyof typeof ARROWS => Object.hasOwn(ARROWS, key);

/** Cosines: a link is followed in half of all directions, what is not linked in a quarter. */
const [LINKED, ANY] = [0.17, 0.64];

export function nextTo(
  from: string,
  arrow: keyof typeof ARROWS,
  places: ReadonlyMap<string, Place>,
  links: readonly Link[],
): string | undefined {
  const here = places.get(from);
  if (here === undefined) return undefined;
  const way = ARROWS[arrow];
  const linked = new Set(
    links.flatMap((link) => (link.from === from ? [link.to] : link.to === from ? [link.from] : [])),
  );
  const seen = [...places].flatMap(([id, there]) => {
    const [x, y] = [there.x - here.x, there.y - here.y];
    const distance = Math.hypot(x, y);
    if (id === from || distance === 0) return [];
    return [{ id, distance, straight: (x * way.x + y * way.y) / distance }];
  });
  const best = (some: typeof seen): string | undefined =>
    some.toSorted((a, b) => a.distance / a.straight - b.distance / b.straight)[0]?.id;
  return (
    best(seen.filter(({ id, straight }) => linked.has(id) && straight > LINKED)) ??
    best(seen.filter(({ straight }) => straight > ANY))
  );
}
