/** Evidence that was improved afterwards, or that gives away what it shows, is none. */
import { execFileSync } from "node:child_process";
import { createServer } from "node:http";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { definePolicy, newKeyRing } from "aegis";
import { verify } from "aegis/verify";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { oscalProblems } from "../../../../../test/support/report-schemas.ts";
import { runData } from "../../../../../test/support/run-file.ts";
import { signed } from "../../backup/signature.ts";
import { checklistKeys } from "../../checklist.ts";
import { sha256 } from "../../lib/bytes.ts";
import { fingerprint } from "../../policy.ts";
import { reportOf } from "../model.ts";
import {
  assess,
  attest,
  type Attestation,
  type AttestOptions,
  attestationsText,
  framework,
  seenRun,
} from "../compliance/index.ts";
import { parseRun, runText } from "../run-file.ts";
import { verifyBundle } from "./read.ts";
import { archived, evidenceBundle, evidenceSigner } from "./write.ts";

const now = Date.parse("2026-01-02T03:04:05.678Z");
const policy = definePolicy({ preset: "saas", environment: "production" });
const ring = newKeyRing("EdDSA", now);
const signer = evidenceSigner(ring);
const keys = checklistKeys(ring.keys.map(({ jwk }) => jwk));
const reportFrom = (data: unknown) => reportOf(parseRun(JSON.stringify(data)), { now });
const sample = reportFrom(
  runData(
    [
      { id: "session.cookie", room: "session", outcome: "pass" },
      { id: "csrf.token", room: "csrf", outcome: "fail", expected: "a refusal" },
    ],
    { fingerprint: fingerprint(policy) },
  ),
);

let bundle: Uint8Array;
beforeAll(async () => {
  bundle = await evidenceBundle(sample, policy, signer);
});
const changed = (at: number, to: (byte: number) => number): Uint8Array => {
  const copy = Uint8Array.from(bundle);
  copy[at] = to(copy[at] ?? 0);
  return copy;
};

describe("a bundle of evidence", () => {
  it("holds, and has run, exchanges, policy, versions and every report, as tar reads them", async () => {
    const found = await verifyBundle(bundle, keys);
    expect(found).toMatchObject({
      ok: true,
      manifest: { origin: "https://hub.example", made_at: sample.madeAt },
    });
    const folder = mkdtempSync(join(tmpdir(), "aegis-evidence-"));
    try {
      writeFileSync(join(folder, "evidence.tar"), bundle);
      const names = execFileSync("tar", ["-tf", "evidence.tar"], { cwd: folder, encoding: "utf8" });
      expect(names.trim().split("\n")).toEqual([
        "manifest.json",
        "run.json",
        "policy.json",
        "versions.json",
        "report.html",
        "report.md",
        "report.json",
        "report.sarif",
        "report.oscal.json",
        "report.junit.xml",
        "exchanges/session.cookie.json",
        "exchanges/csrf.token.json",
      ]);
      execFileSync("tar", ["-xf", "evidence.tar"], { cwd: folder });
      const [kept, exchange] = ["policy.json", "exchanges/csrf.token.json"].map((name) =>
        JSON.parse(readFileSync(join(folder, name), "utf8")),
      );
      expect(fingerprint(definePolicy(kept))).toBe(sample.run.fingerprint);
      expect(exchange).toMatchObject({ control: "csrf.token", outcome: "fail", evidence: [{ status: 200 }] });
      expect(parseRun(readFileSync(join(folder, "run.json"), "utf8"))).toEqual(sample.run);
      const oscal = readFileSync(join(folder, "report.oscal.json"), "utf8");
      expect(oscalProblems(oscal)).toEqual([]);
      const leads = [...oscal.matchAll(/"href": "([^#"]+)"/g)].map(([, name]) => name);
      expect(leads).toEqual(["exchanges/session.cookie.json", "exchanges/csrf.token.json", "policy.json"]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("is found touched after a change of any one byte", async () => {
    // Every header and the whole manifest, and every 97th byte behind them: contents, padding, the end.
    const places = new Set<number>();
    for (let at = 0; at < bundle.length; at += at < 6000 ? 7 : 97) places.add(at);
    for (let at = 0; at < bundle.length; at += 512) places.add(at + (at % 509));
    places.add(bundle.length - 1);
    for (const at of [...places].filter((place) => place < bundle.length)) {
      const found = await verifyBundle(
        changed(at, (byte) => byte ^ 1),
        keys,
      );
      expect([at, found.ok]).toEqual([at, false]);
    }
  });

  it("is found touched after a byte anywhere became any other, was taken out or put in", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: bundle.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        fc.constantFrom("change", "cut", "insert", "remove"),
        async (at, by, how) => {
          const other =
            how === "change"
              ? changed(at, (byte) => byte ^ by)
              : how === "cut"
                ? bundle.slice(0, at)
                : how === "insert"
                  ? Buffer.concat([bundle.slice(0, at), Uint8Array.of(by), bundle.slice(at)])
                  : Buffer.concat([bundle.slice(0, at), bundle.slice(at + 1)]);
          expect((await verifyBundle(other, keys)).ok).toBe(false);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("of another key is nobody's, whoever else vouches for it", async () => {
    const other = newKeyRing("EdDSA", now);
    const found = await verifyBundle(bundle, checklistKeys(other.keys.map(({ jwk }) => jwk)));
    expect(found).toMatchObject({ ok: false, kind: "foreign" });
    expect(await verifyBundle(bundle, new Map())).toMatchObject({ ok: false, kind: "foreign" });
  });

  it("is refused where a signature is for something else, though the key is right", async () => {
    const body = { format: "aegis-evidence/1" };
    const bytes = Buffer.from(signed("aegis-backup", body, signer));
    expect(await verifyBundle(await archived([{ name: "manifest.json", bytes }]), keys)).toMatchObject({
      ok: false,
      kind: "damaged",
      detail: expect.stringMatching(/not what was signed/),
    });
  });

  it("is refused where a file is missing, added, moved or twice, though the manifest is genuine", async () => {
    const found = await verifyBundle(bundle, keys);
    const files = found.ok ? [...found.files].map(([name, bytes]) => ({ name, bytes })) : [];
    const [manifest = { name: "", bytes: Buffer.alloc(0) }, ...rest] = files;
    const extra = { name: "extra.txt", bytes: Buffer.from("x") };
    for (const [list, why] of [
      [files.slice(0, -1), /not those of its manifest/],
      [[...files, extra], /not those of its manifest/],
      [[manifest, ...rest.toReversed()], /not those of its manifest/],
      [[...files, ...rest.slice(0, 1)], /a name twice/],
      [rest, /does not begin with a manifest/],
      [[], /does not begin with a manifest/],
    ] as const)
      expect(await verifyBundle(await archived(list), keys)).toMatchObject({
        ok: false,
        kind: "damaged",
        detail: expect.stringMatching(why),
      });
  });

  it.each(["../evil", "/etc/passwd", "a/../../b", "C:\\x", "a//b"])("has no file %s", async (name) => {
    await expect(archived([{ name, bytes: Buffer.from("x") }])).rejects.toThrow(/no place in an archive/);
    const bytes = Buffer.from(await archived([{ name: "x".repeat(name.length), bytes: Buffer.from("x") }]));
    bytes.write(name, 0, "latin1");
    // With the checksum that such a header would have.
    bytes.write("        ", 148, "latin1");
    const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
    expect(await verifyBundle(bytes, keys)).toMatchObject({
      ok: false,
      kind: "damaged",
      detail: expect.stringMatching(/an entry that we do not write/),
    });
  });

  it("is not read where it is larger than any bundle, and says no more of what is no archive", async () => {
    const claims = Buffer.from(await archived([{ name: "manifest.json", bytes: Buffer.from("x") }]));
    claims.write("77777777777\0", 124, "latin1");
    claims.write("        ", 148, "latin1");
    const sum = claims.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    claims.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
    expect(await verifyBundle(claims, keys)).toMatchObject({
      ok: false,
      detail: expect.stringMatching(/too large/),
    });
    for (const bytes of [Buffer.alloc(0), Buffer.from("hello"), Buffer.alloc(1024, 1)])
      expect(await verifyBundle(bytes, keys)).toMatchObject({ ok: false, kind: "damaged" });
  });

  it("is not made for another policy than the run's, nor signed by a key of another kind", async () => {
    const other = definePolicy({ preset: "modern", environment: "production" });
    await expect(evidenceBundle(sample, other, signer)).rejects.toThrow(/held against the policy/);
    expect(() => evidenceSigner(newKeyRing("ES256", now))).toThrow(/signed with Ed25519/);
  });
});

describe("assessments in a bundle", () => {
  const people = newKeyRing("EdDSA", now);
  const theirs = checklistKeys(people.keys.map(({ jwk }) => jwk));
  const both = new Map([...keys, ...theirs]);
  const word = (requirement: string, more: Partial<AttestOptions> = {}): Attestation =>
    attest(
      {
        kind: "attested",
        framework: "asvs",
        requirement,
        by: "Ada Byron",
        statement: "see page 12",
        now,
        expires: now + 86_400_000,
        ...more,
      },
      evidenceSigner(people),
    );
  const { run } = reportFrom(
    runData(
      [
        { id: "headers.nosniff", room: "headers", outcome: "pass" },
        { id: "headers.hsts", room: "headers", outcome: "pass" },
      ],
      { fingerprint: fingerprint(policy), policy },
    ),
  );
  const attestations = attestationsText([word("2.1.1")]);
  const asvs = assess({
    framework: framework("asvs"),
    run: seenRun(run, runText(run)),
    statements: [word("2.1.1")],
    keys: theirs,
    now,
  });
  /** With a manifest that is genuine, whatever the files say: whoever made it had the key. */
  const bundled = (assessment: typeof asvs, more: { readonly attestations?: string } = { attestations }) =>
    evidenceBundle(reportOf(run, { now, assessments: [assessment] }), policy, signer, more);
  const withRow = (id: string, over: object): typeof asvs => ({
    ...asvs,
    rows: asvs.rows.map((row) => (row.requirement.id === id ? { ...row, ...over } : row)),
  });

  it("hold: of the run in it, and of words in it that given keys signed", async () => {
    const found = await verifyBundle(await bundled(asvs), both);
    expect(found).toMatchObject({
      ok: true,
      assessments: [{ framework: "asvs", version: "5.0.0", statements: 1 }],
    });
    const names = found.ok ? [...found.files.keys()] : [];
    expect(names).toEqual(expect.arrayContaining(["assessments/asvs.json", "attestations.json"]));
    expect(asvs.rows.find(({ requirement }) => requirement.id === "3.4.4")?.status).toBe("tested");
    expect(await verifyBundle(bundle, keys)).toMatchObject({ ok: true, assessments: [] });
  });

  it("cannot be said of where a word is signed by a key that was not given", async () => {
    expect(await verifyBundle(await bundled(asvs), keys)).toMatchObject({
      ok: false,
      kind: "foreign",
      detail: expect.stringMatching(/2\.1\.1: the statement .* a key that was not given/),
    });
  });

  const forged = { ...word("2.1.1").body, by: "Eve" };
  it.each([
    ["a word that is not there", asvs, {}, /is missing/],
    ["a word for something else", asvs, { attestations: attestationsText([word("2.1.2")]) }, /is missing/],
    [
      "a word that was changed",
      withRow("2.1.1", { statement: forged }),
      { attestations: attestationsText([{ ...word("2.1.1"), body: forged }]) },
      /is not what was signed/,
    ],
    ["nobody's word", withRow("2.1.2", { status: "attested" }), { attestations }, /go together/],
    ["a word, and says tested", withRow("2.1.1", { status: "tested" }), { attestations }, /go together/],
    ["nothing", withRow("2.1.2", { status: "tested" }), { attestations }, /no control passed/],
    [
      "an exchange that is not there",
      withRow("3.4.4", {
        controls: [
          {
            id: "headers.nosniff",
            outcome: "pass",
            exchange: { pointer: "/findings/0/evidence/1", request: "GET https://hub.example/", status: 200 },
          },
        ],
      }),
      { attestations },
      /no such exchange of headers\.nosniff/,
    ],
    [
      "the exchange of another control",
      withRow("3.4.1", {
        status: "tested",
        controls: [
          {
            id: "headers.hsts",
            outcome: "pass",
            exchange: { pointer: "/findings/0/evidence/0", request: "GET https://hub.example/", status: 200 },
          },
        ],
      }),
      { attestations },
      /no such exchange of headers\.hsts/,
    ],
  ])("are damaged where a row rests on %s", async (_what, assessment, more, detail) => {
    expect(await verifyBundle(await bundled(assessment, more), both)).toMatchObject({
      ok: false,
      kind: "damaged",
      detail: expect.stringMatching(detail),
    });
  });

  const DAY = 86_400_000;
  it.each([
    ["a waiver, shown as a yes", word("2.1.1", { kind: "waived" })],
    ["what was said of another requirement", word("2.1.2")],
    ["what was over by then", word("2.1.1", { now: now - 9 * DAY, expires: now - DAY })],
    ["what was said later", word("2.1.1", { now: now + DAY, expires: now + 9 * DAY })],
    ["what was said of another framework", word("CC6.1", { framework: "soc-2" })],
  ])("are damaged where a row rests on %s, though the word is signed", async (_what, other) => {
    const row = withRow("2.1.1", { statement: other.body });
    const made = await bundled(row, { attestations: attestationsText([word("2.1.1"), other]) });
    expect(await verifyBundle(made, both)).toMatchObject({
      ok: false,
      kind: "damaged",
      detail: expect.stringMatching(/2\.1\.1: the statement that it rests on is for something else, or over/),
    });
  });

  it("of another run, and statements that are none, do not go in", async () => {
    const other = { ...asvs, run: { ...asvs.run, digest: "0".repeat(64) } };
    await expect(bundled(other)).rejects.toThrow(/another file than the run/);
    await expect(bundled(asvs, { attestations: "{}" })).rejects.toThrow(/no statements in it/);
  });
});

describe("secrets", () => {
  /** Made here, so that nothing but these could have brought them into a bundle. */
  const secret = (name: string): string =>
    `${name}${sha256(`planted ${name} ${Math.random()}`).replaceAll(/[-_]/g, "x")}`;
  const planted = {
    cookie: secret("c"),
    token: secret("t"),
    jwt: `eyJ${secret("h")}.eyJ${secret("p")}.${secret("s")}`,
    password: secret("w"),
    query: secret("q"),
    bearer: secret("b"),
    key: `-----BEGIN PRIVATE KEY----- ${secret("k")} -----END PRIVATE KEY-----`,
    address: secret("a"),
  };
  const server = createServer((request, response) => {
    response.setHeader("set-cookie", [`session=${planted.cookie}; HttpOnly`, `csrf=${planted.token}`]);
    response.setHeader("x-auth-token", planted.bearer);
    response.setHeader("location", `/next?reset_token=${planted.query}`);
    response.end(
      JSON.stringify({
        access_token: planted.token,
        note: `jwt ${planted.jwt}`,
        password: planted.password,
        pem: planted.key,
        dsn: `postgres://hub:${planted.address}@db/hub`,
        echo: `Authorization: Bearer ${planted.bearer}`,
        url: request.url,
      }),
    );
  });
  afterAll(() => void server.close());
  const shapes = Object.values(planted).flatMap((value) => value.match(/[A-Za-z0-9]{20,}/g) ?? []);

  it("of a target that shows all of its own are not in a bundle", async () => {
    const origin = await new Promise<string>((resolve) => {
      server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        resolve(`http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`);
      });
    });
    const own = definePolicy({ environment: "development" });
    const report = await verify({
      origin,
      policy: own,
      only: ({ room, slow }) => room === "headers" && !slow,
    });
    expect(report.findings.flatMap(({ evidence }) => evidence).length).toBeGreaterThan(3);
    const made = Buffer.from(
      await evidenceBundle(reportOf(parseRun(JSON.stringify(report)), { now }), own, signer),
    ).toString("latin1");
    expect(made).toContain("set-cookie: session=");
    expect(shapes.filter((shape) => made.includes(shape))).toEqual([]);
  });

  it("in a run file that somebody else wrote are not in a bundle either", async () => {
    const data = runData(
      [
        {
          id: "session.cookie",
          room: "session",
          outcome: "fail",
          observed: `it said Bearer ${planted.bearer} and ${planted.jwt}`,
          request: `GET https://hub.example/reset?token=${planted.query}`,
          headers: [
            `set-cookie: session=${planted.cookie}; HttpOnly`,
            `authorization: Bearer ${planted.bearer}`,
          ],
          body: JSON.stringify({ token: planted.token, pem: planted.key, password: planted.password }),
        },
      ],
      { fingerprint: fingerprint(policy) },
    );
    const made = Buffer.from(await evidenceBundle(reportFrom(data), policy, signer)).toString("latin1");
    expect(shapes.filter((shape) => made.includes(shape))).toEqual([]);
    const key = ring.keys[0]?.jwk;
    const own = key !== undefined && "d" in key ? key["d"] : "";
    expect([own.length, made.includes(own)]).toEqual([43, false]);
  });
});
