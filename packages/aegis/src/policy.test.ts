import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  definePolicy,
  environmentOf,
  fingerprint,
  leafDescriptions,
  type PolicyInput,
  PolicyError,
  policyLeaves,
  presets,
} from "./index.ts";

const names = ["modern", "education", "platform", "saas", "regulated"] as const;

/** What a bad policy says; the input is wrong on purpose, as JSON from a file can be. */
function problemsOf(input: object): PolicyError {
  try {
    definePolicy({ environment: "production", ...input } satisfies PolicyInput);
  } catch (error) {
    if (error instanceof PolicyError) return error;
    throw error;
  }
  throw new Error("the policy was taken");
}

describe("a policy", () => {
  it.each(names)("starts from preset %s in every environment", (preset) => {
    for (const environment of ["development", "test", "production"] as const)
      expect(definePolicy({ preset, environment }).environment).toBe(environment);
  });

  it("has the figures that the presets promise", () => {
    const at = (preset: keyof typeof presets) => definePolicy({ preset, environment: "production" });
    expect(at("modern").session).toMatchObject({
      idleTimeoutSeconds: 900,
      absoluteTimeoutSeconds: 28_800,
      rotateEverySeconds: 300,
    });
    expect(at("modern").password).toMatchObject({ minLength: 15, requireSpecial: false });
    expect(at("education").session).toMatchObject({
      absoluteTimeoutSeconds: 3600,
      cookie: { sameSite: "lax", secure: true, hostPrefix: true },
    });
    expect(at("education").password).toMatchObject({ minLength: 12, requireSpecial: false });
    expect(at("platform").password).toMatchObject({
      minLength: 12,
      requireUppercase: true,
      requireSpecial: true,
    });
    expect(at("saas").session).toMatchObject({
      idleTimeoutSeconds: 1800,
      absoluteTimeoutSeconds: 28_800,
      rememberMe: { enabled: true, absoluteTimeoutSeconds: 604_800 },
    });
    expect(at("saas").access.openGroups).toEqual([]);
    expect(at("regulated").headers.hsts).toMatchObject({ enabled: true, maxAgeSeconds: 63_072_000 });
  });

  it("takes what it does not know for production", () => {
    for (const name of [undefined, "", "prod", "Production", "staging", "__proto__"])
      expect(environmentOf(name)).toBe("production");
    expect([environmentOf("development"), environmentOf("test")]).toEqual(["development", "test"]);
  });

  it("is frozen to the last list", () => {
    const policy = definePolicy({ environment: "test" });
    expect(() => Object.assign(policy.session.cookie, { secure: false })).toThrow(TypeError);
    expect(Object.isFrozen(policy.headers.permissionsDenied)).toBe(true);
  });

  it("is plain data: JSON keeps all of it", () => {
    const policy = definePolicy({ environment: "production" });
    expect(JSON.parse(JSON.stringify(policy))).toEqual(policy);
  });

  it("has one fingerprint, whatever order its keys were written in, and another for any other value", () => {
    const one = definePolicy({
      environment: "test",
      session: { idleTimeoutSeconds: 600, rotateEverySeconds: 60 },
    });
    const other = definePolicy({
      environment: "test",
      session: { rotateEverySeconds: 60, idleTimeoutSeconds: 600 },
    });
    expect(fingerprint(one)).toBe(fingerprint(other));
    const seen = new Set([fingerprint(one)]);
    for (const idleTimeoutSeconds of [601, 602, 900])
      seen.add(
        fingerprint(
          definePolicy({ environment: "test", session: { idleTimeoutSeconds, rotateEverySeconds: 60 } }),
        ),
      );
    expect(seen.size).toBe(4);
  });

  it("describes every setting", () => {
    const described = leafDescriptions();
    for (const [path] of policyLeaves(definePolicy({ environment: "production" }))) {
      expect([path, described.get(path)?.meaning.length ?? 0]).toEqual([
        path,
        expect.toSatisfy((length: number) => length > 5),
      ]);
    }
  });
});

describe("a bad policy", () => {
  it.each([
    ["a misspelt key", { sesion: {} }, "sesion", "Did you mean session?"],
    [
      "a key without its unit",
      { session: { idleTimeout: 900 } },
      "session.idleTimeout",
      "Did you mean idleTimeoutSeconds?",
    ],
    [
      "a duration in words",
      { session: { absoluteTimeoutSeconds: "8h" } },
      "session.absoluteTimeoutSeconds",
      "Did you mean 28800?",
    ],
    [
      "a size in words",
      { input: { jsonLimitBytes: "1mb" } },
      "input.jsonLimitBytes",
      "Did you mean 1048576?",
    ],
    [
      "milliseconds",
      { transport: { requestTimeoutSeconds: 30_000 } },
      "transport.requestTimeoutSeconds",
      "Did you mean 30?",
    ],
    [
      "a boolean in quotes",
      { session: { cookie: { secure: "true" } } },
      "session.cookie.secure",
      "Did you mean true, without quotes?",
    ],
    [
      "a misspelt word",
      { session: { cookie: { sameSite: "Lax" } } },
      "session.cookie.sameSite",
      'Did you mean "lax"?',
    ],
    [
      "one value for a list",
      { csrf: { trustedOrigins: "https://a.example" } },
      "csrf.trustedOrigins",
      'Did you mean ["https://a.example"]?',
    ],
    [
      "a feature that browsers do not know",
      { headers: { permissionsDenied: ["speaker"] } },
      "headers.permissionsDenied.0",
      "expected",
    ],
    [
      "null",
      { session: { idleTimeoutSeconds: null } },
      "session.idleTimeoutSeconds",
      "a whole number from 10",
    ],
    ["a preset that is not there", { preset: "strict" }, "preset", "one of modern"],
  ])("with %s names the path and the likely meaning", (_what, input, path, hint) => {
    const error = problemsOf(input);
    expect(error.message).toContain(`${path}: got`);
    expect(error.message).toContain(hint);
  });

  it.each([
    [
      "a cookie without Secure in production",
      { session: { cookie: { secure: false, hostPrefix: false } } },
      "session.cookie.secure",
    ],
    [
      "__Host- without Secure",
      { environment: "test", session: { cookie: { hostPrefix: true } } },
      "session.cookie.hostPrefix",
    ],
    [
      "SameSite=None without Secure",
      { environment: "test", session: { cookie: { sameSite: "none" } } },
      "session.cookie.sameSite",
    ],
    ["plain HTTP in production", { transport: { httpsRequired: false } }, "transport.httpsRequired"],
    ["idle beyond absolute", { session: { idleTimeoutSeconds: 100_000 } }, "session.idleTimeoutSeconds"],
    [
      "preload without a year",
      { headers: { hsts: { preload: true, maxAgeSeconds: 300 } } },
      "headers.hsts.preload",
    ],
    [
      "no guard against CSRF at all",
      { csrf: { tokenRequired: false, originCheck: false } },
      "csrf.tokenRequired",
    ],
  ])("with %s does not start", (_what, input, path) => {
    expect(problemsOf(input).problems.map((problem) => problem.path)).toContain(path);
  });

  it("names every problem at once", () => {
    expect(
      problemsOf({ sesion: 1, csrf: { tokenRequired: "no" }, input: { jsonMaxDepth: 0 } }).problems,
    ).toHaveLength(3);
  });

  it("of any JSON at all either starts or says why, and touches no prototype", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const input = {
          environment: "test" as const,
          session: value,
          ...(typeof value === "object" && value !== null ? value : {}),
        };
        try {
          definePolicy(JSON.parse(JSON.stringify(input)));
        } catch (error) {
          expect(error).toBeInstanceOf(PolicyError);
        }
        expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
      }),
      { numRuns: 300 },
    );
    expect(() =>
      definePolicy(
        JSON.parse(
          '{"environment":"test","__proto__":{"polluted":1},"session":{"__proto__":{"polluted":1}}}',
        ),
      ),
    ).toThrow(PolicyError);
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });
});
