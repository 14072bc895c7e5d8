/** Attempts at one account, in the words of the domain. */
import { hmac } from "../lib/bytes.ts";
import type { Clock } from "../lib/clock.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { forRoles, isProbe } from "../lib/pace.ts";
import { delaysOf } from "./delays.ts";
import type { ThrottlePolicy } from "./policy.ts";
import type { ThrottleRule, ThrottleState, ThrottleStore } from "./store.ts";

/** What is guessed at: the password of a sign-in, the second factor, or the proof in a session that may be stolen. */
export type ThrottleKind = "sign-in" | "second-factor" | "confirm";

/** Whose attempt it is. `device`: a browser that signed in to this account before. */
export interface Attempter {
  readonly accountId: string | undefined;
  /** What was typed, where no account has it. */
  readonly login?: string;
  readonly device?: string | undefined;
  /** The account's: the waits of a probe account pass faster. */
  readonly roles?: readonly string[];
}

export interface Attempt {
  /** False: it must wait, and may not be looked at. The answer must not tell. */
  readonly allowed: boolean;
  /** True for the one attempt in a row at which the owner should be told. */
  readonly tellOwner: boolean;
  /** It was right: nothing is held against the lane any more. */
  succeeded(): Promise<void>;
}

export interface Throttle {
  attempt(kind: ThrottleKind, who: Attempter): Promise<Attempt>;
  /** Lets unknown devices try again at these; default: at everything. */
  unlock(accountId: string, kinds?: readonly ThrottleKind[]): Promise<void>;
  stateOf(accountId: string): Promise<ThrottleState | undefined>;
  /** The lane with the most failures, at whatever is guessed at; an unknown device's alone. */
  worstOf(accountId: string): Promise<ThrottleState | undefined>;
  /** Accounts at which so many tries failed in a row, the most first. */
  failing(leastFailures: number, limit: number): Promise<readonly { readonly accountId: string }[]>;
  removeStale(): Promise<number>;
}

/** Where passwords are guessed at. A new one ends what was behind them, and nothing else. */
export const PASSWORD_KINDS: readonly ThrottleKind[] = ["sign-in", "confirm"];
const KINDS: readonly ThrottleKind[] = ["sign-in", "second-factor", "confirm"];
/** Names that nobody has share so many lanes: a stranger cannot make the table grow without end. */
const STRANGER_LANES = 65_536;
const NOBODY = " nobody ";
const TELL_OWNER_AT = 10;

export function throttleService(
  policy: DeepReadonly<ThrottlePolicy>,
  store: ThrottleStore,
  key: Uint8Array,
  clock: Clock,
): Throttle {
  const ruleOf = (own: DeepReadonly<ThrottlePolicy>): ThrottleRule => ({
    delaysSeconds: delaysOf(own),
    forgetAfterSeconds: own.forgetAfterSeconds,
  });
  const rule = ruleOf(policy);
  const tellOwnerAt = policy.mode === "lockout" ? policy.freeAttemptCount + 1 : TELL_OWNER_AT;
  const laneOf = (kind: ThrottleKind, { accountId, login = "", device }: Attempter): string => {
    if (accountId === undefined) {
      const bucket = Buffer.from(hmac(key, login), "base64url").readUInt32BE(0) % STRANGER_LANES;
      return `${kind}${NOBODY}${bucket}`;
    }
    return device === undefined ? `${kind} ${accountId}` : `${kind} ${accountId} ${device}`;
  };

  return {
    async attempt(kind, who) {
      const lane = laneOf(kind, who);
      const { roles = [] } = who;
      const own = isProbe(roles) ? ruleOf(forRoles("throttle", policy, roles)) : rule;
      const failures = await store.begin(lane, clock.now(), own);
      return {
        allowed: failures !== undefined,
        tellOwner: failures === tellOwnerAt,
        succeeded: () => store.clear([lane]),
      };
    },
    unlock: (accountId, kinds = KINDS) => store.clear(kinds.map((kind) => laneOf(kind, { accountId }))),
    stateOf: (accountId) => store.find(laneOf("sign-in", { accountId })),
    worstOf: async (accountId) => {
      const found = await Promise.all(KINDS.map((kind) => store.find(laneOf(kind, { accountId }))));
      return found
        .filter((state) => state !== undefined)
        .toSorted((a, b) => b.failures - a.failures || b.nextAt - a.nextAt)[0];
    },
    failing: async (leastFailures, limit) => {
      const lanes = await store.listFailing(leastFailures, NOBODY, limit * KINDS.length);
      const ids = new Set(lanes.map(({ lane }) => lane.split(" ")[1] ?? ""));
      return [...ids].slice(0, limit).map((accountId) => ({ accountId }));
    },
    removeStale: () => {
      const now = clock.now();
      return store.removeStale(now - policy.forgetAfterSeconds * 1000, now);
    },
  };
}
