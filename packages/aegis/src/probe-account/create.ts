/**
 * Makes a set of probe accounts, one for each time-out that a verifier may want to see: with a random password, no
 * address, no rights, and an end. Nobody else can: it takes the database, or an administrator.
 */
import type { Clock } from "../lib/clock.ts";
import { valueAt } from "../lib/freeze.ts";
import { type PacedLeaf, rolesOf } from "../lib/pace.ts";
import type { Random } from "../lib/random.ts";
import type { ProbeAccount, ProbeAccountSet } from "./file.ts";

/** Each is one more password that opens something. */
export const MAX_LIFETIME_SECONDS = 86_400;
export const MIN_LIFETIME_SECONDS = 60;

/** What is hastened together, and to how many seconds: short to wait for, long beside what a request takes. */
const SETS: readonly (readonly (readonly [PacedLeaf, number])[])[] = [
  [["session.idleTimeoutSeconds", 10]],
  [["session.absoluteTimeoutSeconds", 10]],
  [
    ["session.rotateEverySeconds", 6],
    ["session.rotationGraceSeconds", 3],
  ],
  [["session.rememberMe.idleTimeoutSeconds", 10]],
  [["session.rememberMe.absoluteTimeoutSeconds", 10]],
  [["throttle.longestDelaySeconds", 8]],
  [["throttle.lockoutSeconds", 8]],
  [["throttle.forgetAfterSeconds", 30]],
];

export interface ProbeAccountParts {
  /** What the server is configured with. */
  readonly policy: object;
  readonly create: (account: {
    readonly username: string;
    readonly displayName: string;
    readonly roles: readonly string[];
    /** Milliseconds since the Unix epoch. */
    readonly endsAt: number;
  }) => Promise<{ readonly password: string }>;
  readonly clock: Clock;
  readonly random: Random;
}

/** @throws RangeError for a lifetime below a minute or beyond a day */
export async function createProbeAccounts(
  { policy, create, clock, random }: ProbeAccountParts,
  lifetimeSeconds: number,
): Promise<ProbeAccountSet> {
  if (!(lifetimeSeconds >= MIN_LIFETIME_SECONDS && lifetimeSeconds <= MAX_LIFETIME_SECONDS))
    throw new RangeError("Probe accounts live from a minute to a day.");
  const endsAt = clock.now() + lifetimeSeconds * 1000;
  const accounts: ProbeAccount[] = [];
  for (const set of SETS) {
    const paces = new Map(set.map(([leaf, seconds]) => [leaf, paceTo(policy, leaf, seconds)]));
    const username = `probe-${random.uuid().slice(0, 13)}`;
    const { password } = await create({ username, displayName: "", roles: rolesOf(paces), endsAt });
    accounts.push({ username, password, paces: Object.fromEntries(paces) });
  }
  return { accounts, until: new Date(endsAt).toISOString() };
}

/** Whole, and never slower than the rest. */
function paceTo(policy: object, leaf: PacedLeaf, seconds: number): number {
  const configured = valueAt(policy, leaf);
  return typeof configured === "number" ? Math.max(1, Math.floor(configured / seconds)) : 1;
}
