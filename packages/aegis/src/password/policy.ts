/**
 * Threat: passwords that are guessed online, and a stolen table that is guessed offline. Rule: length and a
 * blocklist rather than composition, Argon2id, a bounded number of hashes at a time.
 * References: NIST SP 800-63B-4 3.1.1.2; ASVS 5.0 6.2, 11.4.2; OWASP password storage; RFC 9106.
 */
import type Type from "typebox";
import { count, type Environment, flag, seconds, section } from "../lib/schema.ts";

export const passwordPolicySchema = section(
  {
    minLength: count(8, 64, "Shortest password, in code points after NFKC."),
    minLengthWithMfa: count(8, 64, "Shortest password of an account that has a second factor."),
    maxLength: count(64, 4096, "Longest password, in code points; never cut."),
    requireUppercase: flag("Needs an upper case letter."),
    requireLowercase: flag("Needs a lower case letter."),
    requireDigit: flag("Needs a digit."),
    requireSpecial: flag("Needs a character that is no letter and no digit."),
    refuseCommon: flag("Refuse common passwords and those made of the user name, e-mail or product."),
    historyCount: count(
      0,
      24,
      "So many of the last passwords cannot come back, the present one included. 0: every one may.",
    ),
    expireAfterSeconds: seconds(
      0,
      730 * 86_400,
      "A password this old must be changed at the next sign-in. 0: never.",
    ),
    argon2: section(
      {
        memoryKib: count(7168, 1_048_576, "Memory of one hash, in KiB."),
        iterations: count(1, 16, "Passes over the memory."),
        parallelism: count(1, 8, "Lanes."),
      },
      "Argon2id (RFC 9106).",
    ),
    hashing: section(
      {
        concurrency: count(1, 64, "Hashes at a time in one process."),
        queueLimit: count(0, 10_000, "Hashes that may wait; beyond it 503 with Retry-After."),
      },
      "Bounds that keep a flood of sign-ins from taking the process down.",
    ),
  },
  "Passwords.",
);

export type PasswordPolicy = Type.Static<typeof passwordPolicySchema>;

export const passwordDefaults = (_environment: Environment): PasswordPolicy => ({
  minLength: 15, // NIST SP 800-63B-4 3.1.1.2: where the password is the only factor
  minLengthWithMfa: 8, // the same clause: where it is one of two factors
  maxLength: 128,
  requireUppercase: false,
  requireLowercase: false,
  requireDigit: false,
  requireSpecial: false,
  refuseCommon: true,
  historyCount: 1, // "changed" to the same one is not changed
  expireAfterSeconds: 0, // NIST SP 800-63B-4 3.1.1.2: SHALL NOT without evidence of compromise
  // RFC 9106 section 4, second recommended option, in one lane: four would take every core of a small machine at once.
  argon2: { memoryKib: 65_536, iterations: 3, parallelism: 1 },
  hashing: { concurrency: 2, queueLimit: 64 },
});
