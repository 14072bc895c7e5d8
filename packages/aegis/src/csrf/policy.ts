/**
 * Threat: another site makes the browser of a signed-in user change something. Rule: the browser's own word
 * (Sec-Fetch-Site, Origin) first, a token bound to the session second; same-site is another site.
 * References: ASVS 5.0 3.5.1-3.5.3; OWASP CSRF cheat sheet; W3C Fetch Metadata.
 */
import Type from "typebox";
import { type Environment, flag, section, texts } from "../lib/schema.ts";

export const csrfPolicySchema = section(
  {
    originCheck: flag("Refuse state-changing requests that the browser says come from elsewhere."),
    tokenRequired: flag("State-changing requests of a session need its token."),
    sameSiteTrusted: flag(
      "Treat other hosts of the same site (sub.example) as own. Unsafe where a subdomain can be taken over.",
    ),
    trustedOrigins: texts("^https?://[a-z0-9.-]+(:[0-9]{1,5})?$", "Further origins that may send requests."),
    refusalStatus: Type.Enum([400, 403], { description: "Status of a refusal: 400 or 403." }),
  },
  "Cross-site request forgery.",
);

export type CsrfPolicy = Type.Static<typeof csrfPolicySchema>;

export const csrfDefaults = (_environment: Environment): CsrfPolicy => ({
  originCheck: true,
  tokenRequired: true,
  sameSiteTrusted: false,
  trustedOrigins: [],
  refusalStatus: 400,
});
