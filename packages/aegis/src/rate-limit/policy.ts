/**
 * Threat: guessing, scraping, flooding with mails or accounts, and costs without end, all by asking often. Rule: every
 * route has a limit, the critical ones a tight one of their own, counted for all instances together, per address
 * (IPv6 by network) before anything is looked up, per person and per tenant afterwards; the address is the last one that a named
 * proxy saw, never one that a client wrote; what a page elsewhere made a browser ask for counts by itself. A limit that
 * cannot be counted closes what is critical, and is counted in the process for the rest. References: ASVS 5.0 2.4.1,
 * 6.3.1; OWASP API4:2023; RFC 6585 4; RFC 9110 10.2.3; draft-ietf-httpapi-ratelimit-headers; requirements LIM-1 to LIM-3.
 */
import Type from "typebox";
import { count, type Environment, oneOf, section, texts, wordsOf } from "../lib/schema.ts";

/** What a route can name. `global`: what names none and changes something; `read`: what names none and only reads. */
export const limitNames = [
  "login",
  "register",
  "reset",
  "verifyEmail",
  "mfaVerify",
  "refresh",
  "upload",
  "apiKeyCreate",
  "cspReport",
  "global",
  "read",
  "user",
  "tenant",
] as const;

export type LimitName = (typeof limitNames)[number];

const RATE = "[1-9][0-9]{0,5}/(second|minute|hour|day)";

/** How many in how long, e.g. "10/minute"; the number may come at once. */
const rate = (description: string) => Type.String({ pattern: `^${RATE}$`, description });

export const rateLimitPolicySchema = section(
  {
    algorithm: oneOf(
      ["gcra", "fixed-window"],
      "gcra: a burst of the whole number, then evenly. fixed-window: the number per window, which starts with its first request.",
    ),
    limits: section(
      {
        login: rate("Sign-ins from one address: passwords and passkeys."),
        register: rate("Registrations from one address."),
        reset: rate("Requests for a reset link, and resets, from one address."),
        verifyEmail: rate("Codes of address verification tried or sent again, from one address."),
        mfaVerify: rate("Second factors and confirmations tried from one address."),
        refresh: rate("Renewals and ends of a session or token from one address."),
        upload: rate("Uploads of one caller."),
        apiKeyCreate: rate("API keys made by one caller."),
        cspReport: rate("Reports of violations from one address."),
        global: rate("Everything else that changes something, of one caller."),
        read: rate(
          "Everything that only reads, and every cookie or key that has to be looked up, from one address; a class or office shares one.",
        ),
        user: rate("Every request of one person, whatever it does."),
        tenant: rate("Every request that works in one tenant, of all its members together."),
      },
      "How many requests in how long: a number, a slash, and second, minute, hour or day.",
    ),
    own: texts(
      `^[a-z][a-zA-Z0-9]{0,31}=${RATE}$`,
      'Limits that the application\'s routes name, e.g. "search=30/minute"; counted per address.',
    ),
    ipv6PrefixLength: count(
      32,
      128,
      "Bits of an IPv6 address that count as one address: whoever has a network has all of it.",
    ),
    closedWhenStoreAway: wordsOf(
      limitNames,
      "Limits whose routes answer 503 while they cannot be counted for all instances; the others are counted in the process.",
    ),
    headers: wordsOf(
      ["rateLimit", "legacy"],
      "Fields on every answer. rateLimit: RateLimit and RateLimit-Policy. legacy: X-RateLimit-Limit, -Remaining, -Reset.",
    ),
  },
  "How often somebody may ask.",
);

export type RateLimitPolicy = Type.Static<typeof rateLimitPolicySchema>;

export const rateLimitDefaults = (_environment: Environment): RateLimitPolicy => ({
  algorithm: "gcra",
  limits: {
    login: "10/minute",
    register: "5/minute",
    reset: "5/minute",
    verifyEmail: "10/minute",
    mfaVerify: "10/minute",
    refresh: "60/minute",
    upload: "30/hour",
    apiKeyCreate: "10/hour",
    cspReport: "60/minute",
    global: "600/hour",
    read: "1200/minute", // thirty people behind one address, each opening a page of twenty files every half minute
    user: "10000/day",
    tenant: "120000/hour", // a thousand people with two requests a minute each, and no tenant that takes the others' share
  },
  own: [],
  ipv6PrefixLength: 64, // the smallest network that anybody is given (RFC 6177)
  // Where guessing or making things at will would be open otherwise; reading goes on.
  closedWhenStoreAway: ["login", "register", "reset", "verifyEmail", "mfaVerify", "apiKeyCreate"],
  headers: ["rateLimit", "legacy"],
});
