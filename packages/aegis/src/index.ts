export { definePolicy, environmentOf, fingerprint, policySchema } from "./policy.ts";
export type { Policy, PolicyInput, PolicyOverrides } from "./policy.ts";
export { PolicyError } from "./policy-check.ts";
export type { PolicyProblem } from "./policy-check.ts";
export { presets } from "./presets.ts";
export type { PresetName } from "./presets.ts";
export { AegisError } from "./errors.ts";
export type { Environment } from "./lib/schema.ts";
