/** Every setting of a policy with its meaning, for people and tools. */
import { isRecord, leavesOf } from "./lib/freeze.ts";
import { type Policy, policySchema } from "./policy.ts";
import { expectation } from "./policy-check.ts";

/** Every leaf as [dotted path, value]; a list is one leaf. */
export const policyLeaves = (policy: Policy): [string, unknown][] => leavesOf(policy);

export interface LeafDescription {
  readonly meaning: string;
  /** What it accepts, in words. */
  readonly takes: string;
}

export function leafDescriptions(): ReadonlyMap<string, LeafDescription> {
  return new Map(describe(policySchema, ""));
}

function describe(schema: unknown, path: string): [string, LeafDescription][] {
  if (!isRecord(schema)) return [];
  if (isRecord(schema["properties"]))
    return Object.entries(schema["properties"]).flatMap(([key, inner]) =>
      describe(inner, path === "" ? key : `${path}.${key}`),
    );
  const items = schema["items"];
  const takes = isRecord(items) ? `a list of ${expectation(items)}` : expectation(schema);
  return [[path, { meaning: typeof schema["description"] === "string" ? schema["description"] : "", takes }]];
}
