import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evidenceOf } from "./finding.ts";
import { Secrets } from "./redact.ts";

const SECRET = "Sup3rSecretValueOf40Characters_abcdefghi";

function shown(headers: readonly (readonly [string, string])[], body = "", known: readonly string[] = []) {
  const secrets = new Secrets();
  for (const one of known) secrets.add(one);
  const request = { method: "GET", url: `http://t/?t=${known[0] ?? ""}`, headers: [] };
  const exchange = { request, response: { status: 200, headers, body, truncated: false } };
  secrets.learn(exchange);
  return JSON.stringify(evidenceOf(exchange, secrets));
}

describe("evidence", () => {
  it.each([
    ["a cookie", [["set-cookie", `sid=${SECRET}; HttpOnly`]], ""],
    ["a Set-Cookie line that is none", [["set-cookie", SECRET]], ""],
    ["a header that is named like a secret", [["x-csrf-token", SECRET]], ""],
    ["a cookie that comes again in the body", [["set-cookie", `sid=${SECRET}`]], `<p>${SECRET}</p>`],
    [
      "a cookie that comes again in a header",
      [
        ["set-cookie", `sid=${SECRET}`],
        ["location", `/?s=${SECRET}`],
      ],
      "",
    ],
    ["a member of JSON", [], `{"access-token": "${SECRET}"}`],
    ["a member with a quote in it", [], `{"password":"a\\"${SECRET}"}`],
    ["a member that is cut off", [], `{"token":"${SECRET.repeat(300)}`],
    ["a tag of the page", [], `<meta name="csrf-token" content="${SECRET}">`],
    ["a field of the page", [], `<input type=hidden name=_csrf value=${SECRET}>`],
  ] as const)("does not show %s", (_what, headers, body) => {
    const text = shown(headers, body);
    expect(text).not.toContain(SECRET.slice(0, 12));
    expect(text).not.toContain(SECRET.slice(-12));
  });

  it("does not show what the run knows to be secret, wherever it stands", () => {
    const text = shown([["x-echo", `you sent ${SECRET}`]], `hello ${SECRET}, hello`, [SECRET]);
    expect(text).not.toContain(SECRET);
    expect(text).toContain("Sup3...");
  });

  it("keeps what is no secret: attributes, policies, words", () => {
    const text = shown(
      [
        ["set-cookie", `sid=${SECRET}; Path=/; SameSite=Lax`],
        ["content-security-policy", "default-src 'none'"],
        ["set-cookie", "greeting=refused with 401"],
      ],
      "refused with 401",
    );
    expect(text).toContain("sid=Sup3...; Path=/; SameSite=Lax");
    expect(text).toContain("default-src 'none'");
    expect(text).toContain('"body":"refused with 401"');
  });

  it("takes any answer, and shows no control characters of it", () => {
    const text = fc.string({ unit: "binary", maxLength: 200 });
    fc.assert(
      fc.property(text, text, (value, body) => {
        expect(
          shown(
            [
              ["set-cookie", value],
              ["x-a", value],
            ],
            body,
          ),
        ).not.toMatch(/\\u00[01][0-9a-f]|\\[bfnrt]|[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
      }),
    );
  });

  it("is not kept busy by a target that gives out secrets without end", () => {
    const secrets = new Secrets();
    const response = { status: 200, body: "x".repeat(100_000), truncated: false };
    const request = { method: "GET", url: "http://t/", headers: [] };
    const started = performance.now();
    for (let round = 0; round < 50; round++) {
      const headers = Array.from(
        { length: 500 },
        (_, index) => ["set-cookie", `c=${round}-${index}-${SECRET}`] as const,
      );
      secrets.learn({ request, response: { ...response, headers } });
      evidenceOf({ request, response: { ...response, headers } }, secrets);
    }
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
