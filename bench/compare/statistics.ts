/** What is made of the numbers of several rounds. */

export interface Spread {
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

/** Of numbers in ascending order: the least of which `share` are no greater. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2;
}

/** Median, lowest and highest; of no values, none. */
export function spread(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined;
  return { low: Math.min(...values), median: median(values), high: Math.max(...values) };
}

/**
 * Round by round `of` over `to`, so that what the machine did in a round falls on both. Rounds that one of them lacks
 * are left out.
 */
export function ratios(of: readonly number[], to: readonly number[]): Spread | undefined {
  const pairs = of.flatMap((value, round) => {
    const other = to[round];
    return other === undefined || Number.isNaN(value / other) ? [] : [value / other];
  });
  return spread(pairs);
}
