/** Rules of the policy that cross topics: what no single section can say. */
import { valueAt } from "./lib/freeze.ts";

export interface CrossRule {
  readonly rule: string;
  readonly path: string;
  readonly expected: string;
  readonly hint: string;
  readonly holds: (get: (path: string) => unknown) => boolean;
}

const number = (value: unknown): number => (typeof value === "number" ? value : Number.NaN);

function tierNames(get: (path: string) => unknown): readonly unknown[] {
  const tiers = get("apiKey.tiers");
  return Array.isArray(tiers) ? tiers.map((tier: unknown) => valueAt(tier, "name")) : [];
}

/** Seconds between two backups. */
const SCHEDULES = { hourly: 3600, "six-hourly": 21_600, daily: 86_400, weekly: 604_800 };

export const crossRules: readonly CrossRule[] = [
  {
    rule: "host-prefix-needs-secure",
    path: "session.cookie.hostPrefix",
    expected: "false while session.cookie.secure is false",
    hint: "Browsers throw away a __Host- cookie that is not Secure; nobody could sign in.",
    holds: (get) => get("session.cookie.hostPrefix") !== true || get("session.cookie.secure") === true,
  },
  {
    rule: "same-site-none-needs-secure",
    path: "session.cookie.sameSite",
    expected: '"lax" or "strict" while session.cookie.secure is false',
    hint: "Browsers throw away SameSite=None without Secure.",
    holds: (get) => get("session.cookie.sameSite") !== "none" || get("session.cookie.secure") === true,
  },
  {
    rule: "production-needs-secure-cookie",
    path: "session.cookie.secure",
    expected: "true in production",
    hint: "A cookie without Secure is sent in clear to anyone who can provoke one plain HTTP request.",
    holds: (get) => get("environment") !== "production" || get("session.cookie.secure") === true,
  },
  {
    rule: "production-needs-https",
    path: "transport.httpsRequired",
    expected: "true in production",
    hint: "Where a proxy ends TLS, name it in transport.trustedProxies and let it set X-Forwarded-Proto.",
    holds: (get) => get("environment") !== "production" || get("transport.httpsRequired") === true,
  },
  {
    rule: "idle-within-absolute",
    path: "session.idleTimeoutSeconds",
    expected: "no more than session.absoluteTimeoutSeconds",
    hint: "A session that ends in absolute terms first never gets to be idle.",
    holds: (get) =>
      number(get("session.idleTimeoutSeconds")) <= number(get("session.absoluteTimeoutSeconds")),
  },
  {
    rule: "remembered-idle-within-absolute",
    path: "session.rememberMe.idleTimeoutSeconds",
    expected: "no more than session.rememberMe.absoluteTimeoutSeconds",
    hint: "A session that ends in absolute terms first never gets to be idle.",
    holds: (get) =>
      number(get("session.rememberMe.idleTimeoutSeconds")) <=
      number(get("session.rememberMe.absoluteTimeoutSeconds")),
  },
  {
    rule: "preload-needs-hsts",
    path: "headers.hsts.preload",
    expected: "false unless HSTS is on for a year with subdomains",
    hint: "The preload list refuses anything less.",
    holds: (get) =>
      get("headers.hsts.preload") !== true ||
      (get("headers.hsts.enabled") === true &&
        get("headers.hsts.includeSubDomains") === true &&
        number(get("headers.hsts.maxAgeSeconds")) >= 31_536_000),
  },
  {
    rule: "csrf-needs-a-guard",
    path: "csrf.tokenRequired",
    expected: "true while csrf.originCheck is false",
    hint: "With both off, any site can act for a signed-in user.",
    holds: (get) => get("csrf.tokenRequired") === true || get("csrf.originCheck") === true,
  },
  {
    rule: "username-bounds",
    path: "account.usernameMinLength",
    expected: "no more than account.usernameMaxLength",
    hint: "No name could satisfy both.",
    holds: (get) => number(get("account.usernameMinLength")) <= number(get("account.usernameMaxLength")),
  },
  {
    rule: "shorter-with-a-second-factor",
    path: "password.minLengthWithMfa",
    expected: "no more than password.minLength",
    hint: "A second factor makes a shorter password do, never a longer one.",
    holds: (get) => number(get("password.minLengthWithMfa")) <= number(get("password.minLength")),
  },
  {
    rule: "delays-in-order",
    path: "throttle.firstDelaySeconds",
    expected: "no more than throttle.longestDelaySeconds",
    hint: "The first wait is the shortest.",
    holds: (get) => number(get("throttle.firstDelaySeconds")) <= number(get("throttle.longestDelaySeconds")),
  },
  {
    rule: "free-attempts-below-limit",
    path: "throttle.freeAttemptCount",
    expected: "less than throttle.attemptLimit",
    hint: "Otherwise no attempt would ever have to wait.",
    holds: (get) => number(get("throttle.freeAttemptCount")) < number(get("throttle.attemptLimit")),
  },
  {
    rule: "verified-address-needs-one",
    path: "account.emailRequired",
    expected: 'true while account.emailVerification is "required"',
    hint: "Nobody can verify an address that was never asked for.",
    holds: (get) => get("account.emailVerification") !== "required" || get("account.emailRequired") === true,
  },
  {
    rule: "suspicious-before-banned",
    path: "reputation.suspiciousScoreLimit",
    expected: "less than reputation.banScoreLimit",
    hint: "Otherwise nobody is slowed before being banned.",
    holds: (get) => number(get("reputation.suspiciousScoreLimit")) < number(get("reputation.banScoreLimit")),
  },
  {
    rule: "bans-in-order",
    path: "reputation.firstBanSeconds",
    expected: "no more than reputation.longestBanSeconds",
    hint: "The first ban is the shortest.",
    holds: (get) => number(get("reputation.firstBanSeconds")) <= number(get("reputation.longestBanSeconds")),
  },
  {
    rule: "access-within-refresh",
    path: "token.accessSeconds",
    expected: "less than token.refreshSeconds",
    hint: "Otherwise there would be nothing to refresh.",
    holds: (get) => number(get("token.accessSeconds")) < number(get("token.refreshSeconds")),
  },
  {
    rule: "refresh-within-family",
    path: "token.refreshSeconds",
    expected: "no more than token.familySeconds",
    hint: "A family that ends first would never get to be idle.",
    holds: (get) => number(get("token.refreshSeconds")) <= number(get("token.familySeconds")),
  },
  {
    rule: "default-tier-exists",
    path: "apiKey.defaultTier",
    expected: "the name of one of apiKey.tiers",
    hint: "A new key has to have a quota.",
    holds: (get) => tierNames(get).includes(get("apiKey.defaultTier")),
  },
  {
    rule: "tiers-told-apart",
    path: "apiKey.tiers",
    expected: "tiers of distinct names",
    hint: "Of two with one name the second would never count.",
    holds: (get) => new Set(tierNames(get)).size === tierNames(get).length,
  },
  {
    rule: "json-within-body",
    path: "input.jsonLimitBytes",
    expected: "no more than input.bodyLimitBytes",
    hint: "The general limit refuses the body first.",
    holds: (get) => number(get("input.jsonLimitBytes")) <= number(get("input.bodyLimitBytes")),
  },
  {
    rule: "an-account-within-its-tenant",
    path: "upload.accountBytes",
    expected: "no more than upload.tenantBytes",
    hint: "The tenant's share ends first.",
    holds: (get) => number(get("upload.accountBytes")) <= number(get("upload.tenantBytes")),
  },
  {
    rule: "backups-before-overdue",
    path: "backup.maxAgeSeconds",
    expected: "more than the time between two backups (backup.schedule)",
    hint: "Every backup would be overdue before the next is made.",
    holds: (get) => {
      const between = Object.entries(SCHEDULES).find(([name]) => name === get("backup.schedule"))?.[1];
      return between !== undefined && number(get("backup.maxAgeSeconds")) > between;
    },
  },
  {
    rule: "production-metrics-need-a-token",
    path: "metrics.tokenRequired",
    expected: "true in production",
    hint: "Which routes there are and how they fail is not for everybody.",
    holds: (get) => get("environment") !== "production" || get("metrics.tokenRequired") === true,
  },
  {
    rule: "alerts-see-two-scrapes",
    path: "metrics.alerts.windowSeconds",
    expected: "four times metrics.scrapeSeconds or more",
    hint: "A rate needs two readings, also when one is missed.",
    holds: (get) => number(get("metrics.alerts.windowSeconds")) >= 4 * number(get("metrics.scrapeSeconds")),
  },
  {
    rule: "header-time-within-request-time",
    path: "transport.headersTimeoutSeconds",
    expected: "no more than transport.requestTimeoutSeconds",
    hint: "The request's time includes that of its header.",
    holds: (get) =>
      number(get("transport.headersTimeoutSeconds")) <= number(get("transport.requestTimeoutSeconds")),
  },
];
