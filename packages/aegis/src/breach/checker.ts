/** What every source of breached passwords answers, and the one way to turn a password into what they look up. */
import { createHash } from "node:crypto";

/** How often a password was seen in breaches, or why that could not be found out. */
export type BreachAnswer =
  | { readonly checked: true; readonly count: number }
  | { readonly checked: false; readonly because: string };

export interface BreachSource {
  /** Never rejects: what goes wrong is an answer. `because` holds nothing of the password and nothing of its hash. */
  count(password: string): Promise<BreachAnswer>;
}

export const notChecked = (because: string): BreachAnswer => ({ checked: false, because });

/**
 * SHA-1 of the password as UTF-8 after NFKC. SHA-1 because the public lists are made of it; nothing is kept or
 * proven with it, so that its collisions are of no use to anybody.
 */
export function breachHash(password: string): Buffer {
  return createHash("sha1").update(password.normalize("NFKC"), "utf8").digest();
}
