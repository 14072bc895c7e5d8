/** Nothing that a visitor writes begins a line or a field of its own, or acts on a terminal. */
import { Writable } from "node:stream";
import Fastify from "fastify";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aegis, logSerializers, memoryStores, safeLogLine, serverOptions } from "../fastify.ts";
import { definePolicy } from "../index.ts";
import { auditEventNames } from "./events.ts";
import { eventMeanings } from "./meanings.ts";

const policy = definePolicy({
  environment: "test",
  account: { emailVerification: "off" },
  password: { argon2: { memoryKib: 7168, iterations: 1, parallelism: 1 } },
});

async function start() {
  let written = "";
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written += chunk.toString();
      done();
    },
  });
  const app = Fastify({
    ...serverOptions(policy),
    logger: { level: "info", serializers: logSerializers, hooks: { streamWrite: safeLogLine }, stream },
  });
  await app.register(aegis, { ...memoryStores(), policy, secretKey: new Uint8Array(32).fill(7) });
  app.get("/broken/:what", { config: { access: "public" } }, async (request) => {
    throw new Error(`cannot ${JSON.stringify(request.params)} ${decodeURIComponent(request.url)}`);
  });
  await app.ready();
  return {
    app,
    taken: (): string => {
      const text = written;
      written = "";
      return text;
    },
  };
}

const FIELDS = new Set(
  "level time pid hostname reqId req res responseTime msg audit err code hint audit_head".split(" "),
);
/** What breaks logs: ends of lines, escape sequences, quotes, braces, text that runs backwards. */
const nasty = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.constantFrom(
    '"}\n{"level":60,"msg":"forged"}',
    "\r\n\u001b[2Jforged",
    '","admin":true,"x":"',
    "\u009b31m\u202eevil\u2028line\u0085",
    "\\u000a\\",
  ),
);

describe("a line of the log", () => {
  it("is one, with fields of ours alone, whatever a visitor writes", { timeout: 60_000 }, async () => {
    const { app, taken } = await start();
    await fc.assert(
      fc.asyncProperty(nasty, nasty, async (one, other) => {
        taken();
        await app.inject({
          method: "POST",
          url: "/api/login",
          headers: {
            "user-agent": one.replaceAll(/[^\x20-\x7e\x80-\xff]/g, "?"),
            "content-type": "application/json",
          },
          payload: { username: one, password: other },
        });
        await app.inject({
          method: "POST",
          url: "/api/register",
          payload: { username: other, password: one, [one]: other },
        });
        await app.inject({ url: `/broken/${encodeURIComponent(one)}?q=${encodeURIComponent(other)}` });
        const text = taken();
        expect(text).toMatch(/\n$/);
        const lines = text.slice(0, -1).split("\n");
        // Begun and completed for each, and what was refused or failed in between.
        expect(lines.length).toBeGreaterThanOrEqual(7);
        expect(lines.length).toBeLessThanOrEqual(10);
        for (const line of lines) {
          expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
          const fields = Object.keys(JSON.parse(line));
          expect(fields.filter((name) => !FIELDS.has(name))).toEqual([]);
          // The end of the audit log is signed from time to time, for nobody's request.
          if (!fields.includes("audit_head")) expect(fields).toContain("reqId");
        }
      }),
      { numRuns: 60 },
    );
    await app.close();
  });

  it("has the id of its request, the same as the answer's, events and faults too", async () => {
    const { app, taken } = await start();
    taken();
    const answer = await app.inject({ url: "/broken/x" });
    const refused = await app.inject({
      method: "POST",
      url: "/api/login",
      payload: { username: "a", password: "b" },
    });
    const lines = taken()
      .trim()
      .split("\n")
      .map((line): Record<string, unknown> => JSON.parse(line));
    for (const id of [answer.json().request_id, refused.json().request_id])
      expect(lines.filter(({ reqId }) => reqId === id).length).toBeGreaterThanOrEqual(3);
    for (const one of lines) if (!("audit_head" in one)) expect(one).toHaveProperty("reqId");
    await app.close();
  });

  it("keeps the path and the route of an address, and nothing of its query", async () => {
    const { app, taken } = await start();
    taken();
    await app.inject({ url: "/broken/y?email=ada@example.com" });
    const text = taken();
    expect(text).toContain('"url":"/broken/y?…","route":"/broken/:what"');
    expect(text).toContain('"res":{"statusCode":500,"method":"GET","route":"/broken/:what"}');
    await app.close();
  });
});

describe("what is done to a line", () => {
  it("changes nothing that is plain, keeps it JSON of the same fields, and its end", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string({ unit: "binary" })), (data) => {
        const made = safeLogLine(`${JSON.stringify(data)}\n`);
        expect(made.indexOf("\n")).toBe(made.length - 1);
        expect(made.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        expect(typeof JSON.parse(made)).toBe("object");
      }),
    );
    expect(safeLogLine('{"a":"b"}\n')).toBe('{"a":"b"}\n');
  });
});

describe("events", () => {
  it("have a meaning each, and a form that lasts", () => {
    expect(Object.keys(eventMeanings).toSorted()).toEqual([...auditEventNames].toSorted());
    for (const name of auditEventNames) expect(name).toMatch(/^[a-z_]+\.[a-z_]+$/);
  });
});
