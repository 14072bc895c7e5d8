import fc from "fast-check";
import { createHash, generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type ChecklistSigner, sealed } from "../../checklist/seal.ts";
import { checklistKeys, checklistSigner } from "../../checklist.ts";
import { sha256 } from "../../lib/bytes.ts";
import { canonical } from "../../lib/canonical.ts";
import { definePolicy, fingerprint, type Policy } from "../../policy.ts";
import { withLeaf } from "../../testing/index.ts";
import { newKeyRing } from "../../token/keys.ts";
import { catalogue } from "../../verify/catalogue.ts";
import { findingData, runData, type SampleFinding } from "../../../../../test/support/run-file.ts";
import { parseRun } from "../run-file.ts";
import {
  assess,
  attest,
  type Attestation,
  attestationsText,
  complianceMarkdown,
  controlsOf,
  framework,
  frameworkIds,
  readAttestations,
  type Row,
  seenRun,
  type Status,
} from "./index.ts";

const NOW = Date.parse("2026-11-20T12:00:00.000Z");
const DAY = 86_400_000;
const policy = definePolicy({ environment: "production", breach: { source: "online" } });
const ring = newKeyRing("EdDSA", 0);
const signer = checklistSigner(ring);
const keys = checklistKeys(ring.keys.map(({ jwk }) => jwk));
const asvs = framework("asvs");

const controls = catalogue.flatMap((room) => room.controls);
const allPass: readonly SampleFinding[] = controls.map(({ id, room }) => ({
  id,
  room,
  outcome: "pass",
  request: "GET https://hub.test/",
}));
const fileOf = (findings: readonly SampleFinding[], held: Policy = policy, over: object = {}): string =>
  JSON.stringify(runData(findings, { fingerprint: fingerprint(held), policy: held, ...over }));
const but = (id: string, over: Partial<SampleFinding>): readonly SampleFinding[] =>
  allPass.map((one) => (one.id === id ? { ...one, ...over } : one));
const exchange = { request: "GET https://hub.test/", status: 200, headers: [], body: "" };

const assessed = (text: string, statements: readonly unknown[] = [], id = "asvs", now = NOW) =>
  assess({ framework: framework(id), run: seenRun(parseRun(text), text), statements, keys, now });
function rowOf(rows: readonly Row[], id: string): Row {
  const row = rows.find(({ requirement }) => requirement.id === id);
  if (row === undefined) throw new Error(`no row ${id}`);
  return row;
}
const statusIn = (text: string, id: string, statements: readonly unknown[] = [], now = NOW): Status =>
  rowOf(assessed(text, statements, "asvs", now).rows, id).status;
const say = (
  requirement: string,
  kind: "attested" | "waived" = "attested",
  by: ChecklistSigner = signer,
): Attestation =>
  attest(
    {
      kind,
      framework: "asvs",
      requirement,
      by: "Ada Byron",
      statement: "see page 12",
      now: NOW - DAY,
      expires: NOW + 90 * DAY,
    },
    by,
  );

describe("a requirement that controls prove", () => {
  it("is tested when each of them passed with a stored exchange, and the row leads to it", () => {
    const row = rowOf(assessed(fileOf(allPass)).rows, "3.4.1");
    expect(row.status).toBe("tested");
    const place = controls.findIndex(({ id }) => id === "headers.hsts");
    expect(row.controls.map(({ id, exchange: seen }) => [id, seen?.pointer])).toEqual([
      ["headers.hsts", `/findings/${place}/evidence/0`],
    ]);
  });

  it.each<[string, Partial<SampleFinding>, Status]>([
    ["without an exchange", { evidence: [] }, "not-tested"],
    ["with an exchange that is none", { evidence: [{ ...exchange, request: "" }] }, "not-tested"],
    ["with an exchange that was never answered", { evidence: [{ ...exchange, status: 0 }] }, "not-tested"],
    [
      "whose raw connection ended without an answer",
      { evidence: [{ ...exchange, status: 0, connection: "closed after 0.1 s" }] },
      "tested",
    ],
    ["that could not be seen", { outcome: "unknown" }, "not-tested"],
    ["whose probe broke", { outcome: "error" }, "not-tested"],
    ["that failed", { outcome: "fail" }, "not-met"],
    ["that does not apply", { outcome: "not-applicable" }, "not-applicable"],
  ])("is worth what was seen of it, of a control %s", (_what, over, status) => {
    expect(statusIn(fileOf(but("headers.hsts", over)), "3.4.1")).toBe(status);
  });

  it("is not tested where the run says nothing of a control", () => {
    expect(statusIn(fileOf(allPass.filter(({ id }) => id !== "headers.hsts")), "3.4.1")).toBe("not-tested");
  });

  it("is not met where everything passed, but against a policy that asks for less", () => {
    const short = withLeaf(policy, "headers.hsts.maxAgeSeconds", 300);
    const row = rowOf(assessed(fileOf(allPass, short)).rows, "3.4.1");
    expect([row.status, row.reason]).toEqual([
      "not-met",
      "the policy has headers.hsts.maxAgeSeconds 300: asked for is 31536000 or more",
    ]);
  });

  it("is not tested where the run does not say which policy, or shows another than the one of its fingerprint", () => {
    const short = withLeaf(policy, "headers.hsts.maxAgeSeconds", 300);
    expect(statusIn(fileOf(allPass, policy, { policy: undefined }), "3.4.1")).toBe("not-tested");
    expect(statusIn(fileOf(allPass, short, { policy }), "3.4.1")).toBe("not-tested");
  });

  it("is not met where one setting asks for less, though the run says nothing of another, and nobody's word helps", () => {
    const told = (baseUri: string): string => {
      const { mode: _mode, ...csp } = { ...policy.headers.csp, baseUri };
      const held = { ...policy, headers: { ...policy.headers, csp } };
      const print = createHash("sha256").update(canonical(held)).digest("hex").slice(0, 16);
      return JSON.stringify(runData(allPass, { fingerprint: print, policy: held }));
    };
    expect(statusIn(told("self"), "3.4.3")).toBe("not-met");
    expect(statusIn(told("self"), "3.4.3", [say("3.4.3")])).toBe("not-met");
    expect(statusIn(told("none"), "3.4.3")).toBe("not-tested");
  });

  it("is not called tested whole where controls prove a part of it", () => {
    expect(statusIn(fileOf(allPass), "4.2.1")).toBe("tested-in-part");
    expect(statusIn(fileOf(allPass), "4.2.1", [say("4.2.1")])).toBe("attested");
  });

  it("is not met by anybody's word where a control failed, or could not see it", () => {
    const failed = fileOf(but("transport.ambiguous-request-refused", { outcome: "fail" }));
    const unseen = fileOf(but("transport.ambiguous-request-refused", { outcome: "unknown" }));
    expect(statusIn(failed, "4.2.1", [say("4.2.1")])).toBe("not-met");
    expect(statusIn(unseen, "4.2.1", [say("4.2.1")])).toBe("not-tested");
    expect(statusIn(fileOf(but("headers.hsts", { outcome: "unknown" })), "3.4.1", [say("3.4.1")])).toBe(
      "not-tested",
    );
  });
});

describe("what nobody can measure", () => {
  it("is open until somebody signs for it, and again when their word has run out", () => {
    const file = fileOf(allPass);
    expect(statusIn(file, "2.1.1")).toBe("not-attested");
    expect(statusIn(file, "2.1.1", [say("2.1.1")])).toBe("attested");
    expect(statusIn(file, "2.1.1", [say("2.1.1")], NOW + 91 * DAY)).toBe("not-attested");
    expect(rowOf(assessed(file, [say("2.1.1")]).rows, "2.1.1").reason).toBe(
      "Ada Byron, until 2027-02-18: see page 12",
    );
  });

  it("does not apply for a reason, unless somebody signs that it does and is met", () => {
    expect(statusIn(fileOf(allPass), "1.2.6")).toBe("not-applicable");
    expect(statusIn(fileOf(allPass), "1.2.6", [say("1.2.6")])).toBe("attested");
  });

  it("is waived, and shown as waived", () => {
    const failed = fileOf(but("headers.hsts", { outcome: "fail", observed: "no header" }));
    const { rows, counts } = assessed(failed, [say("3.4.1", "waived"), say("2.1.1", "waived")]);
    expect([rowOf(rows, "3.4.1").status, rowOf(rows, "2.1.1").status]).toEqual(["waived", "waived"]);
    expect(rowOf(rows, "3.4.1").reason).toMatch(
      /^Ada Byron, until .*: see page 12 \(headers\.hsts: no header\)$/,
    );
    expect(counts.waived).toBe(2);
    expect(statusIn(fileOf(allPass), "3.4.1", [say("3.4.1", "waived")])).toBe("tested");
  });
});

describe("a statement", () => {
  const resigned = (over: object): unknown => {
    const { body } = say("2.1.1");
    const changed = { ...body, ...over };
    const { privateKey } = signer;
    return { ...say("2.1.1"), body: changed, seal: sealOf(changed, privateKey) };
  };
  const sealOf = (body: object, privateKey: ChecklistSigner["privateKey"]): unknown => {
    const at = "at" in body && typeof body.at === "string" ? body.at : "";
    const { seal } = attest(
      {
        kind: "attested",
        framework: "asvs",
        requirement: "2.1.1",
        by: "x",
        statement: "x",
        now: Date.parse(at),
        expires: Date.parse(at) + DAY,
      },
      { kid: signer.kid, privateKey },
    );
    return { ...seal, hash: sha256(canonical(body)) };
  };
  const stranger = { ...signer, privateKey: generateKeyPairSync("ed25519").privateKey };
  const other = checklistSigner(newKeyRing("EdDSA", 0));

  it.each([
    [
      "with another name",
      { ...say("2.1.1"), body: { ...say("2.1.1").body, by: "Eve" } },
      "not what was signed",
    ],
    ["moved to another requirement", { ...say("2.1.1"), body: say("2.1.2").body }, "not what was signed"],
    [
      "made to hold longer",
      { ...say("2.1.1"), body: { ...say("2.1.1").body, expires: "2027-10-01T00:00:00.000Z" } },
      "not what was signed",
    ],
    ["turned from a waiver", { ...say("2.1.1", "waived"), body: say("2.1.1").body }, "not what was signed"],
    ["with a hash made to fit", resigned({ by: "Eve" }), "not what was signed"],
    [
      "under a key that only claims the name of ours",
      say("2.1.1", "attested", stranger),
      "not what was signed",
    ],
    ["under a key that nobody gave", say("2.1.1", "attested", other), "signed by a key that was not given"],
    ["that is none", { word: "of honour" }, "no statement"],
  ])("%s does not count, and the result says so", (_what, statement, objection) => {
    const { rows, refused } = assessed(fileOf(allPass), [statement]);
    expect(rowOf(rows, "2.1.1").status).toBe("not-attested");
    expect(refused.map((one) => one.objection)).toEqual([objection]);
  });

  it("under a signature that our key gave to a record of a deployment does not count", () => {
    const { body, seal } = say("2.1.1");
    const sworn = { body, seal: sealed({ seq: 1, hash: seal.hash }, body.at, signer) };
    expect(assessed(fileOf(allPass), [sworn]).refused.map((one) => one.objection)).toEqual([
      "not what was signed",
    ]);
  });

  it("of the future, and one that has run out, do not count", () => {
    const made = say("2.1.1");
    expect(assessed(fileOf(allPass), [made], "asvs", NOW - 30 * DAY).refused[0]?.objection).toBe(
      "made later than now",
    );
    expect(assessed(fileOf(allPass), [made], "asvs", NOW + 90 * DAY).refused[0]?.objection).toBe("expired");
  });

  it("holds for a year at most, for a requirement that there is, with a name and words", () => {
    const options = {
      kind: "attested",
      framework: "asvs",
      requirement: "2.1.1",
      by: "Ada",
      statement: "so",
      now: NOW,
      expires: NOW + DAY,
    } as const;
    expect(() => attest({ ...options, expires: NOW + 367 * DAY }, signer)).toThrow(/1 to 366 days/);
    expect(() => attest({ ...options, expires: NOW }, signer)).toThrow(/1 to 366 days/);
    expect(() => attest({ ...options, requirement: "2.1.99" }, signer)).toThrow(/no requirement 2\.1\.99/);
    expect(() => attest({ ...options, by: " \n" }, signer)).toThrow(/A name has/);
    expect(() => attest({ ...options, statement: "" }, signer)).toThrow(/A name has/);
    expect(() => attest({ ...options, framework: "iso" }, signer)).toThrow(/no framework "iso"/);
  });

  it("of one framework says nothing in another", () => {
    const result = assessed(fileOf(allPass), [say("2.1.1")], "gdpr");
    expect([result.counts.attested, result.refused]).toEqual([0, []]);
  });

  it("comes back from its file as it was", () => {
    const statements = [say("2.1.1"), say("2.1.2", "waived")];
    expect(readAttestations(attestationsText(statements))).toEqual(statements);
    for (const text of ["", "[]", '{"format":2,"statements":[]}', '{"format":1}'])
      expect(() => readAttestations(text)).toThrow(/statements/);
  });
});

/** From worst to best; what does not apply stands below what is open, because it claims less. */
const RANK: readonly Status[] = [
  "not-met",
  "not-applicable",
  "not-attested",
  "not-tested",
  "waived",
  "tested-in-part",
  "attested",
  "tested",
];
const rank = (status: Status): number => RANK.indexOf(status);
const worse = fc.constantFrom<Partial<SampleFinding>>(
  { outcome: "fail" },
  { outcome: "unknown" },
  { outcome: "error" },
  { outcome: "not-applicable" },
  { evidence: [] },
);
const findings = fc.array(
  fc.constantFrom<Partial<SampleFinding>>(
    {},
    {},
    {},
    {},
    { outcome: "fail" },
    { outcome: "unknown" },
    { outcome: "not-applicable" },
  ),
  { minLength: allPass.length, maxLength: allPass.length },
);

describe("whatever a run holds", () => {
  it("never raises a row when a pass turns into anything else, or loses its exchange", () => {
    const words = asvs.requirements.flatMap(({ id }) => [say(id), say(id, "waived")]);
    const some = words.filter((_word, place) => place % 3 === 0);
    fc.assert(
      fc.property(
        findings,
        fc.nat(allPass.length - 1),
        worse,
        fc.boolean(),
        (outcomes, place, change, signed) => {
          const before = allPass.map((one, at) => ({ ...one, ...outcomes[at] }));
          const after = before.map((one, at) =>
            at === place && one.outcome === "pass" ? { ...one, ...change } : one,
          );
          const statements = signed ? some : [];
          const [first, second] = [assessed(fileOf(before), statements), assessed(fileOf(after), statements)];
          for (const [at, row] of second.rows.entries())
            expect([row.requirement.id, rank(row.status)]).toEqual([
              row.requirement.id,
              expect.toSatisfy((now: number) => now <= rank(first.rows[at]?.status ?? "not-met")),
            ]);
        },
      ),
      { numRuns: 25 },
    );
  }, 60_000);

  it("calls no row tested of which a control has no exchange, in any framework", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...frameworkIds),
        fc.array(fc.boolean(), { minLength: allPass.length, maxLength: allPass.length }),
        (id, kept) => {
          const run = allPass.map((one, at) => (kept[at] === true ? one : { ...one, evidence: [] }));
          for (const row of assessed(fileOf(run), [], id).rows)
            if (row.status === "tested")
              expect(row.controls.every(({ exchange: seen, isProof }) => seen !== undefined && isProof)).toBe(
                true,
              );
        },
      ),
      { numRuns: 40 },
    );
  });

  it("believes nothing that a finding says of what it proves", () => {
    const boast = {
      ...findingData({ id: "made.up", room: "made", outcome: "pass" }),
      references: asvs.requirements.slice(0, 200).map(({ id }) => `asvs:v5.0.0-${id}`),
      proves: ["everything"],
    };
    const { counts } = assessed(fileOf([], policy, { findings: [boast] }));
    expect([counts.tested, counts["tested-in-part"]]).toEqual([0, 0]);
  });

  it("refuses a run that reached nobody, and one with two findings of a control", () => {
    expect(() => assessed(fileOf(allPass, policy, { reachable: false }))).toThrow(/could not be reached/);
    expect(() => assessed(fileOf([...allPass, ...allPass]))).toThrow(/two findings of one control/);
  });

  it("ends in a result or in a reason, whatever the file says", () => {
    const scraps = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }),
      fc
        .record({
          id: fc.constantFrom(...controls.map(({ id }) => id)),
          outcome: fc.constantFrom("pass", "fail", "PASS"),
          observed: fc.string({ unit: "binary" }),
          evidence: fc.oneof(
            fc.jsonValue({ maxDepth: 2 }),
            fc.array(
              fc.record({
                request: fc.string({ unit: "binary" }),
                status: fc.nat(999),
                headers: fc.array(fc.string({ unit: "binary" })),
                body: fc.string({ unit: "binary" }),
              }),
            ),
          ),
        })
        .map((one) => ({ ...findingData({ id: one.id, room: "session", outcome: "pass" }), ...one })),
    );
    fc.assert(
      fc.property(fc.array(scraps, { maxLength: 4 }), fc.jsonValue({ maxDepth: 2 }), (list, held) => {
        let text: string;
        try {
          text = complianceMarkdown(
            assessed(fileOf([], policy, { findings: list, policy: held, target: "x" }), list),
          );
        } catch (error) {
          expect(error).toMatchObject({ name: "ReportError" });
          return;
        }
        expect(text).not.toMatch(/<script|[\u0000-\u0008]/);
      }),
      { numRuns: 200 },
    );
  });

  it("says nowhere that anything is as some law or standard wants it", () => {
    for (const id of frameworkIds)
      expect(
        complianceMarkdown(assessed(fileOf(allPass), [], id)) + JSON.stringify(framework(id)),
      ).not.toMatch(/complian(t|ce)|certif(y|ied)|conform/i);
  });
});

describe("Markdown", () => {
  it("shows what a server answered as text", () => {
    const text = complianceMarkdown(
      assessed(fileOf(but("headers.hsts", { outcome: "fail", observed: "<img src=x>|[a](b)\n# c" }))),
    );
    expect(text).toContain("&lt;img src=x\\>\\|\\[a\\]\\(b\\)·\\# c");
  });
});

it("maps a requirement to controls that name it, and one that no probe sees to none", () => {
  const of = (id: string) => {
    const found = asvs.requirements.find((one) => one.id === id);
    return found === undefined ? [] : controlsOf(asvs, found).map((one) => one.id);
  };
  expect(of("3.4.6")).toEqual(["headers.csp-frame-ancestors", "headers.csp-on-data"]);
  expect(of("2.1.1")).toEqual([]);
});
