import {
  COMMONEST_KEPT,
  type CspGroup,
  type CspKind,
  type CspReportStore,
  NEWEST_KEPT,
} from "./csp-groups.ts";

const newestFirst = (a: CspGroup, b: CspGroup): number =>
  b.lastAt - a.lastAt || (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

/** The executable specification of a store of reports; forgets everything when the process ends. */
export class MemoryCspReportStore implements CspReportStore {
  #groups: ReadonlyMap<string, CspGroup> = new Map();

  async add({ directive, blocked, page }: CspKind, at: number): Promise<void> {
    const key = JSON.stringify([directive, blocked, page]);
    const before = this.#groups.get(key);
    const group: CspGroup = {
      directive,
      blocked,
      page,
      count: (before?.count ?? 0) + 1,
      firstAt: Math.min(before?.firstAt ?? at, at),
      lastAt: Math.max(before?.lastAt ?? at, at),
    };
    const all = [...this.#groups].filter(([other]) => other !== key);
    this.#groups = new Map([...all, [key, group]]);
    if (before !== undefined || this.#groups.size <= NEWEST_KEPT) return;
    const groups = [...this.#groups.values()];
    const kept = new Set([
      ...groups.toSorted(newestFirst).slice(0, NEWEST_KEPT),
      ...groups.toSorted((a, b) => b.count - a.count || newestFirst(a, b)).slice(0, COMMONEST_KEPT),
    ]);
    this.#groups = new Map([...this.#groups].filter(([, one]) => kept.has(one)));
  }

  async list(): Promise<readonly CspGroup[]> {
    return [...this.#groups.values()].toSorted(newestFirst);
  }

  async removeBefore(time: number): Promise<number> {
    const before = this.#groups.size;
    this.#groups = new Map([...this.#groups].filter(([, { lastAt }]) => lastAt >= time));
    return before - this.#groups.size;
  }
}
