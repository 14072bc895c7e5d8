/** The hub's policy: preset "education", with what the environment of the process says. */
import { definePolicy, type Environment, type Policy, type PolicyOverrides, type PresetName } from "aegis";

export interface HubPolicyInput {
  readonly environment: Environment;
  readonly preset?: PresetName;
  readonly overrides?: PolicyOverrides;
  /** Addresses of the proxies in front, from TRUSTED_PROXIES. */
  readonly trustedProxies?: readonly string[];
  /** From PUBLIC_ORIGIN: in production only its host is answered. */
  readonly publicOrigin?: string;
}

export function hubPolicy(input: HubPolicyInput): Policy {
  const { environment, preset = "education", overrides = {}, trustedProxies, publicOrigin } = input;
  const hosts =
    environment === "production" && publicOrigin !== undefined ? [new URL(publicOrigin).host] : undefined;
  return definePolicy({
    ...overrides,
    environment,
    preset,
    transport: {
      ...(trustedProxies === undefined ? {} : { trustedProxies: [...trustedProxies] }),
      ...(hosts === undefined ? {} : { allowedHosts: hosts }),
      ...overrides.transport,
    },
  });
}
