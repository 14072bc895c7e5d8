/**
 * Threat: a password that somebody else knows. Rule: a second factor, forced on whoever can do harm; a code works
 * once; no way into an account goes around it; dangerous actions ask again.
 * References: NIST SP 800-63B-4 3.1.3-3.1.7, 2.2; ASVS 5.0 6.3.3, 6.5, 6.6, 7.5; RFC 6238; WebAuthn Level 3.
 */
import type Type from "typebox";
import { count, type Environment, flag, seconds, section, texts } from "../lib/schema.ts";

const ROLE = "^[a-z][a-z_-]{0,31}$";

export const mfaPolicySchema = section(
  {
    requiredForRoles: texts(
      ROLE,
      "Roles that must have a second factor; they set it up at their first sign-in.",
    ),
    approvalForRoles: texts(
      ROLE,
      "Roles whose second factor is removed only when another administrator agrees.",
    ),
    approvalSeconds: seconds(300, 7 * 86_400, "How long a request for such a removal waits."),
    driftStepCount: count(0, 2, "Steps of 30 s that an authenticator's clock may be off, either way."),
    backupCodeCount: count(4, 20, "Backup codes in a set."),
    passkeys: flag("Passkeys may be registered, and sign in without a password."),
    stepUpAgeSeconds: seconds(60, 86_400, "A dangerous action asks again when the last proof is older."),
    unfinishedSeconds: seconds(60, 3600, "How long a sign-in may wait for its second step."),
  },
  "Second factors and fresh proof.",
);

export type MfaPolicy = Type.Static<typeof mfaPolicySchema>;

export const mfaDefaults = (_environment: Environment): MfaPolicy => ({
  requiredForRoles: ["admin"],
  approvalForRoles: ["admin"],
  approvalSeconds: 86_400,
  driftStepCount: 1, // RFC 6238 5.2
  backupCodeCount: 10,
  passkeys: true,
  stepUpAgeSeconds: 10 * 60,
  unfinishedSeconds: 10 * 60,
});
