/**
 * Which accounts somebody should look at, and why; pure. Nobody is refused because of it. References: requirement ACC-3;
 * NIST SP 800-63B-4 3.2.2; ASVS 5.0 6.3.
 */
export interface RiskFacts {
  readonly isPrivileged: boolean;
  readonly hasSecondFactor: boolean;
  readonly mustChangePassword: boolean;
  readonly isPasswordExpired: boolean;
  /** Shorter than an account without a second factor may have. */
  readonly isPasswordShort: boolean;
  /** Failed tries in a row, at whatever is guessed at. */
  readonly failures: number;
  /** Milliseconds since the Unix epoch; null: nobody waits. */
  readonly waitsUntil: number | null;
}

export const riskKinds = [
  "no_second_factor",
  "locked",
  "failed_tries",
  "short_password",
  "password_expired",
  "must_change_password",
] as const;
export type RiskKind = (typeof riskKinds)[number];

/** Fewer are people who mistype. */
export const FAILURES_SHOWN = 5;

/** The worst first; nothing where nothing is wrong. */
export function risksOf(facts: RiskFacts, now: number): readonly RiskKind[] {
  const holds: Readonly<Record<RiskKind, boolean>> = {
    no_second_factor: facts.isPrivileged && !facts.hasSecondFactor,
    locked: facts.waitsUntil !== null && facts.waitsUntil > now,
    failed_tries: facts.failures >= FAILURES_SHOWN,
    short_password: facts.isPasswordShort && !facts.hasSecondFactor,
    password_expired: facts.isPasswordExpired,
    must_change_password: facts.mustChangePassword,
  };
  return riskKinds.filter((kind) => holds[kind]);
}

/** How urgent: the place of the worst. */
export const rankOf = ([worst]: readonly RiskKind[]): number =>
  worst === undefined ? riskKinds.length : riskKinds.indexOf(worst);
