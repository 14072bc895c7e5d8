/**
 * Threat: a way back into an account that is easier than the way in. Rule: a 256-bit link by mail, kept as a keyed
 * hash, short-lived, used once; the same answer whether the account exists; the second factor stays, every session
 * ends, the owner is told. References: ASVS 5.0 6.4.3, 6.4.4, 7.4.3; NIST SP 800-63B-4 4.2; requirement ACC-5.
 */
import type Type from "typebox";
import { type Environment, seconds, section } from "../lib/schema.ts";

export const recoveryPolicySchema = section(
  {
    linkSeconds: seconds(300, 24 * 3600, "How long a link to a new password works."),
    resendSeconds: seconds(10, 3600, "One account is sent no further link before."),
  },
  "Forgotten passwords. Needs a way to send mail.",
);

export type RecoveryPolicy = Type.Static<typeof recoveryPolicySchema>;

export const recoveryDefaults = (_environment: Environment): RecoveryPolicy => ({
  linkSeconds: 30 * 60,
  resendSeconds: 60,
});
