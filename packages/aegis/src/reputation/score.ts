/** How points add up, fade and turn into a ban, pure. */
export const causes = ["sign_in_failed", "not_found", "limited", "forged", "malformed"] as const;
export type Cause = (typeof causes)[number];

export const POINTS: Readonly<Record<Cause, number>> = {
  sign_in_failed: 2,
  not_found: 2,
  limited: 2,
  forged: 5,
  malformed: 5,
};

export interface CauseCount {
  readonly count: number;
  readonly lastAt: number;
}

/** What is held against a subject. Times are milliseconds since the Unix epoch. */
export interface Standing {
  /** As of `at`. */
  readonly score: number;
  readonly at: number;
  /** Bans so far, forgotten a day after the last. */
  readonly bans: number;
  readonly bannedAt: number;
  readonly bannedUntil: number;
  readonly causes: Readonly<Partial<Record<Cause, CauseCount>>>;
}

export interface ScoreRule {
  readonly suspiciousScore: number;
  /** Undefined: never (people are slowed, not banned). */
  readonly banScore: number | undefined;
  readonly halfLifeMs: number;
  readonly firstBanMs: number;
  readonly longestBanMs: number;
}

export const REMEMBERED_MS = 86_400_000;

export const scoreAt = ({ score, at }: Standing, now: number, { halfLifeMs }: ScoreRule): number =>
  score * 2 ** (-Math.max(0, now - at) / halfLifeMs);

export const isBanned = (standing: Standing | undefined, now: number): standing is Standing =>
  standing !== undefined && standing.bannedUntil > now;

/** `times` more of a cause. What comes during a ban is counted and adds nothing: it would never end. */
export function held(
  before: Standing | undefined,
  { cause, times }: { readonly cause: Cause; readonly times: number },
  now: number,
  rule: ScoreRule,
): Standing {
  const earlier = before?.causes[cause];
  const counted = { ...before?.causes, [cause]: { count: (earlier?.count ?? 0) + times, lastAt: now } };
  const bans = before !== undefined && now - before.bannedUntil < REMEMBERED_MS ? before.bans : 0;
  const since = before === undefined ? 0 : scoreAt(before, now, rule);
  const kept = {
    at: Math.max(now, before?.at ?? 0),
    bans,
    bannedAt: before?.bannedAt ?? 0,
    bannedUntil: before?.bannedUntil ?? 0,
    causes: counted,
  };
  if (isBanned(before, now)) return { ...kept, score: since };
  const score = since + POINTS[cause] * times;
  if (rule.banScore === undefined || score < rule.banScore) return { ...kept, score };
  return {
    ...kept,
    // Still suspicious when the ban is over, and not at its edge.
    score: Math.min(rule.suspiciousScore, rule.banScore / 2),
    bans: bans + 1,
    bannedAt: now,
    bannedUntil: now + Math.min(rule.longestBanMs, rule.firstBanMs * 2 ** Math.min(bans, 20)),
  };
}

/** When nothing of it matters any more. */
export const forgottenAt = ({ at, bans, bannedUntil }: Standing, { halfLifeMs }: ScoreRule): number =>
  Math.max(at + 10 * halfLifeMs, bans > 0 ? bannedUntil + REMEMBERED_MS : 0);
