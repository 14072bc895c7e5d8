/**
 * Threat: accounts that are guessed at, listed, made in somebody else's name, or kept against their owner's will.
 * Rule: the same words and the same work whoever asks; an address belongs to whoever typed the code that was sent to
 * it; what is kept can be taken along and deleted. References: ASVS 5.0 6.1, 6.3.8; OWASP A07; GDPR 17, 20.
 */
import type Type from "typebox";
import { count, type Environment, flag, oneOf, seconds, section } from "../lib/schema.ts";

const DAY = 86_400;

export const accountPolicySchema = section(
  {
    selfRegistration: flag("Anyone may register."),
    emailRequired: flag("Registration needs an e-mail address."),
    emailVerification: oneOf(
      ["off", "optional", "required"],
      "off: addresses are believed as typed. optional: an address signs in and recovers only after its code was typed. required: nobody signs in before.",
    ),
    verificationCodeSeconds: seconds(60, 600, "How long a code for an address works."),
    verificationAttemptLimit: count(3, 10, "Wrong codes until the code is void."),
    verificationResendSeconds: seconds(10, 3600, "One address is sent no further code before."),
    deletionGraceSeconds: seconds(
      0,
      90 * DAY,
      "Between the owner's wish and the deletion; signing in undoes it.",
    ),
    usernameMinLength: count(1, 64, "Shortest user name, in characters."),
    usernameMaxLength: count(1, 64, "Longest user name, in characters."),
  },
  "Accounts.",
);

export type AccountPolicy = Type.Static<typeof accountPolicySchema>;

export const accountDefaults = (_environment: Environment): AccountPolicy => ({
  selfRegistration: true,
  emailRequired: false,
  emailVerification: "off", // the others need a way to send mail
  verificationCodeSeconds: 600, // NIST SP 800-63B-4 3.1.3: no longer than ten minutes
  verificationAttemptLimit: 5,
  verificationResendSeconds: 60,
  deletionGraceSeconds: 14 * DAY,
  usernameMinLength: 3,
  usernameMaxLength: 64,
});
