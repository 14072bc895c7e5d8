/** LIST 1: the policy, composed of the rooms' fragments; rules that cross topics; the fingerprint. */
import { createHash } from "node:crypto";
import Type from "typebox";
import { accessDefaults, accessPolicySchema } from "./access/policy.ts";
import { accountDefaults, accountPolicySchema } from "./account/policy.ts";
import { apiKeyDefaults, apiKeyPolicySchema } from "./api-key/policy.ts";
import { auditDefaults, auditPolicySchema } from "./audit/policy.ts";
import { backupDefaults, backupPolicySchema } from "./backup/policy.ts";
import { breachDefaults, breachPolicySchema } from "./breach/policy.ts";
import { csrfDefaults, csrfPolicySchema } from "./csrf/policy.ts";
import { headersDefaults, headersPolicySchema } from "./headers/policy.ts";
import { inputDefaults, inputPolicySchema } from "./input/policy.ts";
import { canonical } from "./lib/canonical.ts";
import { deepFreeze, type DeepPartial, type DeepReadonly, mergeData } from "./lib/freeze.ts";
import { type Environment, oneOf, section } from "./lib/schema.ts";
import { maintenanceDefaults, maintenancePolicySchema } from "./maintenance/policy.ts";
import { metricsDefaults, metricsPolicySchema } from "./metrics/policy.ts";
import { mfaDefaults, mfaPolicySchema } from "./mfa/policy.ts";
import { passwordDefaults, passwordPolicySchema } from "./password/policy.ts";
import { checkPolicy, PolicyError } from "./policy-check.ts";
import { type PresetName, presets } from "./presets.ts";
import { rateLimitDefaults, rateLimitPolicySchema } from "./rate-limit/policy.ts";
import { recoveryDefaults, recoveryPolicySchema } from "./recovery/policy.ts";
import { reputationDefaults, reputationPolicySchema } from "./reputation/policy.ts";
import { sanitizeDefaults, sanitizePolicySchema } from "./sanitize/policy.ts";
import { secretDefaults, secretPolicySchema } from "./secret/policy.ts";
import { sessionDefaults, sessionPolicySchema } from "./session/policy.ts";
import { tenancyDefaults, tenancyPolicySchema } from "./tenancy/policy.ts";
import { throttleDefaults, throttlePolicySchema } from "./throttle/policy.ts";
import { tokenDefaults, tokenPolicySchema } from "./token/policy.ts";
import { transportDefaults, transportPolicySchema } from "./transport/policy.ts";
import { uploadDefaults, uploadPolicySchema } from "./upload/policy.ts";

const environments = ["development", "test", "production"] as const;

export const policySchema = section(
  {
    environment: oneOf(environments, "What the policy is made for."),
    transport: transportPolicySchema,
    maintenance: maintenancePolicySchema,
    headers: headersPolicySchema,
    rateLimit: rateLimitPolicySchema,
    reputation: reputationPolicySchema,
    tenancy: tenancyPolicySchema,
    session: sessionPolicySchema,
    csrf: csrfPolicySchema,
    access: accessPolicySchema,
    account: accountPolicySchema,
    password: passwordPolicySchema,
    breach: breachPolicySchema,
    throttle: throttlePolicySchema,
    mfa: mfaPolicySchema,
    recovery: recoveryPolicySchema,
    token: tokenPolicySchema,
    apiKey: apiKeyPolicySchema,
    input: inputPolicySchema,
    audit: auditPolicySchema,
    secret: secretPolicySchema,
    sanitize: sanitizePolicySchema,
    upload: uploadPolicySchema,
    backup: backupPolicySchema,
    metrics: metricsPolicySchema,
  },
  "An Aegis policy: what is enforced, rendered, verified and reported.",
);

type MutablePolicy = Type.Static<typeof policySchema>;
export type Policy = DeepReadonly<MutablePolicy>;
/** What differs from the preset; every key optional. */
export type PolicyOverrides = DeepPartial<Omit<Policy, "environment">>;

export interface PolicyInput extends PolicyOverrides {
  /** Where to start from. Default "modern". */
  readonly preset?: PresetName;
  /** Default: NODE_ENV; an unknown or missing value means production. */
  readonly environment?: Environment;
}

/** "development" and "test" are taken at their word; anything else is production. */
export function environmentOf(name: string | undefined): Environment {
  return name === "development" || name === "test" ? name : "production";
}

/**
 * The policy as complete, checked, deep-frozen data.
 * @throws PolicyError naming every bad value with its path, what was expected and what was probably meant.
 */
export function definePolicy(input: PolicyInput = {}): Policy {
  const { preset = "modern", environment = environmentOf(process.env["NODE_ENV"]), ...overrides } = input;
  if (!Object.hasOwn(presets, preset)) {
    throw new PolicyError([
      { path: "preset", value: preset, expected: `one of ${Object.keys(presets).join(", ")}`, rule: "enum" },
    ]);
  }
  const base: MutablePolicy = {
    environment,
    transport: transportDefaults(environment),
    maintenance: maintenanceDefaults(environment),
    headers: headersDefaults(environment),
    rateLimit: rateLimitDefaults(environment),
    reputation: reputationDefaults(environment),
    tenancy: tenancyDefaults(environment),
    session: sessionDefaults(environment),
    csrf: csrfDefaults(environment),
    access: accessDefaults(environment),
    account: accountDefaults(environment),
    password: passwordDefaults(environment),
    breach: breachDefaults(environment),
    throttle: throttleDefaults(environment),
    mfa: mfaDefaults(environment),
    recovery: recoveryDefaults(environment),
    token: tokenDefaults(environment),
    apiKey: apiKeyDefaults(environment),
    input: inputDefaults(environment),
    audit: auditDefaults(environment),
    secret: secretDefaults(environment),
    sanitize: sanitizeDefaults(environment),
    upload: uploadDefaults(environment),
    backup: backupDefaults(environment),
    metrics: metricsDefaults(environment),
  };
  const known: Readonly<Record<PresetName, PolicyOverrides>> = presets;
  const merged = mergeData(mergeData(base, known[preset]), overrides);
  return deepFreeze(checkPolicy(policySchema, merged));
}

/** A short name for exactly this policy: SHA-256 over its canonical JSON (keys sorted), first 16 hex digits. */
export function fingerprint(policy: Policy): string {
  return createHash("sha256").update(canonical(policy)).digest("hex").slice(0, 16);
}
