/**
 * Threat: a token that is stolen serves whoever has it; a forged one serves anybody. Rule: access tokens live for
 * minutes and are signed by a key that only we have; a refresh token works once, and a second use ends all that came of
 * the same sign-in; whatever ends sessions ends tokens. References: RFC 9068; RFC 8725; RFC 9700 4.14.2; RFC 7009;
 * ASVS 5.0 9.1, 9.2, 10.4; requirements TOK-1 to TOK-4.
 */
import type Type from "typebox";
import { type Environment, flag, oneOf, seconds, section } from "../lib/schema.ts";

const DAY = 86_400;
const bindings = ["off", "signal", "strict"] as const;

export const tokenPolicySchema = section(
  {
    enabled: flag(
      "A signed-in person may get tokens for a program that keeps no cookies, e.g. a mobile app.",
    ),
    algorithm: oneOf(["EdDSA", "ES256"], "How access tokens are signed: Ed25519, or ECDSA on P-256."),
    accessSeconds: seconds(60, 3600, "How long an access token serves."),
    refreshSeconds: seconds(300, 90 * DAY, "A refresh token that was not used for so long is over."),
    familySeconds: seconds(
      300,
      400 * DAY,
      "However often it is refreshed, after so long the person signs in again.",
    ),
    reuseGraceSeconds: seconds(
      0,
      60,
      "A second use of a refresh token so soon after the first is refused and no more: a client that sends twice at once. 0: every second use ends the family.",
    ),
    userAgentBinding: oneOf(
      bindings,
      "A token that comes from another kind of program than it was given to: off, logged (signal), or refused (strict).",
    ),
    networkBinding: oneOf(
      bindings,
      "The same for another network than the one it was given to (IPv4 /24, IPv6 /64).",
    ),
  },
  "Access and refresh tokens.",
);

export type TokenPolicy = Type.Static<typeof tokenPolicySchema>;

export const tokenDefaults = (_environment: Environment): TokenPolicy => ({
  enabled: false, // nothing that lies in scripts and phones, unless somebody needs it
  algorithm: "EdDSA",
  accessSeconds: 15 * 60,
  refreshSeconds: 7 * DAY,
  familySeconds: 30 * DAY,
  reuseGraceSeconds: 0,
  userAgentBinding: "signal",
  networkBinding: "off", // phones change their network all day
});
