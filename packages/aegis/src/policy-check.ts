/** Checks a whole policy: shapes by schema, then rules that cross topics. Every problem is named at once. */
import { type Static, type TSchema } from "typebox";
import { Value } from "typebox/value";
import { isRecord, valueAt } from "./lib/freeze.ts";
import { crossRules } from "./policy-cross.ts";
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

function crossProblems(value: unknown): PolicyProblem[] {
  const get = (path: string) => valueAt(value, path);
  return crossRules
    .filter((rule) => !rule.holds(get))
    .map(({ rule, path, expected, hint }) => ({ rule, path, expected, hint, value: get(path) }));
}
