/**
 * Threat: a password that stands in the lists of earlier breaches is tried before any guess (credential stuffing).
 * Rule: a new password is looked up, five characters of its hash at most leave the machine, and a look-up that fails
 * is logged and counts as the policy says. References: NIST SP 800-63B-4 3.1.1.2; ASVS 5.0 6.2.12.
 */
import type Type from "typebox";
import { count, type Environment, oneOf, seconds, section } from "../lib/schema.ts";

export const breachPolicySchema = section(
  {
    source: oneOf(
      ["off", "online", "corpus"],
      "Where new passwords are looked up: nowhere, with the range service, or in a file on this machine.",
    ),
    timeoutSeconds: seconds(1, 10, "Time for one answer of the range service; beyond it: not checked."),
    onUnavailable: oneOf(
      ["accept", "refuse"],
      "A password that could not be looked up: accept it with a logged warning, or refuse it with 503.",
    ),
    seenLimit: count(1, 1_000_000, "Refuse a password that was seen in breaches at least so often."),
  },
  "Passwords known from breaches.",
);

export type BreachPolicy = Type.Static<typeof breachPolicySchema>;

export const breachDefaults = (environment: Environment): BreachPolicy => ({
  source: environment === "production" ? "online" : "off", // a test must not depend on the network
  timeoutSeconds: 2,
  onUnavailable: "accept", // the service of somebody else must not be able to close registration
  seenLimit: 1,
});
