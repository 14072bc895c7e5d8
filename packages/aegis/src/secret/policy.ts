/**
 * Threat: a secret that lies where others read it, that nobody can replace, or that is used after it was taken back.
 * Rule: secrets come from named sources in one order, production from fewer of them; they are read again while the
 * application runs, and values that could not be read again serve for a limited time. References: ASVS 5.0 13.3.1,
 * 13.3.2, 13.3.4; OWASP Secrets Management Cheat Sheet; requirements SEC-1, SEC-2.
 */
import type Type from "typebox";
import { type Environment, seconds, section, texts, wordsOf } from "../lib/schema.ts";

export const sourceKinds = ["credentials", "files", "vault", "aws", "age", "environment", "dotenv"] as const;
export type SourceKind = (typeof sourceKinds)[number];

const DAY = 86_400;

export const secretPolicySchema = section(
  {
    sources: wordsOf(
      sourceKinds,
      "Where secrets are looked up, in this order; the first that has one wins. A source that is not set up is passed by; one that does not answer stops the start.",
    ),
    productionSources: wordsOf(sourceKinds, "Those of the above that production may use."),
    required: texts("^[A-Z][A-Z0-9_]*$", "Secrets without which production does not start."),
    cacheSeconds: seconds(
      5,
      DAY,
      "Secrets are read again so often. A new key verifies at once and is used after so long, when every process has read it.",
    ),
    staleSeconds: seconds(
      0,
      30 * DAY,
      "While a source does not answer, the values read last serve for so long; then whatever is not public is answered with 503. 0: no longer than cacheSeconds.",
    ),
    timeoutSeconds: seconds(1, 60, "Time for one answer of a source."),
  },
  "Where secrets come from, and how they are replaced.",
);

export type SecretPolicy = Type.Static<typeof secretPolicySchema>;

export const secretDefaults = (_environment: Environment): SecretPolicy => ({
  // What the service manager hands over privately first, what every child process inherits last.
  sources: ["credentials", "files", "vault", "aws", "age", "environment", "dotenv"],
  // A .env beside the code ends in images, backups and repositories.
  productionSources: ["credentials", "files", "vault", "aws", "age", "environment"],
  required: ["SECRET_KEY"],
  cacheSeconds: 300,
  staleSeconds: DAY, // a night without its vault ends no school day; a secret that was taken back serves no longer
  timeoutSeconds: 5,
});
