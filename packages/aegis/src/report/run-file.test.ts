/** What is read as a run, and what is refused. */
import { definePolicy, fingerprint } from "aegis";
import { catalogue, verify } from "aegis/verify";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nastyRun, runData } from "../../../../test/support/run-file.ts";
import { MAX_RUN_BYTES, parseRun, runText } from "./run-file.ts";

const text = (more: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify(runData([{ id: "session.cookie", room: "session", outcome: "pass" }], more));

describe("a saved run", () => {
  it("is what the verifier gives, whole", async () => {
    const report = await verify({
      origin: "http://127.0.0.1:1",
      policy: definePolicy({ environment: "test" }),
      only: ({ room }) => room === "csrf",
    });
    const run = parseRun(JSON.stringify(report));
    expect(run.findings.map(({ id }) => id)).toEqual(report.findings.map(({ id }) => id));
    expect(run.controlsKnown).toBeGreaterThan(run.findings.length);
    expect(run).toMatchObject({ reachable: false, tool: { name: "aegis" }, nodeVersion: process.version });
    expect(Date.parse(run.endedAt)).toBeGreaterThanOrEqual(Date.parse(run.startedAt));
  });

  it("takes every control that there is", () => {
    const all = catalogue.flatMap(({ controls }) => controls);
    const findings = all.map(({ id, room }) => ({ id, room, outcome: "pass" as const }));
    expect(parseRun(JSON.stringify(runData(findings))).findings).toHaveLength(all.length);
  });

  it("is the same run after it was written again", () => {
    fc.assert(
      fc.property(nastyRun(), (data) => {
        const run = parseRun(JSON.stringify(data));
        expect(parseRun(runText(run))).toEqual(run);
      }),
    );
  });

  it("keeps the policy that its fingerprint names, and no other; how a raw connection ended", () => {
    const policy = definePolicy({ environment: "production" });
    const raw = { request: "GET https://hub.example/", status: 0, headers: [], body: "" };
    const data = runData(
      [
        {
          id: "session.cookie",
          room: "session",
          outcome: "pass",
          evidence: [{ ...raw, connection: "closed\u001b after 1 s" }],
        },
      ],
      { policy, fingerprint: fingerprint(policy) },
    );
    const run = parseRun(JSON.stringify(data));
    expect(run.policy).toEqual(policy);
    expect(run.findings[0]?.evidence).toEqual([{ ...raw, connection: "closed\u00b7 after 1 s" }]);
    expect(parseRun(runText(run))).toEqual(run);
    for (const other of [{ ...policy, environment: "test" }, null, "policy", [policy], undefined])
      expect(parseRun(JSON.stringify({ ...data, policy: other }))).not.toHaveProperty("policy");
    const deep = `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`;
    expect(parseRun(JSON.stringify(data).replace(JSON.stringify(policy), deep))).not.toHaveProperty("policy");
  });

  it("leaves out what a later version may add", () => {
    expect(parseRun(text({ somethingNew: { a: 1 } }))).not.toHaveProperty("somethingNew");
  });

  it("has no control characters, no escapes and no change of direction in any text", () => {
    fc.assert(
      fc.property(nastyRun(), (data) => {
        for (const [, shown] of JSON.stringify(parseRun(JSON.stringify(data))).matchAll(
          /"((?:[^"\\]|\\.)*)"/g,
        ))
          expect(JSON.parse(`"${shown}"`)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
      }),
    );
  });

  it.each([
    ["no JSON", "{", /no JSON, or was cut off/],
    ["a file of something else", '{"findings":[]}', /no saved run/],
    ["a list", "[]", /no saved run/],
    ["a run of a later form", text({ format: "aegis-run/2" }), /form aegis-run\/2, and this version knows/],
    ["a run cut off", text().slice(0, -20), /no JSON, or was cut off/],
    ["a run without its findings", text({ findings: undefined }), /damaged run/],
    ["an outcome that is none", text().replace('"pass"', '"good"'), /findings\/0\/outcome is not/],
    [
      "a control whose name is a path",
      text().replace("session.cookie", "../../etc/x"),
      /findings\/0\/id is not/,
    ],
    ["a target that is no address", text({ origin: "javascript:alert(1)" }), /target is no address/],
    ["a day that there is not", text({ startedAt: "2026-02-31T00:00:00.000Z" }), /one of its times is none/],
    ["an hour that there is not", text({ endedAt: "2026-01-01T24:00:00.000Z" }), /one of its times is none/],
    ["a year of no report", text({ startedAt: "0001-01-01T00:00:00.000Z" }), /one of its times is none/],
    ["a fingerprint that is none", text({ fingerprint: "<b>" }), /fingerprint is not/],
    ["a number where a text belongs", text({ target: 5 }), /target is not/],
  ])("refuses %s, and quotes nothing of it", (_name, source, message) => {
    expect(() => parseRun(source)).toThrow(message);
  });

  it("refuses two findings of one control, and what is too large", () => {
    const twice = runData([
      { id: "session.cookie", room: "session", outcome: "pass" },
      { id: "session.cookie", room: "session", outcome: "fail" },
    ]);
    expect(() => parseRun(JSON.stringify(twice))).toThrow(/two findings of one control/);
    expect(() => parseRun(" ".repeat(MAX_RUN_BYTES + 1))).toThrow(/too large/);
  });

  it("is refused, and nothing worse, whatever else it is", () => {
    fc.assert(
      fc.property(fc.json(), (source) => {
        expect(() => parseRun(source)).toThrow(/no saved run/);
      }),
    );
  });
});
