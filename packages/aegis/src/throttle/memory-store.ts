import type { FailingLane, ThrottleRule, ThrottleState, ThrottleStore } from "./store.ts";

/** The executable specification of a throttle store; forgets everything when the process ends. */
export class MemoryThrottleStore implements ThrottleStore {
  readonly #lanes = new Map<string, ThrottleState & { readonly lastAt: number }>();

  async begin(lane: string, now: number, rule: ThrottleRule): Promise<number | undefined> {
    const before = this.#lanes.get(lane);
    if (before !== undefined && before.nextAt > now && before.nextAt > before.lastAt) return undefined;
    const forgotten = before === undefined || before.lastAt + rule.forgetAfterSeconds * 1000 <= now;
    const failures = forgotten ? 1 : before.failures + 1;
    const delay = rule.delaysSeconds[failures - 1] ?? rule.delaysSeconds.at(-1) ?? 0;
    this.#lanes.set(lane, { failures, lastAt: now, nextAt: now + delay * 1000 });
    return failures;
  }

  async clear(lanes: readonly string[]): Promise<void> {
    for (const lane of lanes) this.#lanes.delete(lane);
  }

  async find(lane: string): Promise<ThrottleState | undefined> {
    const found = this.#lanes.get(lane);
    return found === undefined ? undefined : { failures: found.failures, nextAt: found.nextAt };
  }

  async listFailing(leastFailures: number, without: string, limit: number): Promise<readonly FailingLane[]> {
    return [...this.#lanes]
      .filter(([lane, { failures }]) => failures >= leastFailures && !lane.includes(without))
      .map(([lane, { failures, nextAt }]) => ({ lane, failures, nextAt }))
      .toSorted((a, b) => b.failures - a.failures || (a.lane < b.lane ? -1 : 1))
      .slice(0, limit);
  }

  async removeStale(before: number, now: number): Promise<number> {
    const stale = [...this.#lanes].filter(([, { lastAt, nextAt }]) => lastAt < before && nextAt <= now);
    for (const [lane] of stale) this.#lanes.delete(lane);
    return stale.length;
  }
}
