/**
 * Threat: a credential that lies in scripts and gets into repositories and logs, is good for too much, and is never
 * taken back. Rule: a key says on its face what it is, so that scanners find it; it opens only the routes that take
 * keys, within its scopes and its owner's present rights; it ends, its use is counted, and its secret is shown once.
 * References: ASVS 5.0 6.5.2, 10.4, 13.2, 13.3; NIST SP 800-63B-4 3.1.2; OWASP API2:2023, API4:2023; requirement KEY-1.
 */
import Type from "typebox";
import { count, type Environment, flag, oneOf, seconds, section, texts } from "../lib/schema.ts";

const DAY = 86_400;
const TIER = "^[a-z][a-z0-9-]{0,31}$";

export const apiKeyPolicySchema = section(
  {
    enabled: flag("People may make keys for programs, and routes that take keys take them."),
    perAccountLimit: count(1, 100, "Keys that one account may have at a time."),
    longestLifetimeSeconds: seconds(
      0,
      5 * 365 * DAY,
      "No key lives longer; also how long one lives where nothing else is asked for. 0: for ever.",
    ),
    rotationOverlapSeconds: seconds(
      0,
      30 * DAY,
      "How long the old secret of a key serves beside the new one.",
    ),
    staleAfterSeconds: seconds(DAY, 730 * DAY, "A key that was not used for so long is reported as stale."),
    scopes: texts(
      "^[a-z][a-z0-9-]{0,31}:[a-z][a-z0-9-]{0,31}$",
      "What a key can be good for; routes name them.",
    ),
    tiers: Type.Array(
      section(
        {
          name: Type.String({ pattern: TIER, description: "The tier's name." }),
          requestsLimit: count(1, 1_000_000_000, "Requests of one key until the next reset."),
          resets: oneOf(["hourly", "daily", "monthly"], "When the count begins anew, in UTC."),
        },
        "A tier.",
      ),
      {
        minItems: 1,
        maxItems: 16,
        description:
          "Quotas by name: how many requests a key may make until the hour, the day or the month (UTC) is over.",
      },
    ),
    defaultTier: Type.String({
      pattern: TIER,
      description: "The tier of a new key; administrators give another.",
    }),
  },
  "API keys: for programs, in place of a session.",
);

export type ApiKeyPolicy = Type.Static<typeof apiKeyPolicySchema>;
export type Tier = ApiKeyPolicy["tiers"][number];
export type Resets = Tier["resets"];

export const apiKeyDefaults = (_environment: Environment): ApiKeyPolicy => ({
  enabled: false, // a way in that nobody asked for is a way in that nobody watches
  perAccountLimit: 10,
  longestLifetimeSeconds: 365 * DAY,
  rotationOverlapSeconds: DAY, // time to put the new secret where the old one was
  staleAfterSeconds: 90 * DAY,
  scopes: ["profile:read"],
  tiers: [
    { name: "standard", requestsLimit: 10_000, resets: "daily" },
    { name: "high", requestsLimit: 1_000_000, resets: "monthly" },
  ],
  defaultTier: "standard",
});
