/** Where a value stands in a picture. */
export interface Scale {
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
}

/** Round numbers that cover the values, at most about so many. */
export function linear(values: readonly number[], [start, end]: readonly [number, number], most = 5): Scale {
  let [low, high] = [Math.min(...values), Math.max(...values)];
  if (!Number.isFinite(low) || !Number.isFinite(high)) [low, high] = [0, 1];
  if (high === low)
    [low, high] = [low === 0 ? 0 : low - Math.abs(low) / 2, high === 0 ? 1 : high + Math.abs(high) / 2];
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const size = power * ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const [first, last] = [Math.floor(low / size), Math.ceil(high / size)];
  const ticks = Array.from({ length: last - first + 1 }, (_, place) =>
    Number(((first + place) * size).toPrecision(12)),
  );
  const [from, to] = [first * size, last * size];
  return { at: (value) => start + ((value - from) / (to - from)) * (end - start), ticks };
}

/** Equal ways for equal ratios: each further step of a run costs as much as all before it. */
export function logarithmic(
  [low, high]: readonly [number, number],
  [start, end]: readonly [number, number],
): Scale {
  const [from, to] = [Math.log10(low), Math.log10(Math.max(high, low * 2))];
  // Over more than two powers of ten the steps between them would stand too close.
  const between = to - from > 2 ? [1] : [1, 2, 5];
  const ticks: number[] = [];
  for (let power = Math.floor(from); power <= to; power++)
    ticks.push(...between.map((factor) => factor * 10 ** power));
  return {
    at: (value) => start + ((Math.log10(value) - from) / (to - from)) * (end - start),
    ticks: ticks.filter((tick) => Math.log10(tick) >= from && Math.log10(tick) <= to),
  };
}
