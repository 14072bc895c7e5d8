/** Standings in the words of the domain: asked on every request, told of what goes wrong, and away now and then. */
import type { Clock } from "../lib/clock.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { isUnavailable } from "../lib/unavailable.ts";
import type { ReputationPolicy } from "./policy.ts";
import { type Cause, isBanned, scoreAt, type ScoreRule, type Standing } from "./score.ts";
import type { Ban, ReputationStore } from "./store.ts";

export interface ReputationWiring {
  readonly store: ReputationStore;
  readonly clock: Clock;
  readonly onBan: (subject: string, standing: Standing) => void;
  readonly onError: (error: unknown) => void;
}

export interface Verdict {
  /** 0: not banned. */
  readonly bannedForMs: number;
  readonly isSuspicious: boolean;
  /** Nothing at all is held against it. */
  readonly isClean: boolean;
}

export type Reputation = ReturnType<typeof reputationService>;

/** A ban reaches the other instances within this time, and so does its end. */
const REMEMBERED_MS = 2000;
const MOST_REMEMBERED = 10_000;
/** Reports that wait to be counted: beyond it they are dropped, for there is proof enough. */
const MOST_WAITING = 1000;
const ASK_AGAIN_MS = 1000;
const CLEAN: Verdict = { bannedForMs: 0, isSuspicious: false, isClean: true };

export const ruleFor = (policy: DeepReadonly<ReputationPolicy>, who: "address" | "person"): ScoreRule => ({
  suspiciousScore: policy.suspiciousScoreLimit,
  banScore: who === "address" ? policy.banScoreLimit : undefined,
  halfLifeMs: policy.halfLifeSeconds * 1000,
  firstBanMs: policy.firstBanSeconds * 1000,
  longestBanMs: policy.longestBanSeconds * 1000,
});

export function reputationService(
  policy: DeepReadonly<ReputationPolicy>,
  { store, clock, onBan, onError }: ReputationWiring,
) {
  const rules = { address: ruleFor(policy, "address"), person: ruleFor(policy, "person") };
  const remembered = new Map<string, { readonly standing: Standing | undefined; readonly until: number }>();
  const waiting = new Map<string, Map<Cause, number>>();
  let awayUntil = 0;

  const remember = (subject: string, standing: Standing | undefined): void => {
    if (!store.isShared) return;
    if (remembered.size >= MOST_REMEMBERED) remembered.clear();
    remembered.set(subject, { standing, until: clock.now() + REMEMBERED_MS });
  };
  /** Without a store nobody is known, and nobody banned: limits go on holding by themselves. */
  const unlessAway = async <T>(ask: () => Promise<T>): Promise<T | undefined> => {
    if (clock.now() < awayUntil) return undefined;
    if (awayUntil !== 0) awayUntil = clock.now() + ASK_AGAIN_MS; // one request asks for all
    try {
      const answer = await ask();
      awayUntil = 0;
      return answer;
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      if (awayUntil === 0) onError(error);
      awayUntil = clock.now() + ASK_AGAIN_MS; // a store that hangs has used up the time until here
      return undefined;
    }
  };
  const standingOf = async (subject: string): Promise<Standing | undefined> => {
    const known = remembered.get(subject);
    if (known !== undefined && known.until > clock.now()) return known.standing;
    const found = await unlessAway(async () => ({ standing: await store.find(subject, clock.now()) }));
    if (found === undefined) return known?.standing; // the last that was known of it
    remember(subject, found.standing);
    return found.standing;
  };

  const flush = async (subject: string, label: string, who: "address" | "person"): Promise<void> => {
    for (;;) {
      const [next] = waiting.get(subject) ?? [];
      if (next === undefined) break;
      const [cause, times] = next;
      waiting.get(subject)?.delete(cause);
      const now = clock.now();
      const done = await unlessAway(() => store.hold(subject, label, { cause, times }, now, rules[who]));
      if (done === undefined) continue;
      remember(subject, done.standing);
      if (done.isNewBan) onBan(subject, done.standing);
    }
    waiting.delete(subject);
  };

  const verdictOn = (standing: Standing | undefined, who: "address" | "person", now: number): Verdict => {
    if (standing === undefined) return CLEAN;
    const score = scoreAt(standing, now, rules[who]);
    return {
      bannedForMs: isBanned(standing, now) ? standing.bannedUntil - now : 0,
      isSuspicious: score >= policy.suspiciousScoreLimit,
      isClean: score < 1,
    };
  };

  return {
    verdict: async (subject: string, who: "address" | "person"): Promise<Verdict> =>
      verdictOn(await standingOf(subject), who, clock.now()),

    /** The same where it is remembered; undefined says nothing but "ask". */
    knownVerdict(subject: string, who: "address" | "person", now: number): Verdict | undefined {
      const known = remembered.get(subject);
      return known !== undefined && known.until > now ? verdictOn(known.standing, who, now) : undefined;
    },

    /** Counted soon, one trip at a time and subject: what comes meanwhile is added up. */
    report(subject: string, label: () => string, who: "address" | "person", cause: Cause): void {
      const under = waiting.get(subject);
      if (under !== undefined) {
        under.set(cause, (under.get(cause) ?? 0) + 1);
        return;
      }
      if (waiting.size >= MOST_WAITING) return;
      waiting.set(subject, new Map([[cause, 1]]));
      flush(subject, label(), who).catch((error: unknown) => {
        waiting.delete(subject);
        onError(error);
      });
    },

    listBans: (limit: number): Promise<readonly Ban[]> => store.listBans(clock.now(), limit),

    async lift(subject: string): Promise<boolean> {
      const standing = await store.find(subject, clock.now());
      if (!isBanned(standing, clock.now())) return false;
      remembered.delete(subject);
      return store.lift(subject);
    },
  };
}
