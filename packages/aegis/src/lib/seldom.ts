import type { Clock } from "./clock.ts";

/** More names than this are not remembered: the oldest is let go. */
const MOST = 10_000;

/** True once for a name and a while: what somebody can repeat without end is told of once. */
export function seldom(everySeconds: number, clock: Clock): (name: string) => boolean {
  const told = new Map<string, number>();
  return (name) => {
    const now = clock.now();
    const last = told.get(name);
    if (last !== undefined && now - last < everySeconds * 1000) return false;
    told.delete(name);
    told.set(name, now);
    for (const oldest of told.keys()) {
      if (told.size <= MOST) break;
      told.delete(oldest);
    }
    return true;
  };
}
