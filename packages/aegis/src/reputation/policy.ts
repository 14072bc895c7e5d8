/**
 * Threat: machines that try passwords, addresses and mistakes by the thousand, each within its limits. Rule: what goes
 * wrong is counted per address and person, fades by half-life, halves what a suspicious one may ask, and bans the worst
 * addresses for minutes; a ban is short and grows, never touches whoever is signed in already (neighbours behind one
 * address must not lock each other out), is explained and can be lifted; people are never banned, only slowed. What a
 * page elsewhere made a browser ask for is held against nobody: whoever has that page could have any office banned.
 * References: ASVS 5.0 2.4.1, 6.3.1; OWASP API4:2023; requirement LIM-4.
 */
import type Type from "typebox";
import { count, type Environment, seconds, section, texts } from "../lib/schema.ts";

const DAY = 86_400;

export const reputationPolicySchema = section(
  {
    suspiciousScoreLimit: count(
      10,
      10_000,
      "From so many points on, half as much may be asked. A failed sign-in, a page that is not there and a request beyond a limit count 2; a forged or malformed request 5.",
    ),
    banScoreLimit: count(20, 100_000, "From so many points on, an address is banned for a while."),
    halfLifeSeconds: seconds(60, DAY, "After so long, half of the points are forgotten."),
    firstBanSeconds: seconds(
      10,
      DAY,
      "How long a first ban is; each further one within a day is twice as long.",
    ),
    longestBanSeconds: seconds(10, DAY, "No ban is longer."),
    neverBanned: texts(
      "^[0-9a-fA-F:.]+(/[0-9]{1,3})?$",
      "Addresses or networks (CIDR) that are never banned nor slowed: monitors, the office, a proxy.",
    ),
  },
  "What goes wrong, and what comes of it.",
);

export type ReputationPolicy = Type.Static<typeof reputationPolicySchema>;

export const reputationDefaults = (_environment: Environment): ReputationPolicy => ({
  suspiciousScoreLimit: 60,
  banScoreLimit: 200, // a class of thirty behind one address mistypes three passwords each, and is not banned
  halfLifeSeconds: 600,
  firstBanSeconds: 300,
  longestBanSeconds: 3600,
  // Behind a proxy that nobody named in transport.trustedProxies everybody comes from here: a ban would hit them all.
  neverBanned: ["127.0.0.0/8", "::1/128"],
});
