export interface BenchCase {
  readonly title: string;
  run(): Promise<readonly (readonly [what: string, result: string])[]>;
}

const ROUNDS = 5;
const ROUND_MS = 200;

/** Median time of one call over several rounds, in words; the median, because the machine has other things to do too. */
export async function timeOf(work: () => unknown): Promise<string> {
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    let calls = 0;
    const start = performance.now();
    while (performance.now() - start < ROUND_MS) {
      await work();
      calls += 1;
    }
    rounds.push((performance.now() - start) / calls);
  }
  const median = rounds.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? Number.NaN;
  return median >= 1 ? `${median.toFixed(2)} ms` : `${(median * 1000).toFixed(2)} us`;
}
