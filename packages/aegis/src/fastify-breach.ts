/** LIST 2, continued: where new passwords are looked up. */
import type { Audit } from "./audit/auditor.ts";
import { breachCheck } from "./breach/breach.ts";
import type { BreachSource } from "./breach/checker.ts";
import { rangeSource } from "./breach/range.ts";
import type { Policy } from "./policy.ts";

interface Wiring {
  readonly policy: Policy;
  readonly breaches?: BreachSource;
}

export function breachedBy({ policy, breaches }: Wiring, audit: Audit) {
  const online = () => rangeSource({ fetch, timeoutSeconds: policy.breach.timeoutSeconds });
  const source = breaches ?? (policy.breach.source === "online" ? online() : undefined);
  const check = breachCheck(policy.breach, source, {
    onUnavailable: (because) =>
      audit(undefined, { event: "password.breach_unchecked", outcome: "failure", facts: { because } }),
  });
  return async (password: string): Promise<number | undefined> => {
    const verdict = await check(password);
    return verdict.ok ? undefined : verdict.count;
  };
}
