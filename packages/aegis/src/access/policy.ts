/**
 * Threat: a route that nobody thought to protect. Rule: deny by default; a route without a declared rule does not
 * start. References: ASVS 5.0 8.1-8.3; OWASP Top 10 A01.
 */
import Type from "typebox";
import { type Environment, section, texts } from "../lib/schema.ts";

export const accessPolicySchema = section(
  {
    openGroups: texts("^[a-z][a-z0-9-]{0,31}$", "Route groups that need no sign-in, e.g. content."),
    signInPath: Type.String({
      pattern: "^/[A-Za-z0-9/_-]*$",
      maxLength: 128,
      description: "Where a browser is sent that asks for a page and is not signed in.",
    }),
  },
  "Who may call what.",
);

export type AccessPolicy = Type.Static<typeof accessPolicySchema>;

export const accessDefaults = (_environment: Environment): AccessPolicy => ({
  openGroups: ["content"],
  signInPath: "/login",
});
