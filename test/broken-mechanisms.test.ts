/**
 * What no setting of the policy weakens is broken between the verifier and a hub that is sound: one thing at a time, and
 * the controls that claim to see it must. Together with test/mutation.test.ts this is what `aegis compliance` calls proof.
 */
import { randomBytes } from "node:crypto";
import { definePolicy, newKeyRing } from "aegis";
import { memoryStores } from "aegis/fastify";
import { type Report, verify } from "aegis/verify";
import { afterAll, describe, expect, it } from "vitest";
import { faults, planted, type PlantedFault } from "./support/broken-mechanisms.ts";
import { type Fault, startFaultyGateway } from "./support/faulty-gateway.ts";
import { isUpdate, saidToFail, writeFlips } from "./support/flips.ts";
import { BREACHED, cheapHash, startHub } from "./support/hub.ts";
import { hubTarget } from "./support/target.ts";

const HOST = "hub.test";
const policy = definePolicy({
  environment: "production",
  transport: { allowedHosts: [HOST] },
  account: { emailVerification: "required", emailRequired: true },
  password: { argon2: cheapHash },
  breach: { source: "online" },
  token: { enabled: true },
  tenancy: { enabled: true, selfService: true },
  apiKey: {
    enabled: true,
    scopes: ["profile:read", "courses:read"],
    tiers: [{ name: "standard", requestsLimit: 60, resets: "daily" }],
  },
});

async function seenThrough(
  fault: Fault,
  ids: readonly string[],
  parts: PlantedFault["parts"] = () => ({}),
): Promise<Report> {
  const probeKey = randomBytes(32).toString("base64url");
  const hub = await startHub(policy, {
    limits: memoryStores().limits,
    probeKey,
    tokenKeys: newKeyRing(policy.token.algorithm, 0),
    ...parts(),
  });
  const gateway = await startFaultyGateway(hub.origin, fault);
  try {
    return await verify({
      origin: gateway.origin,
      policy,
      target: { ...hubTarget, breachedPassword: BREACHED },
      advance: (seconds) => hub.clock.advance(seconds),
      now: () => hub.clock.now(),
      probeKey,
      mailbox: async (address) => hub.mail.sent.filter(({ to }) => to === address).map(({ text }) => text),
      wire: { edgeHeaders: { "x-forwarded-proto": "https", Host: HOST }, timeoutMs: 5000 },
      only: ({ id }) => ids.includes(id),
    });
  } finally {
    await gateway.close();
    await hub.close();
  }
}

const told = ({ findings }: Report): string =>
  findings.map(({ id, outcome, observed }) => `${id}: ${outcome}: ${observed}`).join("\n");

describe("the verifier", () => {
  it("finds nothing wrong through a gateway that changes nothing", async () => {
    const ids = faults.flatMap(({ seenBy }) => seenBy);
    const report = await seenThrough({}, ids);
    const open = report.findings.filter(({ outcome }) => outcome !== "pass");
    expect(open.map(({ id, outcome, observed }) => `${id}: ${outcome}: ${observed}`)).toEqual([]);
    expect(report.findings.filter(({ evidence }) => evidence.length === 0)).toEqual([]);
  }, 120_000);

  const seen = new Map<string, readonly string[]>();
  afterAll(() => {
    if (isUpdate) writeFlips("fault", seen);
  });

  it.each(faults)(
    "sees: $what",
    async ({ what, seenBy, plant, parts }) => {
      const report = await seenThrough(planted(plant()), seenBy, parts);
      const failed = report.findings.filter(({ outcome }) => outcome === "fail").map(({ id }) => id);
      expect(failed.toSorted(), told(report)).toEqual(seenBy.toSorted());
      seen.set(what, failed);
      if (!isUpdate) expect(saidToFail(`fault:${what}`).toSorted()).toEqual(seenBy.toSorted());
    },
    60_000,
  );
});
