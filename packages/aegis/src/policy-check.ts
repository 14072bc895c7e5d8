/** Checks a whole policy: shapes by schema, then rules that cross topics. Every problem is named at once. */
import { type Static, type TSchema } from "typebox";
import { Value } from "typebox/value";
import { isRecord, valueAt } from "./lib/freeze.ts";
import { likelyMeaning } from "./policy-guess.ts";

export interface PolicyProblem {
  /** Dotted path, e.g. "session.cookie.secure". */
  readonly path: string;
  readonly value: unknown;
  readonly expected: string;
  /** What was probably meant, as a sentence. */
  readonly hint?: string;
  /** "required", "unknown-key", "type", "range", "enum", "pattern", or the name of a cross-topic rule. */
  readonly rule: string;
}

export class PolicyError extends Error {
  override readonly name = "PolicyError";
  readonly code = "AEGIS_POLICY_INVALID";
  readonly problems: readonly PolicyProblem[];

  constructor(problems: readonly PolicyProblem[]) {
    super(["The policy is not valid.", ...problems.map(describe)].join("\n"));
    this.problems = problems;
  }
}

function describe(problem: PolicyProblem): string {
  const shown = problem.value === undefined ? "nothing" : JSON.stringify(problem.value);
  const hint = problem.hint === undefined ? "" : ` ${problem.hint}`;
  return `  ${problem.path}: got ${shown.length > 120 ? `${shown.slice(0, 117)}...` : shown}, expected ${problem.expected}.${hint}`;
}

/**
 * The value, if it is a policy.
 * @throws PolicyError
 */
export function checkPolicy<T extends TSchema>(schema: T, value: unknown): Static<T> {
  const problems = shapeProblems(schema, value);
  if (problems.length === 0) problems.push(...crossProblems(value));
  if (problems.length > 0) throw new PolicyError(problems);
  return Value.Parse(schema, value);
}

/** Walks schema and value side by side: the schema library's own list of errors ends after a few. */
function shapeProblems(schema: unknown, value: unknown, path = ""): PolicyProblem[] {
  const properties = isRecord(schema) ? schema["properties"] : undefined;
  if (!isRecord(properties)) return leafProblems(schema, value, path);
  if (!isRecord(value)) return [{ path, value, expected: "an object", rule: "type" }];
  const at = (key: string): string => (path === "" ? key : `${path}.${key}`);
  const known = Object.keys(properties);
  const unknown = Object.keys(value).filter((key) => !Object.hasOwn(properties, key));
  return [
    ...unknown.map((key) => ({
      path: at(key),
      value: value[key],
      expected: "no such key here",
      rule: "unknown-key",
      ...likelyMeaning.key(key, value[key], known),
    })),
    ...known.flatMap((key) =>
      shapeProblems(properties[key], Object.hasOwn(value, key) ? value[key] : undefined, at(key)),
    ),
  ];
}

function leafProblems(schema: unknown, value: unknown, path: string): PolicyProblem[] {
  if (!isRecord(schema)) return [];
  if (value === undefined) return [{ path, value, expected: expectation(schema), rule: "required" }];
  const items = schema["items"];
  if (Array.isArray(value) && isRecord(items) && isRecord(items["properties"])) {
    const inner = value.flatMap((item, place) => shapeProblems(items, item, `${path}.${place}`));
    if (inner.length > 0) return inner;
  }
  const [error] = Value.Errors(schema, value);
  if (error === undefined) return [];
  const place = error.instancePath.slice(1).replaceAll("/", ".");
  const item = Array.isArray(value) ? value[Number(place)] : undefined;
  // A bad entry of a list is named by its place.
  if (place !== "" && isRecord(items))
    return [
      {
        path: `${path}.${place}`,
        value: item,
        expected: expectation(items),
        rule: error.keyword,
        ...likelyMeaning.value(item, items),
      },
    ];
  return [
    {
      path,
      value,
      expected: expectation(schema),
      rule: error.keyword,
      ...likelyMeaning.value(value, schema),
    },
  ];
}

/** What a schema takes, in words. */
export function expectation(leaf: Record<string, unknown>): string {
  if (Array.isArray(leaf["enum"]))
    return `one of ${leaf["enum"].map((word) => JSON.stringify(word)).join(", ")}`;
  if (leaf["type"] === "integer")
    return `a whole number from ${String(leaf["minimum"])} to ${String(leaf["maximum"])}`;
  if (leaf["type"] === "boolean") return "true or false";
  if (leaf["type"] === "array") return "a list of distinct valid values";
  if (leaf["type"] === "string" && typeof leaf["pattern"] === "string")
    return `text matching ${leaf["pattern"]}`;
  if (leaf["type"] === "object") return "an object";
  return "another value";
}

interface CrossRule {
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

const crossRules: readonly CrossRule[] = [
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
    rule: "header-time-within-request-time",
    path: "transport.headersTimeoutSeconds",
    expected: "no more than transport.requestTimeoutSeconds",
    hint: "The request's time includes that of its header.",
    holds: (get) =>
      number(get("transport.headersTimeoutSeconds")) <= number(get("transport.requestTimeoutSeconds")),
  },
];

function crossProblems(value: unknown): PolicyProblem[] {
  const get = (path: string) => valueAt(value, path);
  return crossRules
    .filter((rule) => !rule.holds(get))
    .map(({ rule, path, expected, hint }) => ({ rule, path, expected, hint, value: get(path) }));
}
