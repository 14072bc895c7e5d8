/**
 * Threat: a way into an account that somebody forgot when the second factor was made a rule. Rule: a session can be
 * started only at the end of a classified path, on a route that declares it; anything else stops the start, or the
 * request. References: ASVS 5.0 6.3.3, 6.3.4; CWE-288.
 */
import type { Aal } from "../request.ts";

/** What somebody has shown who came this way: one factor, a second one after a first, or both at once. */
export type SignInProof = "one-factor" | "second-factor" | "two-factors";

const PROOFS: readonly string[] = ["one-factor", "second-factor", "two-factors"];
const NAME = /^[a-z][a-z0-9_-]{0,31}$/;

export interface SignInPaths {
  /** @throws when the name is taken or strange, or the proof is none of the three: an unclassified path does not start. */
  declare(name: string, proof: SignInProof): void;
  isDeclared(name: string): boolean;
  /** What the paths amount to together. @throws for one that was never declared */
  aalOf(names: readonly string[]): Aal;
  /** True for a path that may open a sign-in: a second factor alone may not. */
  opens(name: string): boolean;
}

export function signInPaths(): SignInPaths {
  const paths = new Map<string, SignInProof>();
  const proofOf = (name: string): SignInProof => {
    const proof = paths.get(name);
    if (proof === undefined) throw new Error(`The sign-in path "${name}" was never declared.`);
    return proof;
  };

  return {
    declare(name, proof) {
      if (!NAME.test(name)) throw new Error(`"${name}" is no name for a sign-in path.`);
      if (!PROOFS.includes(proof))
        throw new Error(
          `The sign-in path "${name}" does not say what it proves. Say "one-factor", "second-factor" or "two-factors": ` +
            "without it nobody decided whether the second factor may be skipped there.",
        );
      if (paths.has(name)) throw new Error(`The sign-in path "${name}" is declared twice.`);
      paths.set(name, proof);
    },
    isDeclared: (name) => paths.has(name),
    opens: (name) => proofOf(name) !== "second-factor",
    aalOf(names) {
      const proofs = new Set(names.map(proofOf));
      return proofs.has("two-factors") || (proofs.has("one-factor") && proofs.has("second-factor")) ? 2 : 1;
    },
  };
}
