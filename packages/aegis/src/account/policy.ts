/**
 * Threat: accounts that are guessed at, listed, or made without end. Rule: the same words and the same work for an
 * unknown user and a wrong password; names and addresses within bounds. References: ASVS 5.0 6.3; OWASP A07.
 */
import type Type from "typebox";
import { count, type Environment, flag, section } from "../lib/schema.ts";

export const accountPolicySchema = section(
  {
    selfRegistration: flag("Anyone may register."),
    emailRequired: flag("Registration needs an e-mail address."),
    usernameMinLength: count(1, 64, "Shortest user name, in characters."),
    usernameMaxLength: count(1, 64, "Longest user name, in characters."),
  },
  "Accounts.",
);

export type AccountPolicy = Type.Static<typeof accountPolicySchema>;

export const accountDefaults = (_environment: Environment): AccountPolicy => ({
  selfRegistration: true,
  emailRequired: false,
  usernameMinLength: 3,
  usernameMaxLength: 64,
});
