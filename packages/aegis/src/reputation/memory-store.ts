/**
 * The executable specification of a reputation store; forgets everything when the process ends. Strangers can make it
 * grow: at the cap what is over goes first, then whoever was quiet longest; bans are the last to go.
 */
import { forgottenAt, held, isBanned, type Cause, type ScoreRule, type Standing } from "./score.ts";
import type { Ban, ReputationStore } from "./store.ts";

interface Kept extends Ban {
  readonly forgottenAt: number;
}

const MOST_SUBJECTS = 50_000;

export class MemoryReputationStore implements ReputationStore {
  readonly isShared = false;
  readonly #kept = new Map<string, Kept>();
  readonly #most: number;

  constructor({ mostSubjects = MOST_SUBJECTS }: { readonly mostSubjects?: number } = {}) {
    this.#most = mostSubjects;
  }

  get size(): number {
    return this.#kept.size;
  }

  async hold(
    subject: string,
    label: string,
    cause: { readonly cause: Cause; readonly times: number },
    now: number,
    rule: ScoreRule,
  ): Promise<{ readonly standing: Standing; readonly isNewBan: boolean }> {
    const before = this.#find(subject, now); // no pause between looking and keeping
    const standing = held(before, cause, now, rule);
    this.#kept.delete(subject);
    this.#kept.set(subject, { subject, label, standing, forgottenAt: forgottenAt(standing, rule) });
    this.#makeRoom(now);
    return { standing, isNewBan: isBanned(standing, now) && !isBanned(before, now) };
  }

  async find(subject: string, now: number): Promise<Standing | undefined> {
    return this.#find(subject, now);
  }

  #find(subject: string, now: number): Standing | undefined {
    const kept = this.#kept.get(subject);
    return kept !== undefined && kept.forgottenAt > now ? kept.standing : undefined;
  }

  async listBans(now: number, limit: number): Promise<readonly Ban[]> {
    return [...this.#kept.values()]
      .filter(({ standing }) => isBanned(standing, now))
      .toSorted((a, b) => b.standing.bannedAt - a.standing.bannedAt)
      .slice(0, limit)
      .map(({ subject, label, standing }) => ({ subject, label, standing }));
  }

  async lift(subject: string): Promise<boolean> {
    return this.#kept.delete(subject);
  }

  #makeRoom(now: number): void {
    if (this.#kept.size <= this.#most) return;
    const spare = Math.max(1, Math.floor(this.#most / 20)); // by the twentieth: not a look at all of them each time
    const goesFirst = (one: Kept): boolean => one.forgottenAt <= now || !isBanned(one.standing, now);
    for (const group of [goesFirst, () => true])
      for (const [subject, one] of this.#kept) {
        if (this.#kept.size <= this.#most - spare) return;
        if (group(one)) this.#kept.delete(subject);
      }
  }
}
