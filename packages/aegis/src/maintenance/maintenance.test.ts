/** A closed application, through its front door. */
import { statSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Fastify from "fastify";
import { afterEach, describe, expect, it } from "vitest";
import { aegis, memoryStores, serverOptions } from "../fastify.ts";
import { definePolicy } from "../policy.ts";
import { manualClock } from "../testing/index.ts";
import { fileMaintenance, notice, parseMaintenance, writeMaintenance } from "./index.ts";
import type { MaintenanceSource } from "./state.ts";

const policy = definePolicy({
  environment: "test",
  transport: { trustedProxies: ["127.0.0.1"] },
  maintenance: { retryAfterSeconds: 300 },
});
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function start(source: MaintenanceSource) {
  const clock = manualClock();
  const app = Fastify(serverOptions(policy));
  await app.register(aegis, {
    policy,
    secretKey: new Uint8Array(32).fill(1),
    ...memoryStores(),
    product: "The <Hub>",
    clock,
    maintenance: { source },
  });
  const open = { access: "public", session: "none" } as const;
  app.get("/health", { config: { ...open, maintenance: "open" } }, async () => ({ status: "ok" }));
  app.get("/", { config: open }, async (_request, reply) => reply.type("text/html").send("<p>open</p>"));
  app.get("/api/things", { config: open }, async () => []);
  await app.ready();
  closers.push(() => app.close());
  const get = (url: string, headers: Record<string, string> = {}) => app.inject({ url, headers });
  return { app, clock, get };
}

const state = (more: object = {}) =>
  JSON.stringify({ since: "2026-01-01T00:00:00Z", until: null, allow: [], ...more });
const always = (text: string | undefined): MaintenanceSource => ({ read: async () => text });
const page = { accept: "text/html,*/*;q=0.8" };

describe("an application that is closed for maintenance", () => {
  it("answers a browser with a page without script, under the policy's headers, and what the page needs", async () => {
    const { get } = await start(always(state({ until: "2026-01-01T02:30:00Z" })));
    const answer = await get("/", page);
    expect(answer.statusCode).toBe(503);
    expect(answer.headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(answer.headers["cache-control"]).toBe("no-store");
    expect(answer.headers["content-security-policy"]).toMatch(/default-src 'none'.*style-src 'self'/);
    expect(answer.headers["x-content-type-options"]).toBe("nosniff");
    expect(answer.body).toContain("02:30 UTC on 1 January 2026");
    expect(answer.body).toContain("The &lt;Hub&gt;");
    expect(answer.body).not.toMatch(/<script|<style|style=|The <Hub>/);
    const style = await get(/href="([^"]+\.css)"/.exec(answer.body)?.[1] ?? "", { accept: "text/css,*/*" });
    expect([style.statusCode, style.headers["content-type"]]).toEqual([200, "text/css; charset=utf-8"]);
  });

  it("answers a program with a problem, whatever it asks for, and looks nothing up", async () => {
    const { app } = await start(always(state()));
    for (const [method, url] of [
      ["GET", "/api/things"],
      ["POST", "/api/login"],
      ["GET", "/not-there"],
    ] as const) {
      const answer = await app.inject({ method, url, headers: { cookie: "session=x" } });
      expect([answer.statusCode, answer.headers["retry-after"], answer.json().code]).toEqual([
        503,
        "300",
        "AEGIS_MAINTENANCE_CLOSED",
      ]);
      expect(answer.headers["content-type"]).toBe("application/problem+json; charset=utf-8");
    }
  });

  it("keeps health open", async () => {
    const { get } = await start(always(state()));
    expect((await get("/health")).statusCode).toBe(200);
  });

  it("says how long until the announced end, never more than the policy, and a minute once it is late", async () => {
    const at = (ms: number) => new Date(ms).toISOString();
    const retryAfter = async (leftMs: number) => {
      const { clock } = await start(always(undefined));
      const { get } = await start(always(state({ until: at(clock.now() + leftMs) })));
      return (await get("/")).headers["retry-after"];
    };
    expect(await retryAfter(90_000)).toBe("90");
    expect(await retryAfter(3_600_000)).toBe("300");
    expect(await retryAfter(-5_000)).toBe("60");
  });

  it("lets the named networks through, as the trusted proxy saw them, and nobody who only says so", async () => {
    const { get } = await start(always(state({ allow: ["203.0.113.0/24", "2001:db8::/32"] })));
    for (const [ip, status] of [
      ["203.0.113.9", 200],
      ["2001:db8::1", 200],
      ["203.0.114.9", 503],
      ["203.0.113.9, 198.51.100.1", 503],
    ] as const)
      expect([ip, (await get("/", { "x-forwarded-for": ip })).statusCode]).toEqual([ip, status]);
  });

  it.each([
    ["no JSON", "{"],
    ["unknown fields", state({ on: false })],
    ["an address that is none", state({ allow: ["1.2.3.4/99"] })],
    ["nothing", ""],
  ])("stays closed while its state is damaged: %s", async (_what, text) => {
    const { get } = await start(always(text));
    expect((await get("/")).statusCode).toBe(503);
  });

  it("opens and closes with its source, and stays as it was while that cannot be asked", async () => {
    let read = async (): Promise<string | undefined> => undefined;
    const { get } = await start({ read: () => read() });
    const becomes = async (status: number) => {
      await expect
        .poll(async () => (await get("/")).statusCode, { timeout: 3000, interval: 50 })
        .toBe(status);
    };
    await becomes(200);
    read = async () => state();
    await becomes(503);
    let asked = 0;
    read = async () => {
      asked += 1;
      throw new Error("away");
    };
    await expect.poll(() => asked, { timeout: 3000 }).toBeGreaterThan(1);
    expect((await get("/")).statusCode).toBe(503);
    read = async () => undefined;
    await becomes(200);
  });
});

describe("the maintenance file", () => {
  it("closes while it is there", async () => {
    const folder = await mkdtemp(join(tmpdir(), "aegis-maintenance-"));
    closers.push(() => rm(folder, { recursive: true }));
    const path = join(folder, "deep", "maintenance.json");
    const source = fileMaintenance(path);
    expect(await source.read()).toBeUndefined();
    const wanted = { since: "2026-01-01T00:00:00Z", until: null, allow: ["::1"] };
    await writeMaintenance(path, wanted);
    expect(parseMaintenance((await source.read()) ?? "")).toEqual(wanted);
    await writeMaintenance(path, undefined);
    await writeMaintenance(path, undefined);
    expect(await source.read()).toBeUndefined();
    await writeFile(join(folder, "plain"), "");
    expect(await fileMaintenance(join(folder, "plain", "x")).read()).toBeUndefined();
    await expect(fileMaintenance(folder).read()).rejects.toThrow("EISDIR");
  });

  it("can be read by whoever the instances run as, whatever the mask of who closes", async () => {
    const folder = await mkdtemp(join(tmpdir(), "aegis-maintenance-"));
    closers.push(() => rm(folder, { recursive: true }));
    const path = join(folder, "a", "b", "maintenance.json");
    const mask = process.umask(0o077);
    try {
      await writeMaintenance(path, { since: "2026-01-01T00:00:00Z", until: null, allow: [] });
    } finally {
      process.umask(mask);
    }
    const modes = [join(folder, "a"), join(folder, "a", "b"), path].map((one) => statSync(one).mode & 0o777);
    expect(modes).toEqual([0o755, 0o755, 0o644]);
  });
});

describe("a notice", () => {
  const facts = { product: "Hub", from: "2026-11-21T18:00:00Z", until: "2026-11-21T18:30:00Z" };
  it("says when, and that everybody has to sign in again only where that is so", () => {
    expect(notice("before", { ...facts, endsSessions: true })).toMatch(
      /18:00 UTC on 21 November 2026[\s\S]*18:30 UTC[\s\S]*sign in again/,
    );
    expect(notice("during", { ...facts, until: undefined, endsSessions: false })).not.toMatch(
      /undefined|sign in again/,
    );
    expect(notice("after", { ...facts, endsSessions: true })).toContain("signed out");
  });
});
