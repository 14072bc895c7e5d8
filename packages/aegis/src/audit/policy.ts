/**
 * Threat: what happened is not written down, or is by somebody who can change it afterwards; and a log that a stranger
 * can fill, or stop. Rule: covered events go into an append-only chain, off the way of requests, bounded; what cannot be
 * written is either said in the log later, or keeps what it belongs to from being answered.
 * References: ASVS 5.0 16.2, 16.3, 16.4; NIST SP 800-92; PCI DSS 4 10.2, 10.3, 10.7; requirement DAT-4.
 */
import type Type from "typebox";
import { count, type Environment, oneOf, seconds, section, wordsOf } from "../lib/schema.ts";

export const AUDIT_GROUPS = ["accounts", "sessions", "keys", "refusals", "other"] as const;

export const auditPolicySchema = section(
  {
    covered: wordsOf(
      AUDIT_GROUPS,
      "What goes into the chain. accounts: accounts, passwords, second factors, approvals. sessions: sign-ins, sessions, tokens. keys: API keys. refusals: requests that were refused. other: everything else.",
    ),
    onFailure: oneOf(
      ["refuse", "continue"],
      "When a covered event cannot be written. refuse: the request that it belongs to is answered with 503, and no other that changes something is begun. continue: it is answered, and the log says later how many are missing.",
    ),
    queueLimit: count(100, 1_000_000, "Events of one process that may wait to be written."),
    strangerEventLimit: count(
      1,
      100_000,
      "Refused requests of nobody in particular that are written in a minute; more are counted, and their number is written.",
    ),
    signEverySeconds: seconds(
      1,
      86_400,
      "How long the end of the chain may go unsigned: what was cut off since then is not found.",
    ),
  },
  "The audit log.",
);

export type AuditPolicy = Type.Static<typeof auditPolicySchema>;

export const auditDefaults = (_environment: Environment): AuditPolicy => ({
  covered: [...AUDIT_GROUPS],
  onFailure: "continue",
  queueLimit: 10_000, // about 10 MB
  strangerEventLimit: 60,
  signEverySeconds: 60,
});
