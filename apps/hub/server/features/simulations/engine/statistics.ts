/** What can be said of a mean from a sample of it. */

/** Mean and variance in one pass (Welford): sums of squares would lose all digits where the spread is small. */
export class Moments {
  count = 0;
  mean = 0;
  #squares = 0;
  #lowest = Infinity;
  #highest = -Infinity;

  add(value: number): void {
    this.count += 1;
    this.#lowest = Math.min(this.#lowest, value);
    this.#highest = Math.max(this.#highest, value);
    const before = value - this.mean;
    this.mean += before / this.count;
    this.#squares += before * (value - this.mean);
  }

  /** Of one observation; 0 where fewer than two were made. */
  get variance(): number {
    return this.count < 2 ? 0 : this.#squares / (this.count - 1);
  }

  /** The standard error of the mean. */
  get error(): number {
    return errorOf(
      this.#squares,
      Math.max(this.#highest - this.mean, this.mean - this.#lowest),
      this.count,
      1,
    );
  }
}

/**
 * The standard error of a mean, from the squares of what is left of each observation. Two more, of the largest size seen,
 * are counted in: where all the spread comes from a few rare events, there may as well have been more of them (what
 * Agresti and Coull's rule does for shares). Among many ordinary ones they do not show.
 */
function errorOf(squares: number, largest: number, count: number, spent: number): number {
  if (count <= spent || squares <= 0) return 0;
  return Math.sqrt((squares + 2 * largest ** 2) / (count - spent) / count);
}

/** Pairs from which on a slope is worth something; a first step has four times as many. */
const LEARNT = 64;

/** The same for pairs, with how they go together. */
export class PairMoments {
  readonly left = new Moments();
  readonly right = new Moments();
  #products = 0;
  #largest = 0;

  add(left: number, right: number): void {
    const before = left - this.left.mean;
    this.left.add(left);
    this.right.add(right);
    this.#products += before * (right - this.right.mean);
    const rest = Math.abs(left - this.left.mean - this.slope * (right - this.right.mean));
    // Of the first pairs the slope says little, and what is left of them is too much.
    if (this.left.count > LEARNT && rest > this.#largest) this.#largest = rest;
  }

  /** By how much the left one rises where the right one rises by one. */
  get slope(): number {
    const { variance } = this.right;
    return variance === 0 ? 0 : this.covariance / variance;
  }

  /** The standard error of the left mean once the right one has explained what it can: the slope was learnt, too. */
  get errorLeft(): number {
    const squares = (this.left.variance - this.slope * this.covariance) * (this.left.count - 1);
    // Where one explains the other wholly, what rounding leaves is nothing.
    const isNothing = squares <= 1e-12 * this.left.variance * this.left.count;
    return errorOf(isNothing ? 0 : squares, this.#largest, this.left.count, 2);
  }

  get covariance(): number {
    return this.left.count < 2 ? 0 : this.#products / (this.left.count - 1);
  }
}

/** How many standard errors stand on each side of an estimate to hold the truth 95 times in a hundred. */
export const Z95 = 1.959963984540054;

/** The chance that a normal value is within `z` standard deviations of its mean (Abramowitz and Stegun 7.1.26, to 1e-7). */
export function within(z: number): number {
  if (z <= 0) return 0;
  const x = z / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const tail =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.min(1, Math.max(0, 1 - tail * Math.exp(-x * x)));
}
