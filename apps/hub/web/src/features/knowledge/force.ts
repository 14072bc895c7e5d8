/**
 * Where concepts lie: what is linked attracts, everything repels, and it cools (Fruchterman and Reingold). The same graph
 * lies the same way for everybody, each time: nothing is random. In steps, so that a page stays alive meanwhile.
 */
export interface Place {
  readonly x: number;
  readonly y: number;
}
export interface Link {
  readonly from: string;
  readonly to: string;
}

const ROUNDS = 240;
const ROUNDS_A_STEP = 12;
const GOLDEN_ANGLE = Math.PI * (3 - Math.sqrt(5));

/** Places within a square of side 1, so far; the last is the best. `ids`: in an order that stays. */
export function* layout(
  ids: readonly string[],
  links: readonly Link[],
): Generator<ReadonlyMap<string, Place>> {
  const index = new Map(ids.map((id, place) => [id, place]));
  const pairs = links.flatMap(({ from, to }) => {
    const [a, b] = [index.get(from), index.get(to)];
    return a === undefined || b === undefined || a === b ? [] : [[a, b] as const];
  });
  const count = ids.length;
  const ideal = 1 / Math.sqrt(Math.max(1, count));
  // A sunflower: spread evenly, no two in one place, which would have no direction to part in.
  const xs = ids.map((_, place) => Math.sqrt((place + 0.5) / count) * Math.cos(place * GOLDEN_ANGLE) * 0.5);
  const ys = ids.map((_, place) => Math.sqrt((place + 0.5) / count) * Math.sin(place * GOLDEN_ANGLE) * 0.5);
  for (let round = 0; round < ROUNDS; round++) {
    const heat = 0.12 * (1 - round / ROUNDS) ** 2;
    const dx = new Float64Array(count);
    const dy = new Float64Array(count);
    const push = (a: number, b: number, strength: (distance: number) => number): void => {
      const x = (xs[a] ?? 0) - (xs[b] ?? 0);
      const y = (ys[a] ?? 0) - (ys[b] ?? 0);
      const distance = Math.max(1e-4, Math.hypot(x, y));
      const force = strength(distance) / distance;
      dx[a] = (dx[a] ?? 0) + x * force;
      dy[a] = (dy[a] ?? 0) + y * force;
      dx[b] = (dx[b] ?? 0) - x * force;
      dy[b] = (dy[b] ?? 0) - y * force;
    };
    for (let a = 0; a < count; a++)
      for (let b = a + 1; b < count; b++) push(a, b, (distance) => (ideal * ideal) / distance);
    for (const [a, b] of pairs) push(a, b, (distance) => -(distance * distance) / ideal);
    for (let place = 0; place < count; place++) {
      // Towards the middle, a little: parts that nothing links do not drift away from each other.
      const x = (dx[place] ?? 0) - (xs[place] ?? 0) * 0.6;
      const y = (dy[place] ?? 0) - (ys[place] ?? 0) * 0.6;
      const length = Math.max(1e-6, Math.hypot(x, y));
      xs[place] = (xs[place] ?? 0) + (x / length) * Math.min(length, heat);
      ys[place] = (ys[place] ?? 0) + (y / length) * Math.min(length, heat);
    }
    if (round % ROUNDS_A_STEP === ROUNDS_A_STEP - 1) yield fitted(ids, xs, ys, 2 * ideal);
  }
}

/** Stretched to the whole square, both ways; a few stay together in its middle. */
function fitted(
  ids: readonly string[],
  xs: readonly number[],
  ys: readonly number[],
  leastSpan: number,
): ReadonlyMap<string, Place> {
  const along = (values: readonly number[]) => {
    const [least, most] = [Math.min(...values), Math.max(...values)];
    const span = Math.max(most - least, leastSpan, 1e-6);
    return (value: number): number => 0.5 + (value - (least + most) / 2) / span;
  };
  const [x, y] = [along(xs), along(ys)];
  return new Map(ids.map((id, place) => [id, { x: x(xs[place] ?? 0), y: y(ys[place] ?? 0) }]));
}
