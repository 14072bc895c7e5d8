/** Policies with one setting changed, past the rules that would stop a start: for tests that break things on purpose. */
import { deepFreeze, mergeData } from "../lib/freeze.ts";
import type { Policy } from "../policy.ts";

/** The policy with one leaf replaced. Not checked, so that it can be weaker than any policy that starts. */
export function withLeaf(policy: Policy, path: string, value: unknown): Policy {
  const over = path.split(".").reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
  return deepFreeze(mergeData(policy, over)) as Policy;
}
