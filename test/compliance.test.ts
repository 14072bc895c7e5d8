/** Frameworks and controls, held together: no reference to nothing, nothing proven by what was never seen to fail. */
import { randomBytes } from "node:crypto";
import { definePolicy, newKeyRing, policyLeaves } from "aegis";
import { memoryStores } from "aegis/fastify";
import { assess, controlsOf, framework, frameworkIds, parseRun, seenRun, shownToFail } from "aegis/report";
import { catalogue, verify } from "aegis/verify";
import { describe, expect, it } from "vitest";
import { faults } from "./support/broken-mechanisms.ts";
import { BREACHED, cheapHash, startHub } from "./support/hub.ts";
import { shortLimits } from "./support/short-limits.ts";
import { hubTarget } from "./support/target.ts";

const controls = catalogue.flatMap((room) => room.controls);
const asvs = framework("asvs");
const frameworks = frameworkIds.map(framework);

describe("OWASP ASVS 5.0.0", () => {
  it("is there whole: 345 requirements, 70 of level 1, 183 of level 2, 92 of level 3", () => {
    const of = (level: number) => asvs.requirements.filter((one) => one.level === level).length;
    expect([asvs.version, asvs.requirements.length, of(1), of(2), of(3)]).toEqual([
      "5.0.0",
      345,
      70,
      183,
      92,
    ]);
    const chapters = [...Map.groupBy(asvs.requirements, ({ id }) => id.split(".")[0]).values()];
    expect(chapters.map((list) => list.length)).toEqual([
      30, 13, 31, 16, 13, 47, 19, 13, 7, 36, 24, 12, 21, 13, 21, 17, 12,
    ]);
  });

  it("is numbered without a gap", () => {
    const ids = asvs.requirements.map(({ id }) => id.split(".").map(Number));
    for (const [at, [chapter = 0, section = 0, place = 0]] of ids.entries()) {
      const [before = 0, part = 0, last = 0] = ids[at - 1] ?? [];
      const follows =
        (chapter === before && section === part && place === last + 1) ||
        (chapter === before && section === part + 1 && place === 1) ||
        (chapter === before + 1 && section === 1 && place === 1);
      expect([ids[at], follows]).toEqual([ids[at], true]);
    }
  });

  it("calls whole only what is proven by controls of which each was seen to fail", () => {
    for (const one of asvs.requirements.filter(({ covers }) => covers === "whole")) {
      const mapped = controlsOf(asvs, one);
      expect([one.id, mapped.length > 0, mapped.filter(({ isProof }) => !isProof)]).toEqual([
        one.id,
        true,
        [],
      ]);
    }
  });

  it("calls part only what one such control proves at least", () => {
    for (const one of asvs.requirements.filter(({ covers }) => covers === "part"))
      expect([one.id, controlsOf(asvs, one).some(({ isProof }) => isProof)]).toEqual([one.id, true]);
  });
});

describe("every framework", () => {
  it("says of each requirement what it takes: controls, a person, or why neither", () => {
    for (const { id, requirements } of frameworks) {
      expect(new Set(requirements.map((one) => one.id)).size).toBe(requirements.length);
      for (const { id: number, covers, attest, outOfScope } of requirements)
        expect([id, number, covers === "whole" ? 0 : 1]).toEqual([
          id,
          number,
          [attest, outOfScope].filter((text) => text !== undefined).length,
        ]);
    }
  });

  it("has a control for each requirement that is proven, and leans on no reference that nothing carries", () => {
    const carried = new Set(controls.flatMap(({ id, references }) => [...references, `control:${id}`]));
    for (const one of frameworks)
      for (const requirement of one.requirements) {
        expect([
          one.id,
          requirement.id,
          requirement.through?.filter((name) => !carried.has(name)) ?? [],
        ]).toEqual([one.id, requirement.id, []]);
        if (requirement.covers !== "none")
          expect([one.id, requirement.id, controlsOf(one, requirement).length]).not.toEqual([
            one.id,
            requirement.id,
            0,
          ]);
      }
  });

  it("that is long has chapters, and each requirement is in one of them", () => {
    for (const { id, chapters, requirements } of frameworks) {
      const of = (number: string) =>
        (chapters ?? []).filter(
          (one) => number === one.id || number.startsWith(`${one.id}.`) || number.startsWith(`${one.id}(`),
        );
      expect([id, chapters !== undefined]).toEqual([id, requirements.length > 20]);
      for (const one of chapters === undefined ? [] : requirements)
        expect([id, one.id, of(one.id).length]).toEqual([id, one.id, 1]);
    }
  });

  it("asks for settings that there are", () => {
    const leaves = new Set(policyLeaves(definePolicy({ environment: "production" })).map(([path]) => path));
    for (const { requirements } of frameworks)
      for (const { needs = {} } of requirements)
        expect(Object.keys(needs).filter((leaf) => !leaves.has(leaf))).toEqual([]);
  });

  it("calls nothing whole that names no values: HIPAA, GDPR, SOC 2, the kinds of the Top 10", () => {
    for (const id of ["hipaa", "gdpr", "soc-2", "owasp-top-10-2021", "owasp-top-10-2025"])
      expect(framework(id).requirements.filter(({ covers }) => covers === "whole")).toEqual([]);
  });
});

describe("the references of every control", () => {
  it("name requirements that there are, and that count on them", () => {
    for (const { prefix, requirements } of frameworks) {
      const known = new Map(requirements.map((one) => [`${prefix}${one.id.toLowerCase()}`, one.covers]));
      for (const { id, references } of controls)
        for (const reference of references.filter((name) => name.startsWith(prefix)))
          expect([id, reference, known.get(reference)]).toEqual([
            id,
            reference,
            expect.stringMatching(/^(whole|part)$/),
          ]);
    }
  });
});

describe("the list of controls that were seen to fail", () => {
  it("names controls that there are, and settings and faults that were tried on them", () => {
    const planted = new Map(faults.map(({ what, seenBy }) => [`fault:${what}`, seenBy]));
    for (const [id, causes] of Object.entries(shownToFail())) {
      const control = controls.find((one) => one.id === id);
      for (const cause of causes) {
        const isKnown = cause.startsWith("policy:")
          ? control?.proves.includes(cause.slice("policy:".length))
          : planted.get(cause)?.includes(id);
        expect([id, cause, isKnown]).toEqual([id, cause, true]);
      }
    }
  });
});

describe("a run of `aegis verify` on the hub", () => {
  const HOST = "hub.test";
  const policy = definePolicy({
    environment: "production",
    transport: { allowedHosts: [HOST], headersTimeoutSeconds: 2, requestTimeoutSeconds: 6 },
    account: { emailVerification: "required", emailRequired: true },
    password: { argon2: cheapHash },
    breach: { source: "online" },
    token: { enabled: true },
    apiKey: {
      enabled: true,
      scopes: ["profile:read", "courses:read"],
      tiers: [{ name: "standard", requestsLimit: 60, resets: "daily" }],
    },
    tenancy: { enabled: true, selfService: true, membersLimit: 3, openInvitationsLimit: 3 },
    rateLimit: { limits: shortLimits },
  });

  it("gives rows of which each that is tested leads to an exchange in the file", async () => {
    const probeKey = randomBytes(32).toString("base64url");
    const hub = await startHub(policy, {
      limits: memoryStores().limits,
      probeKey,
      tokenKeys: newKeyRing(policy.token.algorithm, 0),
    });
    const report = await verify({
      origin: hub.origin,
      policy,
      target: { ...hubTarget, breachedPassword: BREACHED },
      advance: (seconds) => hub.clock.advance(seconds),
      now: () => hub.clock.now(),
      probeKey,
      mailbox: async (address) => hub.mail.sent.filter(({ to }) => to === address).map(({ text }) => text),
      wire: { edgeHeaders: { "x-forwarded-proto": "https", Host: HOST }, timeoutMs: 5000 },
    });
    await hub.close();
    const text = JSON.stringify(report);
    const file = parseRun(text);
    const at = (pointer: string): unknown =>
      pointer
        .split("/")
        .slice(1)
        .reduce<unknown>(
          (found, key) => (typeof found === "object" && found !== null ? Reflect.get(found, key) : undefined),
          file,
        );
    const run = seenRun(file, text);
    expect(run.setting("headers.hsts.maxAgeSeconds")).toBe(policy.headers.hsts.maxAgeSeconds);
    for (const one of frameworks) {
      const { rows, counts } = assess({ framework: one, run, now: Date.now() });
      for (const row of rows.filter(({ status }) => status.startsWith("tested")))
        for (const { id, outcome, exchange } of row.controls.filter((control) => control.outcome === "pass"))
          expect([row.requirement.id, id, outcome, at(exchange?.pointer ?? "")]).toEqual([
            row.requirement.id,
            id,
            "pass",
            expect.objectContaining({ request: exchange?.request, status: exchange?.status }),
          ]);
      expect(rows.filter(({ status }) => status === "attested" || status === "waived")).toEqual([]);
      if (one.id === "asvs") {
        expect(
          rows
            .filter(({ status }) => status === "not-met")
            .map(({ requirement, reason }) => [requirement.id, reason]),
        ).toEqual([]);
        // A machine that is busy leaves some of them unseen, which is no failure.
        expect(counts.tested).toBeGreaterThanOrEqual(15);
        expect(counts["tested-in-part"]).toBeGreaterThanOrEqual(40);
      }
    }
  }, 300_000);
});
