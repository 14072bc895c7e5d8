import { describe, expect, it } from "vitest";
import { isAuditRecord } from "../audit-chain/chain.ts";
import { canonical } from "../lib/canonical.ts";
import type { AuditEvent } from "./events.ts";
import { auditDefaults } from "./policy.ts";
import { coverage, keptOf } from "./record.ts";

const event = (over: Partial<AuditEvent> = {}): AuditEvent => ({
  event: "session.signed_in",
  at: "2027-01-15T08:00:00.000Z",
  outcome: "success",
  request_id: "7f1f3fd2-8a2f-4f0e-9a4b-4f1a54d4b3a1",
  ip: "203.0.113.9",
  ...over,
});
const kept = (over: Partial<AuditEvent>) =>
  keptOf(event(over), "00000000-0000-4000-8000-000000000000", (address) => `hash of ${address.length}`);

describe("what is kept of an event", () => {
  it("has who by id and from where by hash, and neither name nor address", () => {
    const record = kept({ username: "ada", user_id: "u1", facts: { reason: "user", count: 2 } });
    expect(JSON.stringify(record)).not.toMatch(/ada|203\.0/);
    expect(record).toMatchObject({
      user_id: "u1",
      source: "hash of 11",
      facts: { reason: "user", count: 2 },
    });
  });

  it("has of a browser's report which rule was broken and not where it was", () => {
    const facts = { directive: "img-src", blocked: "https://x.example/", document: "https://hub/private" };
    expect(kept({ event: "csp.violation", facts }).facts).toEqual({ directive: "img-src" });
  });

  it("is bounded and has a canonical form, whatever a stranger put into it", () => {
    const facts = Object.fromEntries(
      Array.from({ length: 100 }, (_, n) => [`${n}\u0000\ud800`, `\ud800\u202e\u0000${"🛳".repeat(999)}`]),
    );
    const record = kept({ facts, code: "x".repeat(999), request_id: "\ud83d" });
    expect(isAuditRecord(record)).toBe(true);
    expect(Buffer.byteLength(canonical(record))).toBeLessThan(16_384);
  });
});

describe("what is covered", () => {
  const all = { covered: auditDefaults("test").covered, strangerEventLimit: 3 };

  it("follows the policy, and takes a kind that nobody named as other", () => {
    const covers = coverage({ covered: ["accounts", "other"], strangerEventLimit: 3 });
    const is = (name: AuditEvent["event"]) => covers(event({ event: name }), 0).covered;
    expect([is("password.changed"), is("session.signed_in"), is("csrf.refused"), is("mail.failed")]).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });

  it("takes so many refusals of strangers a minute, says how many it left out, and leaves nobody's own out", () => {
    const covers = coverage(all);
    const refused = { event: "access.refused", outcome: "failure" } as const;
    const taken = Array.from({ length: 10 }, () => covers(event(refused), 0).covered);
    expect(taken.filter(Boolean)).toHaveLength(3);
    expect(covers(event({ ...refused, user_id: "u1" }), 0).covered).toBe(true);
    expect(covers(event({ event: "session.sign_in_failed" }), 0).covered).toBe(true);
    expect(covers(event(refused), 60_000)).toEqual({ covered: true, untold: 7 });
    expect(covers(event(refused), 60_000)).toEqual({ covered: true, untold: 0 });
  });
});
