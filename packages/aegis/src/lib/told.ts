/** Which refusals are worth an event: one per subject, limit and window, and a bounded number a minute of all. */
export interface Told {
  /** Undefined: not this one. Otherwise how many went untold since the last. */
  tell(name: string, until: number, now: number): number | undefined;
}

const MOST_NAMES = 10_000;
/** A flood from a thousand addresses must not become a flood of the log. */
const MOST_A_MINUTE = 60;

export function told(): Told {
  const names = new Map<string, number>();
  let minute = 0;
  let toldInMinute = 0;
  let untold = 0;
  return {
    tell(name, until, now) {
      if ((names.get(name) ?? 0) > now) return undefined;
      const current = Math.floor(now / 60_000);
      if (current !== minute) [minute, toldInMinute] = [current, 0];
      if (toldInMinute >= MOST_A_MINUTE) {
        untold += 1;
        return undefined;
      }
      toldInMinute += 1;
      names.delete(name);
      names.set(name, until);
      for (const [oldest] of names) {
        if (names.size <= MOST_NAMES) break;
        names.delete(oldest);
      }
      const before = untold;
      untold = 0;
      return before;
    },
  };
}
