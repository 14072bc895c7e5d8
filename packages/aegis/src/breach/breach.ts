/** Holds a new password against what was seen in breaches, as the policy says. */
import type { DeepReadonly } from "../lib/freeze.ts";
import { type BreachAnswer, type BreachSource, notChecked } from "./checker.ts";
import { breachError } from "./errors.ts";
import type { BreachPolicy } from "./policy.ts";

export type BreachVerdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: "breached"; readonly count: number };

export interface BreachHooks {
  /** Told each time a password could not be looked up, whatever the policy then does: it belongs in the log. */
  readonly onUnavailable: (because: string) => void;
}

const RETRY_AFTER_SECONDS = 60;

/**
 * The check of new passwords. `source` may be left out only where the policy's source is "off".
 * What it returns @throws AEGIS_BREACH_UNCHECKED when there was no answer and the policy refuses that.
 */
export function breachCheck(
  policy: DeepReadonly<BreachPolicy>,
  source: BreachSource | undefined,
  { onUnavailable }: BreachHooks,
): (password: string) => Promise<BreachVerdict> {
  if (policy.source === "off") return () => Promise.resolve({ ok: true });
  // Found at start, not at the first registration: a missing source would wave everything through.
  if (source === undefined) throw new TypeError(`breach.source is ${policy.source}, but none was given.`);

  return async (password) => {
    const answer = await ask(source, password);
    if (answer.checked)
      return answer.count >= policy.seenLimit
        ? { ok: false, reason: "breached", count: answer.count }
        : { ok: true };
    onUnavailable(answer.because);
    if (policy.onUnavailable === "refuse")
      throw breachError("AEGIS_BREACH_UNCHECKED", { retryAfterSeconds: RETRY_AFTER_SECONDS });
    return { ok: true };
  };
}

/** A source of somebody else may reject after all, or throw; its message could hold the password. */
async function ask(source: BreachSource, password: string): Promise<BreachAnswer> {
  try {
    return await source.count(password);
  } catch {
    return notChecked("the source failed");
  }
}
