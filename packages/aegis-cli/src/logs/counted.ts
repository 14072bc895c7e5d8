/** Counts of names that strangers may choose, in bounded memory, and honest about what was let go. */

export interface CountedRow {
  readonly name: string;
  readonly count: number;
}

/** Names held between two clearings; twice as many while it fills. */
const KEPT = 2000;

export class Counted {
  readonly #counts = new Map<string, number>();
  #total = 0;
  #missed = 0;

  add(name: string): void {
    this.#total += 1;
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    if (this.#counts.size >= 2 * KEPT) this.#clear();
  }

  /**
   * The rare ones go, so that there is room for whoever comes late and often. What one of them had counted is at most the
   * largest that went: that is what a row may be short of.
   */
  #clear(): void {
    const sorted = [...this.#counts].toSorted(([, a], [, b]) => b - a);
    this.#missed += sorted[KEPT]?.[1] ?? 0;
    this.#counts.clear();
    for (const [name, count] of sorted.slice(0, KEPT)) this.#counts.set(name, count);
  }

  get total(): number {
    return this.#total;
  }

  /** The most frequent, what all others come to, and by how much a row may be too low (0: it is exact). */
  top(most: number): {
    readonly rows: readonly CountedRow[];
    readonly others: number;
    readonly missed: number;
  } {
    const rows = [...this.#counts]
      .toSorted(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
      .slice(0, most)
      .map(([name, count]) => ({ name, count }));
    return {
      rows,
      others: this.#total - rows.reduce((sum, { count }) => sum + count, 0),
      missed: this.#missed,
    };
  }
}

/** From a tenth of a millisecond in steps of a tenth: a quantile is right to 10 %, whatever there is to count. */
const STEP = 1.1;
const LEAST_MS = 0.1;
const STEPS = 150;

export class Times {
  readonly #steps = new Uint32Array(STEPS);
  #count = 0;
  #slowest = 0;

  add(ms: number): void {
    const step = ms <= LEAST_MS ? 0 : Math.ceil(Math.log(ms / LEAST_MS) / Math.log(STEP));
    const place = Math.min(STEPS - 1, step);
    this.#steps[place] = (this.#steps[place] ?? 0) + 1;
    this.#count += 1;
    this.#slowest = Math.max(this.#slowest, ms);
  }

  /** What the other has counted, too. */
  join(other: Times): void {
    for (const [place, count] of other.#steps.entries())
      this.#steps[place] = (this.#steps[place] ?? 0) + count;
    this.#count += other.#count;
    this.#slowest = Math.max(this.#slowest, other.#slowest);
  }

  get count(): number {
    return this.#count;
  }

  get slowestMs(): number {
    return this.#slowest;
  }

  quantileMs(share: number): number {
    let seen = 0;
    for (const [place, count] of this.#steps.entries()) {
      seen += count;
      if (seen >= share * this.#count) return Math.min(this.#slowest, LEAST_MS * STEP ** place);
    }
    return this.#slowest;
  }
}
