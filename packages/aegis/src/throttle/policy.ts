/**
 * Threat: guessing at one account, from one address or a thousand; and the same guessing used to lock its owner out.
 * Rule: failures are counted per account before anything is compared, so that parallel guesses do not slip through;
 * each further one waits longer, up to a hard cap; a device that signed in before has a lane of its own.
 * References: NIST SP 800-63B-4 3.2.2; ASVS 5.0 6.1.1, 6.3.1; PCI DSS 4 8.3.4; requirements ACC-3, MFA-6.
 */
import type Type from "typebox";
import { count, type Environment, oneOf, seconds, section } from "../lib/schema.ts";

const DAY = 86_400;

export const throttlePolicySchema = section(
  {
    mode: oneOf(
      ["back-off", "lockout"],
      "back-off: each failure waits twice as long as the one before. lockout: after every round of free attempts, one long wait.",
    ),
    freeAttemptCount: count(1, 20, "Failures in a row without any wait."),
    firstDelaySeconds: seconds(1, 3600, "back-off: the wait after the first failure beyond the free ones."),
    longestDelaySeconds: seconds(1, DAY, "back-off: no wait is longer."),
    lockoutSeconds: seconds(60, DAY, "lockout: how long the wait is."),
    attemptLimit: count(
      5,
      100,
      "Failures in a row after which unknown devices must wait for a reset (at the password) or an administrator.",
    ),
    forgetAfterSeconds: seconds(3600, 30 * DAY, "Failures are forgotten after so long without another."),
    knownDeviceSeconds: seconds(
      0,
      400 * DAY,
      "How long a browser that signed in is known, and keeps a lane of its own. 0: no such lane.",
    ),
  },
  "Repeated failures: sign-in, second factor, confirmation.",
);

export type ThrottlePolicy = Type.Static<typeof throttlePolicySchema>;

export const throttleDefaults = (_environment: Environment): ThrottlePolicy => ({
  mode: "back-off",
  freeAttemptCount: 4, // a person who mistypes is through by then
  firstDelaySeconds: 1,
  longestDelaySeconds: 15 * 60,
  lockoutSeconds: 30 * 60,
  attemptLimit: 100, // NIST SP 800-63B-4 3.2.2: no more
  forgetAfterSeconds: DAY,
  knownDeviceSeconds: 180 * DAY,
});
