/** Policies with one setting changed, past the rules that would stop a start: for tests that break things on purpose. */
import { deepFreeze, isRecord, mergeData } from "../lib/freeze.ts";
import type { Policy } from "../policy.ts";

/** The policy with one leaf replaced. Not checked, so that it can be weaker than any policy that starts. */
export function withLeaf(policy: Policy, path: string, value: unknown): Policy {
  const over = path.split(".").reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
  const changed: unknown = deepFreeze(mergeData(policy, over));
  if (!isPolicyShaped(changed, policy)) throw new TypeError(`no such setting: ${path}`);
  return changed;
}

/** The same rooms as before; what stands in them is the test's affair. */
const isPolicyShaped = (changed: unknown, policy: Policy): changed is Policy =>
  isRecord(changed) && Object.keys(policy).every((room) => Object.hasOwn(changed, room));
