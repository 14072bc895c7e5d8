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

function shapeProblems(schema: TSchema, value: unknown): PolicyProblem[] {
  const problems: PolicyProblem[] = [];
  for (const error of Value.Errors(schema, value)) {
    const path = error.instancePath.slice(1).replaceAll("/", ".");
    const at = path === "" ? value : valueAt(value, path);
    const known = propertiesAt(schema, path);
    if (error.keyword === "additionalProperties") {
      for (const key of error.params.additionalProperties) {
        const full = path === "" ? key : `${path}.${key}`;
        const got = valueAt(value, full);
        problems.push({ path: full, value: got, expected: "no such key here", rule: "unknown-key", ...likelyMeaning.key(key, got, known) });
      }
    } else if (error.keyword === "required") {
      for (const key of error.params.requiredProperties) {
        problems.push({ path: path === "" ? key : `${path}.${key}`, value: undefined, expected: "a value", rule: "required" });
      }
    } else if (error.keyword !== "boolean") {
      const leaf = schemaAt(schema, path);
      problems.push({ path, value: at, expected: expectation(leaf, error.message), rule: error.keyword, ...likelyMeaning.value(at, leaf) });
    }
  }
  const seen = new Set<string>();
  return problems.filter((problem) => !seen.has(problem.path) && seen.add(problem.path));
}

/** The schema of a dotted path; array items keep the array's. */
export function schemaAt(schema: TSchema, path: string): Record<string, unknown> {
  let found: unknown = schema;
  for (const key of path === "" ? [] : path.split(".")) {
    const properties = isRecord(found) ? found["properties"] : undefined;
    if (!isRecord(properties) || !Object.hasOwn(properties, key)) break;
    found = properties[key];
  }
  return isRecord(found) ? found : {};
}

const propertiesAt = (schema: TSchema, path: string): string[] => {
  const properties = schemaAt(schema, path)["properties"];
  return isRecord(properties) ? Object.keys(properties) : [];
};

/** What a schema takes, in words. */
export function expectation(leaf: Record<string, unknown>, otherwise = "another value"): string {
  if (Array.isArray(leaf["enum"])) return `one of ${leaf["enum"].map((word) => JSON.stringify(word)).join(", ")}`;
  if (leaf["type"] === "integer") return `a whole number from ${String(leaf["minimum"])} to ${String(leaf["maximum"])}`;
  if (leaf["type"] === "boolean") return "true or false";
  if (leaf["type"] === "array") return "a list of distinct valid values";
  if (leaf["type"] === "string" && typeof leaf["pattern"] === "string") return `text matching ${leaf["pattern"]}`;
  if (leaf["type"] === "object") return "an object";
  return otherwise;
}

interface CrossRule {
  readonly rule: string;
  readonly path: string;
  readonly expected: string;
  readonly hint: string;
  readonly holds: (get: (path: string) => unknown) => boolean;
}

const number = (value: unknown): number => (typeof value === "number" ? value : Number.NaN);

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
    holds: (get) => number(get("session.idleTimeoutSeconds")) <= number(get("session.absoluteTimeoutSeconds")),
  },
  {
    rule: "remembered-idle-within-absolute",
    path: "session.rememberMe.idleTimeoutSeconds",
    expected: "no more than session.rememberMe.absoluteTimeoutSeconds",
    hint: "A session that ends in absolute terms first never gets to be idle.",
    holds: (get) =>
      number(get("session.rememberMe.idleTimeoutSeconds")) <= number(get("session.rememberMe.absoluteTimeoutSeconds")),
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
    holds: (get) => number(get("transport.headersTimeoutSeconds")) <= number(get("transport.requestTimeoutSeconds")),
  },
];

function crossProblems(value: unknown): PolicyProblem[] {
  const get = (path: string) => valueAt(value, path);
  return crossRules
    .filter((rule) => !rule.holds(get))
    .map(({ rule, path, expected, hint }) => ({ rule, path, expected, hint, value: get(path) }));
}
